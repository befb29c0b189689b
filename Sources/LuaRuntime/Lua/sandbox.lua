-- What a program sees of Lua's libraries, by profile. Runs last, once, before any program.

local host, profile = ...

local os_date, os_time = os.date, os.time

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
math.randomseed(host.random_seed())

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
