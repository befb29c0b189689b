-- DeviceModule, until the first declaration: the files of the folder device_module are compiled when it comes, as most
-- programs declare no module.

local host = ...
local parts = {select(2, ...)}

local next, ipairs = next, ipairs

-- Those files see what there is now: programs may use the names for globals of their own.
local environment = {}
for name, value in next, _G do environment[name] = value end
for _, name in ipairs({"string", "table", "math", "time"}) do
    local library = {}
    for key, value in next, _G[name] do library[key] = value end
    environment[name] = library
end

--- Compiles and runs the files, each of which uses those before it.
local function make()
    for _, name in ipairs(parts) do host.device_module_part(name, environment)(host) end
    return environment.DeviceModule
end

local declare

-- The host's function DeviceModule calls this: a function of Lua would not know who calls it by `return DeviceModule {…}`.
return {
    declare = function(declaration, place)
        declare = declare or make()
        return declare(declaration, place)
    end,
}
