-- Connection handlers: what GetConnectionHandler has to find out of what a program hands in, and the calls of a device
-- module. They run the program's code and may wait, so they are made from Lua.

local host = ...

local published, keep_listener = host.handler_published, host.handler_keep_listener
local type, pcall, tostring, next, error = type, pcall, tostring, next, error
local AttributeError, TypeError, ProgramLog, table = AttributeError, TypeError, ProgramLog, table

local function field(object, name)
    return object[name]
end

--- A field of what a program handed in; nil also when reading it is an error.
local function read(object, name)
    local found, value = pcall(field, object, name)
    if found then return value end
end

local function method(object, name)
    local f = read(object, name)
    if type(f) == "function" then return f end
end

--- Whether a module cannot ask for a command for sure: the status that all modules have, no name, or what a declared
--- module has no query for.
local function is_unaskable(module, name)
    if name == "" or name == "ConnectionStatus" then return true end
    local kit = host.kit
    return kit ~= nil and kit.lacks_query(module, name)
end

--- The commands that a module can ask for, by its methods and by its table of commands.
local function commands_of(module)
    local names, seen = {}, {ConnectionStatus = true}
    local function add(name)
        if type(name) == "string" and not seen[name] then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    host.each_name(module, function(name)
        local command = type(name) == "string" and name:match("^Update(.+)$")
        if command and method(module, name) then add(command) end
    end)
    local commands = read(module, "Commands")
    if type(commands) == "table" then
        for name in next, commands do
            if not is_unaskable(module, name) then add(name) end
        end
    end
    table.sort(names)
    return names
end

--- What asks a module for a command. The methods are looked up at each poll: a module may change them.
local function update_caller(module, command, qualifier)
    return function()
        local update = method(module, "Update")
        if update then
            update(module, command, qualifier)
        else
            module["Update" .. command](module, nil, qualifier)
        end
    end
end

--- What tells a module that its connection is gone, if it wants to know.
local function loss_teller(module)
    return function()
        local tell = method(module, "OnDisconnected")
        if tell then tell(module) end
    end
end

--- Connects a module with its handler, so that the handler hears of every change.
local function adopt(module, handler, limit)
    if read(module, "connectionCounter") ~= nil then module.connectionCounter = limit end
    local password = read(module, "devicePassword")
    if type(password) == "string" then host.keep_secret(password) end
    local subscribe = method(module, "SubscribeStatus")
    if not subscribe then return end
    if host.kit then host.kit.tell_handler(module, function(value) published(handler, value) end) end
    local done, problem = pcall(subscribe, module, "ConnectionStatus", nil, function(_, value)
        published(handler, value)
    end)
    if not done then
        ProgramLog(("%s: the module has no ConnectionStatus to subscribe to, so what its interface receives counts "
            .. "(%s)"):format(tostring(handler), tostring(problem)), "warning")
    end
end

--- Refuses a qualifier with a name that the module's table says the command does not have: as a rule it was meant to be an
--- option of GetConnectionHandler.
local function check_qualifier(command, query, qualifier)
    local parameters = type(command) == "table" and read(command, "Parameters")
    if type(parameters) ~= "table" or type(qualifier) ~= "table" then return end
    local known = {}
    for i = 1, #parameters do known[parameters[i]] = true end
    for name in next, qualifier do
        if not known[name] then
            error(TypeError(("GetConnectionHandler has no parameter '%s', and the module's '%s' no such qualifier; %s"):format(
                tostring(name), query,
                #parameters > 0 and "it has " .. table.concat(parameters, ", ") or "it takes none")), 3)
        end
    end
end

local exports = {}

--- Finds the interface, and what the module can be asked; `wanted`, which has the options, makes the handler.
function exports.make(wanted, object, query, qualifier)
    local interface = object
    if type(object) == "table" and not host.events_of(object) then
        local inner = read(object, "Interface")
        if inner ~= nil then interface = inner end
    end
    -- A declared module knows more of its device than that its socket connects.
    local shows_by_answers = host.kit ~= nil and host.kit.shows_by_answers(object) or nil
    local ask, tell_loss, known
    if type(query) == "string" and type(object) == "table" then
        local commands = read(object, "Commands")
        -- A table of commands that has the status which all modules have has all that Update knows.
        local lacks = type(commands) == "table" and commands.ConnectionStatus ~= nil and commands[query] == nil
        local can_ask = not is_unaskable(object, query)
            and (method(object, "Update" .. query) or not lacks and method(object, "Update"))
        if can_ask then
            if type(commands) == "table" then check_qualifier(commands[query], query, qualifier) end
            ask, tell_loss = update_caller(object, query, qualifier), loss_teller(object)
        else
            known = commands_of(object)
            if #known == 0 and not method(object, "SubscribeStatus") then known = nil end
        end
    end
    local handler, is_for_module = wanted:make(object, query, interface, known, ask, tell_loss, shows_by_answers)
    if is_for_module then adopt(object, handler, handler.DisconnectLimit) end
    return handler
end

--- handler:SubscribeStatus(command, qualifier, callback): the ConnectionStatus is the handler's, the rest the module's.
function exports.subscribe(handler, command, qualifier, callback)
    if command == "ConnectionStatus" then
        return keep_listener(handler, callback and function(_, status)
            callback("ConnectionStatus", status, nil)
        end)
    end
    local module = handler.Interface
    local subscribe = method(module, "SubscribeStatus")
    if not subscribe then error(AttributeError("the device module has no SubscribeStatus"), 3) end
    return subscribe(module, command, qualifier, callback)
end

return exports
