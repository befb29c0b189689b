-- require, dofile and loadfile over the program's folder. A module's body is called from Lua, so it may wait.

local host = ...

-- Programs may use the names of these for globals of their own.
local type, error, tostring, pcall, setmetatable, pack = type, error, tostring, pcall, setmetatable, table.pack
local TypeError, ImportError = TypeError, ImportError

local loaded = package.loaded
local loading = {} -- name -> true while its body runs

-- Closed however the load ends: a task that is ended while its module waits must not leave the name blocked.
local gate_metatable = {__close = function(gate)
    loading[gate.name] = nil
    host.module_ends(gate.name)
end}

--- require(name) gives what a module returned, running it once. Names are 'folder.module'; the program's folder is
--- searched, after the modules that the host brings.
function require(name)
    if type(name) ~= "string" then
        error(TypeError("require(name): name must be a string, got a " .. type(name)), 2)
    end
    while loading[name] do
        if not host.wait_for_module(name) then
            error(ImportError(("module '%s' requires itself, directly or through another module"):format(name)), 2)
        end
    end
    local value = loaded[name]
    if value ~= nil then return value end
    local builtin = host.modules[name]
    if builtin then
        value = builtin()
        loaded[name] = value
        return value
    end
    local body, path = host.load_module(name)
    local gate <close> = setmetatable({name = name}, gate_metatable)
    loading[name] = true
    host.module_begins(name)
    -- By pcall, because a task that the watchdog ends outside of any protected call closes nothing.
    local results = pack(pcall(body, name, path))
    if not results[1] then error(results[2], 0) end
    value = results[2]
    if value == nil then value = loaded[name] end
    if value == nil then value = true end
    loaded[name] = value
    return value, path
end

--- loadfile(path [, mode [, env]]) compiles a file of the program's folder; text only.
function loadfile(path, mode, ...)
    local ok, body, reason = pcall(host.load_file, path, ...)
    if not ok then return nil, type(body) == "table" and body.kind .. ": " .. body.message or tostring(body) end
    return body, reason
end

--- dofile(path) runs a file of the program's folder.
function dofile(path)
    if type(path) ~= "string" then
        error(TypeError("argument 'path' of dofile must be a string, got a " .. type(path)), 2)
    end
    return host.load_file(path)()
end

require, dofile = host.front(require), host.front(dofile)
