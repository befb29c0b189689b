-- DeviceModule, 13: what every device has, whatever it is connected by.

local host = ...
local kit = host.kit
local is_behind_others, submit = kit.is_behind_others, kit.submit

local type, tostring, error, next, ipairs, rawget = type, tostring, error, next, ipairs, rawget
local AttributeError, ValueError, IOError, RuntimeError = AttributeError, ValueError, IOError, RuntimeError
local class, isinstance, Wait, TypeError, Pattern, re = class, isinstance, Wait, TypeError, Pattern, re

-- The field of a device that the files of this folder keep its state in.
local STATE <const> = "_device"

local Device = class("DeviceClass")
kit.Device = Device

--- Whether a program has said that the device never answers: true, or 'True' as ported programs write.
function kit.is_unidirectional(d)
    local given = d.object.Unidirectional
    return given == true or given == "True"
end

local function state_of(object)
    return object[STATE]
        or error(RuntimeError("the device is not set up: its class's init must call that of the module's class"), 3)
end

--- Gives a new device its state. `isPipe`: no connection is opened, so only answers show that the device is there.
function kit.set_up(object, protocol, isPipe)
    local d = {
        object = object, protocol = protocol, isPipe = isPipe, isUp = false, mustBegin = false, isReady = false,
        isStale = true, isLoggingIn = false, isGreeting = false, epoch = 0, buffer = "", free = 0, telnetRest = "",
        isInOption = false, hasAnswered = false,
        sets = {head = 1, tail = 0}, waiting = 0, queries = {head = 1, tail = 0}, levels = {}, wanted = {}, asked = {}, extra = {},
        singles = {}, trees = {}, subscribers = {},
    }
    kit.begin_turns(d)
    kit.begin_complaints(d)
    object[STATE] = d
    object.Unidirectional = false
    object.counter, object.connectionFlag = 0, false
    object.Commands = {}
    for name, command in next, protocol.commands do
        local parameters = {}
        for i, qualifier in ipairs(command.qualifiers) do parameters[i] = qualifier.name end
        object.Commands[name] = {Parameters = parameters}
        if #command.qualifiers == 0 then
            d.singles[name] = kit.new_record(command, nil)
        else
            d.trees[name] = {}
        end
    end
    d.connection = d.singles.ConnectionStatus
    d.timer = Wait(0)
    d.timer.Function = function() kit.tick(d) end
    kit.join(d)
    if protocol.init then protocol.init(object) end
end

--- Has a connection handler told of refusals, of which the status tells nothing when it was Disconnected before.
function kit.tell_handler(object, tell)
    local d = type(object) == "table" and rawget(object, STATE)
    if d then d.tellHandler = tell end
end

--- Whether an object is a device that shows by its answers that it is there: one with a login, or with replies.
function kit.shows_by_answers(object)
    local d = type(object) == "table" and rawget(object, STATE)
    if not d or kit.is_unidirectional(d) then return false end
    return d.protocol.login ~= nil or d.protocol.hasReplies == true
end

--- Whether an object is a device whose module has no query for a command.
function kit.lacks_query(object, name)
    local d = type(object) == "table" and rawget(object, STATE)
    if not d then return false end
    local command = d.protocol.commands[name]
    return command == nil or command.query == nil
end

--- Asks the device for a status. The answer comes later, to ReadStatus and to those who subscribed.
function Device:Update(command, qualifier)
    local d = self[STATE] or state_of(self)
    local record = qualifier == nil and d.singles[command] or kit.named(d, command, qualifier)
    local declared = record.command
    if not declared.query then
        error(AttributeError(("%s: '%s' cannot be asked for"):format(d.protocol.name, tostring(command))), 2)
    end
    if self.Unidirectional and kit.is_unidirectional(d) then
        if not d.toldUnidirectional then
            d.toldUnidirectional = true
            kit.write_log(d, record, "is not asked for: the device is Unidirectional")
        end
        return
    end
    if not record.isWanted then kit.want(d, record) end
    -- What has to wait behind others could not be answered yet. Asked for again meanwhile, it counts.
    if not is_behind_others(d, record) then
        local counter = self.counter + 1
        self.counter = counter
        if counter > self.connectionCounter then kit.lost(d) end
    end
    if d.mustBegin and d.isUp then kit.begin(d) end
    -- Over the limit somebody has to notice that the login failed; the counter does.
    if d.refusal then return end
    submit(d, record)
