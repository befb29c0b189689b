-- What a program sees of Lua's libraries, by profile. Runs last, once, before any program.

local host, profile = ...

-- Programs may use the names of these for globals of their own.
local type, select, next, rawget, error, setmetatable = type, select, next, rawget, error, setmetatable
local randomseed = math.randomseed

randomseed(host.random_seed())

function math.randomseed(...)
    if select("#", ...) == 0 then return randomseed(host.random_seed()) end
    return randomseed(...)
end

math.randomseed = host.front(math.randomseed)

-- Lua seeds the hash of strings from addresses and the time, so `pairs` visits string keys in another order in each
-- run, and `json` would write them so. Where a run must be repeatable, numbers come first and ascend, then strings; other keys follow as `next` has them.
if host.is_repeatable() then
    host.sort_json_names()
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

-- What the profile lacks stays nil, so that a program may ask for it. The error of one that uses it says how to get it.

local function needs(profiles, instead)
    local text = " is only there with 'profile: " .. profiles .. "' in lectern.yaml"
    return instead and text .. "; " .. instead or text
end

local trusted, any_files = needs("trusted"), needs("standard' or 'profile: trusted")

local function lacks(library, name, texts)
    for field, text in next, texts do texts[field] = name .. "." .. field .. text end
    setmetatable(library, {__index = host.missing_fields(texts), __metatable = name})
end

local missing_of_os = {
    execute = trusted, setlocale = trusted, tmpname = trusted,
    getenv = needs("trusted", "settings of a program are best in a module of its folder: require 'settings'"),
    exit = needs("trusted", "ExitProgram(code) ends the program"),
}
if profile == "strict" then missing_of_os.remove, missing_of_os.rename = any_files, any_files end
lacks(os, "os", missing_of_os)

if io then
    local log = needs("trusted", "print and ProgramLog write to the program log")
    lacks(io, "io", {
        popen = trusted, tmpfile = trusted, read = trusted, stdin = trusted, write = log, stdout = log, stderr = log,
        input = needs("trusted", "io.open opens a file"), output = needs("trusted", "io.open opens a file"),
        close = needs("trusted", "file:close() closes a file"),
    })
else
    local globals = host.hints.globals
    for _, name in next, {"io", "load", "loadfile", "dofile", "File", "RFile"} do globals[name] = name .. any_files end
end

local missing_of_debug = {}
for _, name in next, {
    "debug", "gethook", "getlocal", "getmetatable", "getregistry", "getupvalue", "getuservalue", "sethook", "setlocal",
    "setmetatable", "setupvalue", "setuservalue", "upvalueid", "upvaluejoin",
} do missing_of_debug[name] = trusted end
lacks(debug, "debug", missing_of_debug)

local folders = needs("trusted", "require looks in the program's folder and in the folders under 'modules' in lectern.yaml")
lacks(package, "package", {
    path = folders, cpath = folders, searchers = folders, searchpath = folders, preload = folders, config = trusted,
    loadlib = trusted,
})
