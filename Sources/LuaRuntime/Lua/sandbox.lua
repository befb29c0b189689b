-- What a program sees of Lua's libraries, by profile. Runs last, once, before any program.

local host, profile = ...

local type, select = type, select
local os_date, os_time, randomseed = os.date, os.time, math.randomseed

-- Time is the host's: the wall clock of the simulation in a simulation.
function os.time(when)
    if when == nil then return host.wall_clock() end
    return os_time(when)
end

function os.date(format, when)
    if when == nil then when = host.wall_clock() end
    return os_date(format, when)
end

os.clock = host.cpu_clock
randomseed(host.random_seed())

function math.randomseed(...)
    if select("#", ...) == 0 then return randomseed(host.random_seed()) end
    return randomseed(...)
end

if host.sorts_pairs() then
    local stock_pairs, next, rawget, error, sort = pairs, next, rawget, error, table.sort
    local raw_getmetatable = debug.getmetatable
    local rank = {number = 1, string = 2}

    local function before(a, b)
        local rank_a, rank_b = rank[type(a)], rank[type(b)]
        if rank_a ~= rank_b then return rank_a < rank_b end
        return a < b
    end

    --- pairs(t) over numbers, then strings, in their order, then the other keys. As with Lua's own, fields may be
    --- changed and removed on the way.
    function pairs(t)
        local metatable = raw_getmetatable(t)
        if metatable and rawget(metatable, "__pairs") ~= nil then return stock_pairs(t) end
        if type(t) ~= "table" then
            error(("bad argument #1 to 'pairs' (table expected, got %s)"):format(t == nil and "nil" or type(t)), 2)
        end
        local keys, others = {}, {}
        for key in next, t do
            local list = rank[type(key)] and keys or others
            list[#list + 1] = key
        end
        sort(keys, before)
        for i = 1, #others do keys[#keys + 1] = others[i] end
        local i = 0
        return function(of)
            local key, value
            repeat
                i = i + 1
                key = keys[i]
                if key == nil then return nil end
                value = rawget(of, key)
            until value ~= nil
            return key, value
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

local files = io.open
local os_remove, os_rename, io_lines, io_type = os.remove, os.rename, io.lines, io.type
os = {time = os.time, date = os.date, clock = os.clock, difftime = os.difftime}
io = {}

if profile == "standard" then
    --- io.open(path [, mode]) opens a file of the program's folder.
    function io.open(path, mode)
        return files(host.confine(path, mode or "r"), mode)
    end

    --- io.lines(path, ...) iterates over a file of the program's folder.
    function io.lines(path, ...)
        return io_lines(host.confine(path, "r"), ...)
    end

    io.type = io_type

    function os.remove(path) return os_remove(host.confine(path, "w")) end
    function os.rename(from, to) return os_rename(host.confine(from, "w"), host.confine(to, "w")) end
else
    load, loadfile, dofile = nil
    package.loaded.io, io = nil, nil
end

package.loaded.os, package.loaded.io = os, io