end

--- Sends a command. What its status is then, the device tells.
function Device:Set(command, value, qualifier)
    local d = state_of(self)
    local declared = kit.command_of(d, command)
    if not declared.set then
        error(AttributeError(("%s: '%s' cannot be set"):format(d.protocol.name, command)), 2)
    end
    local record = kit.find(d, declared, qualifier)
    local code = declared.codec.encode(value)
    if code == nil then
        error(ValueError(("%s: the value must be %s, got %s"):format(kit.label(record), declared.codec.allowed,
            type(value) == "string" and "'" .. value .. "'" or tostring(value))), 2)
    end
    local body, isAnswered = declared.set, true
    if type(body) == "function" then
        body, isAnswered = kit.given(
            "set", "what is sent, or nil to send nothing", body(self, code, record.qualifier, value))
    end
    if body == nil then return end
    if type(body) ~= "string" then
        error(ValueError(("%s: 'set' must give a string, got a %s"):format(kit.label(record), type(body))), 2)
    end
    if d.mustBegin and d.isUp then kit.begin(d) end
    if d.refusal then error(IOError(("%s: %s"):format(kit.label(record), d.refusal)), 2) end
    local isSilent = isAnswered == false
    kit.submit(d, {
        command = declared, record = record, body = body, match = not isSilent and declared.ack, isSilent = isSilent,
    })
end

--- The last known value; nil when the device has not told one yet.
function Device:ReadStatus(command, qualifier)
    local d = self[STATE] or state_of(self)
    local record = qualifier == nil and d.singles[command] or kit.named(d, command, qualifier)
    return record.value
end

--- From now on the callback gets command, value and qualifier at each change: of what has this qualifier, or, without
--- qualifier, of all.
function Device:SubscribeStatus(command, qualifier, callback)
    kit.subscribe(state_of(self), command, qualifier, callback)
end

--- For modules: the device has told a status.
function Device:WriteStatus(command, value, qualifier)
    local d = state_of(self)
    local record = kit.named(d, command, qualifier)
    if record ~= d.connection then return kit.publish(d, record, value) end
    if value == "Connected" then
        kit.connected(d)
    elseif value == "Disconnected" then
        kit.lost(d)
    else
        error(ValueError(("ConnectionStatus is 'Connected' or 'Disconnected', not '%s'"):format(tostring(value))), 2)
    end
end

--- The device is there.
function Device:OnConnected()
    self.counter = 0
    kit.connected(state_of(self))
end

--- The device is gone: a connection handler tells so.
function Device:OnDisconnected()
    kit.lost(state_of(self))
end

--- The device has started anew, so it has forgotten the login and the handshake, and its statuses may have changed.
function Device:OnRestarted()
    kit.restart(state_of(self))
end

--- Has the callback get the Match and `tag` for each message that the pattern is found in and no command takes.
function Device:AddMatchString(pattern, callback, tag)
    local d = state_of(self)
    if type(pattern) == "string" then pattern = re.compile(pattern) end
    if not isinstance(pattern, Pattern) then
        error(TypeError("AddMatchString(pattern, callback, tag): pattern must be a pattern of re"), 2)
    end
    if type(callback) ~= "function" then
        error(TypeError("AddMatchString(pattern, callback, tag): callback must be a function"), 2)
    end
    for _, known in ipairs(d.extra) do
        if known.pattern == pattern then
            known.callback, known.tag = callback, tag
            return
        end
    end
    d.extra[#d.extra + 1] = {pattern = pattern, callback = callback, tag = tag}
end

--- For modules: tells what is wrong, with the module and the device.
function Device:Error(problem)
    local d = state_of(self)
    problem = kit.masked(d, tostring(problem))
    kit.complain(d, "DeviceError", nil, problem, problem:sub(1, 60), "error")
end

for name, method in next, Device do
    if type(method) == "function" then Device[name] = host.front(method) end
end

host.add_event(Device, kit.error_event)
