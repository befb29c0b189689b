-- What the libraries that open with their first use need of Lua: programs that run by then may have given its names to
-- something else.

local host = ...

local stock = {
    type = type, error = error, tostring = tostring, tonumber = tonumber, next = next, select = select, pairs = pairs,
    ipairs = ipairs, pcall = pcall, rawget = rawget, rawset = rawset, rawequal = rawequal, rawlen = rawlen,
    getmetatable = getmetatable, setmetatable = setmetatable, raw_getmetatable = host.raw_getmetatable,
    class = class, isinstance = isinstance,
    Exception = Exception, TypeError = TypeError, ValueError = ValueError, KeyError = KeyError, IndexError = IndexError,
    AttributeError = AttributeError, RuntimeError = RuntimeError, IOError = IOError,
    NotImplementedError = NotImplementedError, stock_time = time,
}

for name, library in next, {string = string, table = table, math = math, os = os} do
    local copy = {}
    for member, value in next, library do copy[member] = value end
    stock[name] = copy
end

host.stock = stock

local globals, rawget, rawset, setmetatable, getmetatable, next = _G, rawget, rawset, setmetatable, getmetatable, next

-- The library of that name; see declaring.lua.
local function open(name)
    if not host.library then host.load_library("declaring")(host) end
    return host.library.open(name)
end

--- For the host: makes a library a global. What the program has under that name by now stays.
function host.open_global(name)
    local library = open(name)
    if rawget(globals, name) == nil then rawset(globals, name, library) end
end

--- Adds what Python's math has more than Lua's, when the first name is asked for that Lua's has not.
local math, adding = math, {}

function host.open_math()
    if getmetatable(math) == adding then setmetatable(math, nil) end
    for name, value in next, open("python_math") do
        if rawget(math, name) == nil then rawset(math, name, value) end
    end
end

function adding.__index(_, name)
    host.open_math()
    return rawget(math, name)
end

setmetatable(math, adding)
