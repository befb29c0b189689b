-- What Lua text of the host runs with, and the modules of the mimicked environment. Runs once, before any program.

local host = ...

-- Programs may use the names of these for globals of their own.
local setmetatable, require, rawget, rawset, next, globals = setmetatable, require, rawget, rawset, next, _G

-- Text of the host that is run later finds what there is now, and beside it what libraries have brought.
local stock = {}
for name, value in next, globals do stock[name] = value end
for _, name in next, {"string", "table", "math", "coroutine", "debug", "os", "json"} do
    local library = {}
    for key, value in next, stock[name] do library[key] = value end
    stock[name] = library
end

host.environment = setmetatable({}, {
    __index = function(_, name)
        local value = stock[name]
        if value == nil then value = host.brought[name] end
        if value == nil then value = rawget(globals, name) end
        return value
    end,
    -- Whatever the program has made of the table of globals by then.
    __newindex = function(_, name, value) rawset(globals, name, value) end,
})

--- What the text of one of Python's libraries returns; see libraries/declaring.lua.
function host.open_library(name)
    if not host.library then host.load_library("declaring")(host) end
    return host.library.open(name)
end

--- Sets a global, whatever the program has made of the table of globals.
function host.set_global(name, value) rawset(globals, name, value) end

--- Adds what a library has to a table, when the first name is asked for that the table has not.
function host.add_later(target, library)
    setmetatable(target, {__index = function(_, name)
        for each, value in next, host.open_library(library) do
            if rawget(target, each) == nil then rawset(target, each, value) end
        end
        setmetatable(target, nil)
        return rawget(target, name)
    end})
end

-- Some builds of Lua have these of Lua 5.3, without Python's errors.
for name in ("cosh sinh tanh pow frexp ldexp log10"):gmatch("%S+") do math[name] = nil end

host.add_later(math, "python_math")

-- A name of ControlScript that a module does not have is nil, as the global of that name is, and the error of its use says so.
local missing = {__index = host.missing_fields(host.hints.globals), __metatable = "module"}

--- What `require` of a module gives: made when it is asked for, as it opens all that it has.
local function module(name, names, more)
    host.modules[name] = function()
        local contents = more and more() or {}
        for each in names:gmatch("%S+") do contents[each] = host.bring(each) end
        return setmetatable(contents, missing)
    end
end

module("extronlib.interface",
    "EthernetClientInterface EthernetServerInterface EthernetServerInterfaceEx ClientObject SerialInterface")
module("extronlib.system", [[Timer Wait Clock ProgramLog ExitProgram GetSystemUpTime Ping WakeOnLan MESet File RFile
    SaveProgramLog Email]])
module("extronlib.device", "ProcessorDevice")
module("extronlib", "event Version Platform", function()
    return {interface = require("extronlib.interface"), system = require("extronlib.system")}
end)
module("ConnectionHandler", [[GetConnectionHandler ModuleVersion ConnectionHandler RawSimplePipeHandler
    ModuleSimplePipeHandler RawTcpHandler ModuleTcpHandler ServerExHandler]])
module("socs.tcp", "TCPInterface")
host.modules.re = function() return host.bring("re") end

-- urllib.lua brings these itself, in place of what opens it. A program may have modules of its own by Python's names, so
-- `require` finds them by these only behind the program's folder.
for name in ("urllib urllib.request urllib.parse urllib.error"):gmatch("%S+") do
    host.modules["lectern." .. name] = function()
        host.bring("http")
        return host.modules["lectern." .. name]()
    end
end

-- secsgem.lua brings these itself, in place of what opens it.
for name in ([[secsgem secsgem.hsms secsgem.hsms.connections secsgem.hsms.connectionmanager secsgem.hsms.packets
    secsgem.hsms.protocol secsgem.hsms.handler secsgem.secs secsgem.secs.handler secsgem.secs.variables secsgem.gem
    secsgem.gem.handler]]):gmatch("%S+") do
    host.modules[name] = function()
        host.bring("HsmsConnection")
        return host.modules[name]()
    end
end
