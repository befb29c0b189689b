-- An audio processor with the Tesira Text Protocol: telnet at port 2024 and serial at COM1.
-- While it runs, Device:Change('LEVEL1', 'level', 1, -6) changes what is subscribed to.
local simulator, ports = require 'simulator', require 'ports'

local BANNER = 'Welcome to the Tesira Text Protocol Server...'

Device = {
    IsSilent = false,    -- hears and says nothing
    IsProtected = false, -- wants User and Password over telnet
    User = 'admin', Password = 'secret',
    Negotiates = true,   -- offers telnet options, as SSH does not
    IsPlaying = true,    -- its meters move
    Delay = 0.01,        -- seconds from a line to its answer
    PresetTime = 0.5,    -- seconds that a preset takes
    NextAnswer = nil,    -- is said instead of the next answer
    SubscribesTo = {level = true, mute = true, state = true, sourceSelection = true},
    Heard = {},          -- the lines that have come, and Refused, the telnet options that were
    Refused = {},
    SerialNumber = '01234567', Version = '3.14.1.7', Hostname = 'TesiraForte',
    Faults = {},         -- of {id =, name =}
    Blocks = {
        LEVEL1 = {level = {-12, -20}, mute = {false, false}, minLevel = {-100, -100}, maxLevel = {12, 12}},
        ['Ceiling Mics'] = {level = {0, 0}, mute = {false, false}, minLevel = {-100, -100}, maxLevel = {12, 12}},
        ROUTER1 = {input = {1, 2, 0}},
        SOURCE1 = {sourceSelection = 1},
        LOGIC1 = {state = {false, true}},
        METER1 = {level = {-40, -40}},
    },
    Presets = {
        [1001] = {{'LEVEL1', 'level', 1, -20}, {'LEVEL1', 'mute', 1, false}, {'SOURCE1', 'sourceSelection', nil, 1}},
        [1002] = {{'LEVEL1', 'level', 1, 0}, {'SOURCE1', 'sourceSelection', nil, 2}},
    },
}

-- Values on the line. ------------------------------------------------------------------------------------------------

local function Float(value) return ('%.6f'):format(value) end

local Kinds = {
    level = {Float, tonumber}, minLevel = {Float, tonumber}, maxLevel = {Float, tonumber},
    mute = {tostring, function(text) return ({['true'] = true, ['false'] = false})[text] end},
    input = {tostring, function(text) return math.tointeger(tonumber(text)) end},
}
Kinds.state, Kinds.sourceSelection = Kinds.mute, Kinds.input

local function FaultList(device)
    local faults = {}
    for _, fault in ipairs(device.Faults) do
        table.insert(faults, ('{"id":%s "name":"%s"}'):format(fault.id, fault.name))
    end
    local isWell = #faults == 0
    return ('[{"id":%s "name":"%s" "faults":[%s] "serialNumber":"%s"}]'):format(
        isWell and 'INDICATOR_NONE_IN_DEVICE' or 'INDICATOR_MAJOR_IN_DEVICE',
        isWell and 'No fault in device' or 'Major Fault in Device', table.concat(faults, ' '), device.SerialNumber)
end

local function OK(link, value)
    if value == nil then return '+OK' end
    return (link.IsVerbose and '+OK "value":' or '+OK ') .. value
end

local function Error(problem, ...) return '-ERR ' .. problem:format(...) end

-- Subscriptions. -----------------------------------------------------------------------------------------------------

local function Read(device, subscription)
    local values = device.Blocks[subscription.Tag][subscription.Attribute]
    if subscription.Index then return values[subscription.Index] end
    return values
end

local function Publish(device, link, subscription)
    subscription.Told, subscription.At = Read(device, subscription), GetSystemUpTime()
    if device.IsSilent then return end
    local layout = link.IsVerbose and '! "publishToken":"%s" "value":%s\r\n' or '! "%s" %s\r\n'
    link:Send(layout:format(subscription.Token, Kinds[subscription.Attribute][1](subscription.Told)))
end

