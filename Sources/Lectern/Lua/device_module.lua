-- DeviceModule, until the first declaration: the files of the folder device_module are compiled when it comes, as most
-- programs declare no module.

local host = ...
local parts = {select(2, ...)}

local ipairs = ipairs

-- Those files see what this one sees.
local environment = setmetatable({}, {__index = _ENV})

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
