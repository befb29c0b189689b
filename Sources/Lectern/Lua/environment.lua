-- What of the Global Scripter environment is best said in Lua: event, the decorator forms, and the module names.

local host = ...

-- Programs may use the names of these for globals of their own.
local type, error, tostring, next, select, ipairs = type, error, tostring, next, select, ipairs
local rawget, getmetatable, setmetatable, math, table = rawget, getmetatable, setmetatable, math, table
local TypeError, AttributeError = TypeError, AttributeError
local near = host.nearest

--- Timer(2)(f) and Wait(60)(f): the forms that read like decorators. They start, and return the function.
local function decorate(self, f)
    self.Function = f
    self:Restart()
    return f
end

Timer.__call = decorate
Wait.__call = decorate

--- for line in file do: the lines with their ends, as a file of the mimicked environment is gone through.
local function next_line(file)
    local line = file:readline()
    if line ~= "" then return line end
end

--- local file <close> = File(name): the file is closed at the end of the block.
local function close_file(file)
    file:close()
end

-- The profile strict has no files.
if File then
    for _, class in ipairs({File, RFile}) do
        class.__call, class.__close = next_line, close_file
    end
end

local function set(object, name, f)
    if type(object) ~= "table" then
        error(TypeError("event(object, name, f): object must be an object or a list of objects, got a "
            .. type(object)), 3)
    end
    local known = host.events_of(object)
    if known and not known[name] then
        local names = {}
        for event in next, known do names[#names + 1] = event end
        table.sort(names)
        local hint = near(name, names)
        error(AttributeError(("%s has no event '%s'; %s"):format(host.class_name(object), tostring(name),
            hint and ("did you mean '" .. hint .. "'?") or ("it has " .. table.concat(names, ", ")))), 3)
    end
    object[name] = f
end

local function is_list(value)
    return type(value) == "table" and not host.events_of(value) and value[1] ~= nil
end

--- event(objects, names, f) sets f as the handler of every name of every object, and returns f.
--- event(objects, names)(f) does the same.
function event(objects, names, ...)
    if select("#", ...) == 0 then
        return function(f) return event(objects, names, f) end
    end
    local f = ...
    if f ~= nil and not (type(f) == "function" or type(f) == "table") then
        error(TypeError("event(objects, names, f): f must be a function, got a " .. type(f)), 2)
    end
    if not is_list(objects) then objects = {objects} end
    if type(names) == "string" then names = {names} end
    if type(names) ~= "table" then
        error(TypeError("event(objects, names, f): names must be a string or a list of strings, got a "
            .. type(names)), 2)
    end
    for _, object in ipairs(objects) do
        for _, name in ipairs(names) do set(object, name, f) end
    end
    return f
end

event = host.front(event)

--- The modules of the mimicked environment. Their names are globals as well.
local interface = {
    EthernetClientInterface = EthernetClientInterface,
    EthernetServerInterface = EthernetServerInterface,
    EthernetServerInterfaceEx = EthernetServerInterfaceEx,
    ClientObject = ClientObject,
    SerialInterface = SerialInterface,
}
local system = {
    Timer = Timer, Wait = Wait, Clock = Clock, ProgramLog = ProgramLog, ExitProgram = ExitProgram,
    GetSystemUpTime = GetSystemUpTime, Ping = Ping, WakeOnLan = WakeOnLan, MESet = MESet, File = File, RFile = RFile,
    SaveProgramLog = SaveProgramLog,
}
local handlers = {
    GetConnectionHandler = GetConnectionHandler, ModuleVersion = ModuleVersion, ConnectionHandler = ConnectionHandler,
    RawSimplePipeHandler = RawSimplePipeHandler, ModuleSimplePipeHandler = ModuleSimplePipeHandler,
    RawTcpHandler = RawTcpHandler, ModuleTcpHandler = ModuleTcpHandler, ServerExHandler = ServerExHandler,
}

-- A name of ControlScript that a module does not have is nil, as the global of that name is, and the error of its use says so.
local missing = {__index = host.missing_fields(host.hints.globals), __metatable = "module"}

local function module(contents)
    setmetatable(contents, missing)
    return function() return contents end
end

host.modules["extronlib.interface"] = module(interface)
host.modules["extronlib.system"] = module(system)
host.modules["extronlib.device"] = module({ProcessorDevice = ProcessorDevice})
host.modules["extronlib"] = module({
    event = event, Version = Version, Platform = Platform, interface = interface, system = system,
})
host.modules["ConnectionHandler"] = module(handlers)
host.modules["socs.tcp"] = module({TCPInterface = TCPInterface})
host.modules["re"] = function() return re end
host.modules["time"] = module(time)