--- Tells what has changed, no sooner than the period of the subscription after the last time.
local function Tell(device, link, subscription)
    if subscription.IsWaiting then return end
    local function Now()
        subscription.IsWaiting = false
        if link.Subscriptions[subscription.Token] ~= subscription then return end
        if Read(device, subscription) ~= subscription.Told then Publish(device, link, subscription) end
    end
    local left = subscription.At + subscription.Period / 1000 - GetSystemUpTime()
    if left <= 1e-6 then return Now() end
    subscription.IsWaiting = true
    Wait(left, Now)
end

--- Changes a value, as a person at the device or another controller does.
function Device:Change(tag, attribute, index, value)
    local block = self.Blocks[tag]
    if attribute == 'level' and block.maxLevel then
        value = math.max(block.minLevel[index], math.min(value, block.maxLevel[index]))
    end
    if index then block[attribute][index] = value else block[attribute] = value end
    for _, link in pairs(self.Links) do
        for _, subscription in pairs(link.Subscriptions or {}) do
            if subscription.Tag == tag and subscription.Attribute == attribute and subscription.Index == index then
                Tell(self, link, subscription)
            end
        end
    end
end

-- Commands. ----------------------------------------------------------------------------------------------------------

--- The words of a line; one with spaces is in quotation marks.
local function Words(line)
    local words, at = {}, 1
    while true do
        local quoted, behind = line:match('^%s*"([^"]*)"()', at)
        local plain, next_at = line:match('^%s*([^%s"]+)()', at)
        if not quoted and not plain then return words end
        table.insert(words, quoted or plain)
        at = behind or next_at
    end
end

local function Session(_, link, words)
    if words[2] ~= 'set' or words[3] ~= 'verbose' or not words[4] then
        return Error("'%s' is not supported by TextSession::Attributes", tostring(words[3]))
    end
    link.IsVerbose = words[4] == 'true'
    return OK(link)
end

local Information = {
    serialNumber = function(device) return '"' .. device.SerialNumber .. '"' end,
    version = function(device) return '"' .. device.Version .. '"' end,
    hostname = function(device) return '"' .. device.Hostname .. '"' end,
    activeFaultList = FaultList,
}

