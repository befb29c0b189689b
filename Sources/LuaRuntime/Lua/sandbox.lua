-- What a program sees of Lua's libraries, by profile. Runs last, once, before any program.

local host, profile = ...

-- Programs may use the names of these for globals of their own.
local type, select, next, rawget, error = type, select, next, rawget, error
local randomseed = math.randomseed

randomseed(host.random_seed())

function math.randomseed(...)
    if select("#", ...) == 0 then return randomseed(host.random_seed()) end
    return randomseed(...)
end

math.randomseed = host.front(math.randomseed)

-- Lua seeds the hash of strings from addresses and the time, so `pairs` visits string keys in another order in each
-- run. Where a run must be repeatable, numbers come first and ascend, then strings; other keys follow as `next` has them.
if host.is_repeatable() then
    local stock_pairs, raw_getmetatable, sort = pairs, debug.getmetatable, table.sort
    local ranks = {number = 1, string = 2}

    local function before(a, b)
        local rank, other = ranks[type(a)] or 3, ranks[type(b)] or 3
        if rank ~= other then return rank < other end
        return rank < 3 and a < b
    end

    function pairs(t)
        local metatable = raw_getmetatable(t)
        if type(t) ~= "table" or metatable and metatable.__pairs then return stock_pairs(t) end
        local keys, count = {}, 0
        for key in next, t do
            count = count + 1
            keys[count] = key
        end
        sort(keys, before)
        local i = 0
        return function()
            while i < count do
                i = i + 1
                local value = rawget(t, keys[i])
                if value ~= nil then return keys[i], value end -- else removed meanwhile
            end
        end, t, nil
    end
end

if profile == "trusted" then return end

string.dump = nil

local getinfo = debug.getinfo

--- debug.getinfo without `func`: no program gets hold of the host's own functions.
local function guarded_getinfo(a, ...)
    local info = getinfo(type(a) == "number" and a + 1 or a, ...)
    if info then info.func = nil end
    return info
end

debug = {traceback = debug.traceback, getinfo = guarded_getinfo}
package.loaded.debug = debug
package.loadlib, package.searchers, package.searchpath, package.cpath, package.path, package.preload = nil
package.config = nil

local open_file, error, io_type = host.open_file, error, io.type
os = {time = os.time, date = os.date, clock = os.clock, difftime = os.difftime}
io = {}

if profile == "standard" then
    --- io.open(path [, mode]) opens a file of the program's folder.
    io.open = open_file

    -- Closes the file at its end, as Lua's own does.
    local function passing(file, ...)
        if (...) == nil then file:close() end
        return ...
    end

    --- io.lines(path, ...) iterates over a file of the program's folder.
    function io.lines(path, ...)
        local file, problem = open_file(path)
        if not file then error(problem, 2) end
        local next_line = file:lines(...)
        return function() return passing(file, next_line()) end, nil, nil, file
    end

    io.lines = host.front(io.lines)
    io.type = io_type
    os.remove, os.rename = host.remove_file, host.rename_file
else
    load, loadfile, dofile = nil
    package.loaded.io, io = nil, nil
end

package.loaded.os, package.loaded.io = os, io
