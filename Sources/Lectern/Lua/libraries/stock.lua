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