local function DeviceService(device, link, words)
    if words[2] == 'recallPreset' then
        local preset = device.Presets[tonumber(words[3])]
        if not preset then return Error('INVALID_PARAMETER No such preset: %s', tostring(words[3])) end
        time.sleep(device.PresetTime)
        for _, change in ipairs(preset) do device:Change(change[1], change[2], change[3], change[4]) end
        return OK(link)
    end
    if words[2] ~= 'get' then
        return Error('Parse error at %d: verb was not one of the commands supported by Services', #words[1] + 1)
    end
    local tell = Information[words[3]]
    if not tell then return Error("'%s' is not supported by DeviceService::Attributes", tostring(words[3])) end
    return OK(link, tell(device))
end

local Verbs = {}

function Verbs.get(device, link, target) return OK(link, Kinds[target.Attribute][1](Read(device, target))) end

function Verbs.set(device, link, target, words, line)
    local value = words[1] and Kinds[target.Attribute][2](words[1])
    if not words[1] then return Error('Parse error at %d: not enough parameters supplied', #line) end
    if value == nil then return Error('Parse error at %d: could not parse value', #line - #words[1]) end
    device:Change(target.Tag, target.Attribute, target.Index, value)
    return OK(link)
end

local function Step(sign)
    return function(device, link, target, words, line)
        local step = tonumber(words[1])
        if not step then return Error('Parse error at %d: not enough parameters supplied', #line) end
        device:Change(target.Tag, target.Attribute, target.Index, Read(device, target) + sign * step)
        return OK(link)
    end
end
Verbs.increment, Verbs.decrement = Step(1), Step(-1)

function Verbs.subscribe(device, link, target, words)
    if not device.SubscribesTo[target.Attribute] then
        return Error("'%s' does not support subscriptions", target.Attribute)
    end
    target.Token, target.Period = words[1] or '', tonumber(words[2]) or 500
    link.Subscriptions[target.Token] = target
    Publish(device, link, target)
    return OK(link)
end

function Verbs.unsubscribe(_, link, _, words)
    local token = words[1] or ''
    if not link.Subscriptions[token] then return Error('no subscription for %s', token) end
    link.Subscriptions[token] = nil
    return OK(link)
end

local function Answer(device, link, line)
    local words = Words(line)
    if words[1] == 'SESSION' then return Session(device, link, words) end
    if words[1] == 'DEVICE' then return DeviceService(device, link, words) end
    local block = device.Blocks[words[1]]
    if not block then
        return Error('address not found: {"deviceId":0 "classCode":0 "instanceNum":0}')
    end
    local verb = Verbs[words[2]]
    if not verb then
        return Error('Parse error at %d: verb was not one of the commands supported by Services', #words[1] + 1)
    end
    local target = {Tag = words[1], Attribute = words[3]}
    local values = block[target.Attribute]
    if values == nil then return Error("'%s' is not supported by this block", tostring(words[3])) end
    local from = 4
    if type(values) == 'table' then
        target.Index, from = tonumber(words[4]), 5
        if not target.Index then return Error('Parse error at %d: could not parse value', #line) end
        if values[target.Index] == nil then return Error('INVALID_PARAMETER Invalid index %s', words[4]) end
    end
    return verb(device, link, target, {table.unpack(words, from)}, line)
end

-- Connections. -------------------------------------------------------------------------------------------------------

local function Greet(link)
    link.Step, link.IsVerbose, link.Subscriptions = 'open', false, {}
    if link.Kind == 'TCP' then link:Send('\r\n' .. BANNER .. '\r\n') end
end

function Device:Opened(link)
    link.Buffer, link.Lines, link.IsBusy = '', {}, false
    if link.Kind ~= 'TCP' then return Greet(link) end
    -- It will echo, will suppress go-ahead, and wants to know the terminal, and a word about the window.
    if self.Negotiates then
        link:Send('\xFF\xFB\x01' .. '\xFF\xFB\x03' .. '\xFF\xFD\x18' .. '\xFF\xFA\x1F\x00\x50\x00\x18\xFF\xF0')
    end
    if not self.IsProtected then return Greet(link) end
    link.Step = 'user'
    link:Send('TesiraForte login: ')
end

local function LogIn(device, link, line)
    if link.Step == 'user' then
        link.User, link.Step = line, 'password'
        return link:Send('Password: ')
    end
    if link.User == device.User and line == device.Password then return Greet(link) end
    link.Step = 'user'
    link:Send('\r\nLogin incorrect\r\nTesiraForte login: ')
end

--- Answers the lines of a link, one after the other.
local function Work(device, link)
    while #link.Lines > 0 do
        time.sleep(device.Delay)
        local answer = Answer(device, link, table.remove(link.Lines, 1))
        if device.NextAnswer then answer, device.NextAnswer = device.NextAnswer, nil end
        if not device.IsSilent then link:Send(answer .. '\r\n') end
    end
    link.IsBusy = false
end

function Device:Receive(link, data)
    link.Buffer = (link.Buffer .. data):sub(-1024):gsub('\xFF([\xFC\xFE])(.)', function(verb, option)
        table.insert(self.Refused, verb .. option)
        return ''
    end)
    while true do
        local line, rest = link.Buffer:match('^([^\n]*)\n(.*)$')
        if not line then return end
        link.Buffer = rest
        line = line:gsub('\r$', '')
        if link.Step ~= 'open' then
            LogIn(self, link, line)
        elseif line ~= '' then
            table.insert(self.Heard, line)
            if link.Kind == 'TCP' then link:Send(line .. '\r\n') end
            table.insert(link.Lines, line)
            if not link.IsBusy then
                link.IsBusy = true
                Wait(0, function() Work(self, link) end)
            end
        end
    end
end

Timer(0.25, function()
    if not Device.IsPlaying then return end
    for channel = 1, 2 do
        Device:Change('METER1', 'level', channel, -30 + 12 * math.sin(GetSystemUpTime() * channel))
    end
end)

simulator.Serve(Device, {TCP = ports.Audio.TCP, Serial = {Port = 'COM1', Baud = 115200}})
