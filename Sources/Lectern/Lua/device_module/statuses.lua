-- DeviceModule, 9: what is known of a device, and who wants to know of changes.

local host = ...
local kit = host.kit
local instead, names_of = kit.instead, kit.names_of

local type, tostring, next, error, pcall, ipairs = type, tostring, next, error, pcall, ipairs
local KeyError, ValueError, TypeError = KeyError, ValueError, TypeError

local debug = kit.debug

-- Records: a command with a qualifier. -------------------------------------------------------------------------------

local function command_of(d, name)
    local command = d.protocol.commands[name]
    if command then return command end
    if type(name) ~= "string" then
        error(TypeError(("%s: a command's name must be a string, got a %s"):format(d.protocol.name, type(name))), 3)
    end
    error(KeyError(("%s has no command '%s'; %s"):format(d.protocol.name, name, instead(name, names_of(d.protocol.commands)))), 3)
end
kit.command_of = command_of

local function wrong(command, problem, ...)
    error(ValueError(("%s: "):format(command.name) .. problem:format(...)), 3)
end

local function parameter_names(command)
    local names = {}
    for i, qualifier in ipairs(command.qualifiers) do names[i] = qualifier.name end
    return names
end

--- Checks a qualifier, and brings its values into the form in which they are kept.
local function normal(command, qualifier)
    local qualifiers = command.qualifiers
    if qualifier ~= nil and type(qualifier) ~= "table" then
        wrong(command, "the qualifier must be a table, got a %s", type(qualifier))
    end
    for name in next, qualifier or {} do
        local known = false
        for i = 1, #qualifiers do known = known or qualifiers[i].name == name end
        if not known then
            wrong(command, "it has no qualifier '%s'; %s", tostring(name), instead(name, parameter_names(command)))
        end
    end
    local clean = {}
    for i = 1, #qualifiers do
        local codec = qualifiers[i]
        local given = qualifier and qualifier[codec.name]
        if given == nil then given = codec.default end
        if given == nil then wrong(command, "the qualifier '%s' is missing; it is %s", codec.name, codec.allowed) end
        local value = codec.admits(given)
        if value == nil then
            wrong(command, "the qualifier '%s' must be %s, got '%s'", codec.name, codec.allowed, tostring(given))
        end
        clean[codec.name] = value
    end
    return clean
end

local function new_record(command, qualifier)
    local record = {command = command, qualifier = qualifier, isQuery = true, match = command.reply}
    record.record = record -- a query is the request of its record
    return record
end
kit.new_record = new_record

--- The record of a command with a qualifier; raises what is wrong with the qualifier.
function kit.find(d, command, qualifier)
    local qualifiers = command.qualifiers
    local count = #qualifiers
    if count == 0 then
        if qualifier ~= nil and next(qualifier) ~= nil then normal(command, qualifier) end
        return d.singles[command.name]
    end
    -- What is kept in this form is allowed.
    local node = d.trees[command.name]
    if type(qualifier) == "table" then
        local given = 0
        for _ in next, qualifier do given = given + 1 end
        for i = 1, count do
            local value = qualifier[qualifiers[i].name]
            node = node and value ~= nil and node[value]
        end
        if node and given == count then return node end
    end
    qualifier = normal(command, qualifier)
    node = d.trees[command.name]
    for i = 1, count - 1 do
        local value = qualifier[qualifiers[i].name]
        local inner = node[value]
        if not inner then
            inner = {}
            node[value] = inner
        end
        node = inner
    end
    local last = qualifier[qualifiers[count].name]
    local record = node[last]
    if not record then
        record = new_record(command, qualifier)
        node[last] = record
    end
    return record
end

--- The record that a program named.
function kit.named(d, name, qualifier)
    local command = command_of(d, name)
    return kit.find(d, command, qualifier), command
end

-- Changes. -----------------------------------------------------------------------------------------------------------

local function call_all(d, subscribers, record)
    if not subscribers then return end
    local name, value = record.command.name, record.value
    -- Those who subscribe meanwhile want later changes.
    for i = 1, #subscribers do
        local done, problem = pcall(subscribers[i], name, value, record.qualifier)
        if not done then kit.report(d, record, problem) end
    end
end

--- Keeps a value that is another than before, and tells of it: those who subscribed to this record, then those of the command
--- as a whole.
local function write(d, record, value)
    record.value = value
    if debug then debug(d, record, "is %s", kit.masked(d, tostring(value))) end
    call_all(d, record.subscribers, record)
    if record.qualifier then call_all(d, d.subscribers[record.command.name], record) end
end
kit.write = write

--- The device has said something: it is there.
local function alive(d)
    d.object.counter = 0
    if d.connection.value ~= "Connected" then kit.has_answered(d) end
end
kit.alive = alive

--- The device has told a status.
function kit.publish(d, record, value)
    alive(d)
    if d.troubled then kit.well(d, record.command.name) end
    if record.value ~= value then write(d, record, value) end
end

--- Subscribes to a record, or without qualifier to every change of a command.
function kit.subscribe(d, name, qualifier, callback)
    local command = command_of(d, name)
    if type(callback) ~= "function" then
        error(TypeError(("%s: the callback must be a function, got a %s"):format(command.name, type(callback))), 3)
    end
    local owner, key
    if #command.qualifiers > 0 and (qualifier == nil or type(qualifier) == "table" and next(qualifier) == nil) then
        owner, key = d.subscribers, command.name
    else
        owner, key = kit.find(d, command, qualifier), "subscribers"
        kit.want(d, owner)
    end
    local list = owner[key]
    if not list then
        list = {}
        owner[key] = list
    end
    for i = 1, #list do
        if list[i] == callback then return end
    end
    list[#list + 1] = callback
end

--- Whenever the device is back, the record is asked for again.
function kit.want(d, record)
    if record.isWanted or not record.command.query then return end
    record.isWanted = true
    d.wanted[#d.wanted + 1] = record
end
