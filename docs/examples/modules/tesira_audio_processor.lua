-- Audio processors that speak the Tesira Text Protocol.
--
-- Connections: Ethernet (telnet, port 23; deviceUsername and devicePassword for a protected system), SSH (port 22, with
-- Credentials), Serial (115200 baud) and SerialOverEthernet.
--
--   command          qualifiers               values
--   LevelControl     InstanceTag, Channel     -100 to 12 dB in steps of 0.1
--   LevelStep        InstanceTag, Channel     -24 to 24 dB, up or down from where it is; only Set
--   MinLevel         InstanceTag, Channel     the range of a level, dB
--   MaxLevel         InstanceTag, Channel
--   MuteControl      InstanceTag, Channel     'On', 'Off'
--   LogicState       InstanceTag, Channel     'On', 'Off'
--   Meter            InstanceTag, Channel     dB; only status
--   RouterInput      InstanceTag, Output      the number of an input, 0 for none
--   SourceSelection  InstanceTag              the number of a source, 0 for none
--   PresetRecall                              the number of a preset, from 1001; only Set
--   ActiveFault                               'None', or the faults' names, with '; ' between; only status
--   SerialNumber, Firmware                    a text; only status
--   Subscription     Command, InstanceTag,    'On', 'Off': whether the device tells of changes itself; only Set
--                    Channel
--
-- InstanceTag is a block's name in the system's configuration, spelled as there. A block is subscribed to in the device by
-- its first Update, or when the program subscribes with a qualifier, and again with each connection. Further Updates ask,
-- as all do for what the device does not let us subscribe to.

-- What the device writes. --------------------------------------------------------------------------------------------

--- Tenths of a decibel, so that -9.699999 is told as -9.7.
local function Decibels(text)
    local value = tonumber(text)
    return value and math.floor(value * 10 + 0.5) / 10
end

local function State(text)
    return ({['true'] = 'On', ['false'] = 'Off'})[text]
end

local function Number(text) return math.tointeger(tonumber(text)) end

local function Text(text) return text:match('^"(.*)"$') end

--- The faults of all devices of the system: a list of devices, each with a list of its faults.
local function Faults(text)
    if not text:find('^%b[]$') then return nil end
    local names = {}
    for list in text:gmatch('"faults":(%b[])') do
        for name in list:gmatch('"name":"(.-)"') do table.insert(names, name) end
    end
    return #names > 0 and table.concat(names, '; ') or 'None'
end

--- A reply to what was asked: `+OK "value":-12.000000`.
local function Answer(decode)
    return {lua = '^%+OK(.*)$', function(self, rest)
        if rest == '' then
            -- The value of what is subscribed to now came before, with its token.
            if self.LastLine:find(' subscribe ', 1, true) then return nil end
            return false
        end
        local text = rest:match('^ "value":(.+)$')
        local value = text and decode(text)
        if value == nil then return false end
        return value
    end}
end

-- What the device reads. ---------------------------------------------------------------------------------------------

--- A line about an attribute of a block: LEVEL1 set level 1 -10.0
local function Line(verb, attribute, qualifier, ...)
    local tag = qualifier.InstanceTag
    if tag == '' or tag:find('[%c"]') then
        error(ValueError(('InstanceTag must be the name of a block, got %q'):format(tag)))
    end
    if tag:find('[^%w_.-]') then tag = '"' .. tag .. '"' end
    local words = {tag, verb, attribute}
    table.insert(words, qualifier.Channel or qualifier.Output)
    for _, word in ipairs({...}) do table.insert(words, word) end
    return table.concat(words, ' ')
end

-- Commands that can be subscribed to in the device: their attribute, the name of its index, how values are read, and the
-- least milliseconds between two messages.
local Subscribable = {}

--- What is known of a subscription in the device. Its token, by which the device tells of it, is the same each time.
local function WatchOf(self, command, qualifier)
    local tag = qualifier.InstanceTag:gsub('%W', function(c) return ('_%02X'):format(c:byte()) end)
    local token = ('%s.%s.%d'):format(command, tag, qualifier.Channel or 0)
    local watch = self.Watches[token]
    if not watch then
        watch = {Command = command, Qualifier = qualifier, Token = token, IsOn = false, IsPolled = false}
        self.Watches[token] = watch
    end
    return watch
end

local function SubscribeLine(watch)
    local block = Subscribable[watch.Command]
    return Line('subscribe', block.Attribute, watch.Qualifier, watch.Token, block.Period)
end

local Commands = {}

--- Declares a command about an attribute of blocks. `index` is the second qualifier, if there is one. `period`, the least
--- milliseconds between two messages, is for what can be subscribed to in the device.
local function Block(name, attribute, index, decode, period, fields)
    fields.qualifiers = {{name = 'InstanceTag', text = {max = 64}}}
    if index then fields.qualifiers[2] = {name = index, min = 1, max = 256} end
    fields.reply = Answer(decode)
    if fields.values or fields.range then
        function fields.set(_, code, qualifier) return Line('set', attribute, qualifier, code) end
    end
    function fields.query(self, _, qualifier)
        if period then
            local watch = WatchOf(self, name, qualifier)
            if not watch.IsOn and not watch.IsPolled then return SubscribeLine(watch) end
        end
        return Line('get', attribute, qualifier)
    end
    if period then
        Subscribable[name] = {Attribute = attribute, Index = index, Decode = decode, Period = period}
    else
        -- Nobody else tells what it is after a set.
        fields.confirm = fields.set and true
    end
    Commands[name] = fields
end

local function Level() return {min = -100, max = 12, step = 0.1, encode = '%.1f'} end
local function OnOff() return {On = 'true', Off = 'false'} end

Block('LevelControl', 'level', 'Channel', Decibels, 200, {range = Level()})
Block('MuteControl', 'mute', 'Channel', State, 200, {values = OnOff()})
Block('LogicState', 'state', 'Channel', State, 200, {values = OnOff()})
Block('SourceSelection', 'sourceSelection', nil, Number, 200, {range = {min = 0, max = 64}})
Block('Meter', 'level', 'Channel', Decibels, 500, {})
Block('MinLevel', 'minLevel', 'Channel', Decibels, nil, {range = Level()})
Block('MaxLevel', 'maxLevel', 'Channel', Decibels, nil, {range = Level()})
Block('RouterInput', 'input', 'Output', Number, nil, {range = {min = 0, max = 256}})

Commands.LevelStep = {
    qualifiers = Commands.LevelControl.qualifiers,
    range = {min = -24, max = 24, step = 0.1, each = true},
    set = function(_, _, qualifier, step)
        if step == 0 then return nil end
        return Line(step > 0 and 'increment' or 'decrement', 'level', qualifier, ('%.1f'):format(math.abs(step)))
    end,
}
Commands.PresetRecall = {range = {min = 1001, max = 9999, each = true}, set = 'DEVICE recallPreset {value}'}
Commands.ActiveFault = {query = 'DEVICE get activeFaultList', reply = Answer(Faults)}
Commands.SerialNumber = {query = 'DEVICE get serialNumber', reply = Answer(Text)}
Commands.Firmware = {query = 'DEVICE get version', reply = Answer(Text)}

local Names = {}
for name in pairs(Subscribable) do Names[name] = name end

Commands.Subscription = {
    qualifiers = {
        {name = 'Command', values = Names}, {name = 'InstanceTag', text = {max = 64}},
        {name = 'Channel', min = 1, max = 256, default = 1},
    },
    values = {On = 'subscribe', Off = 'unsubscribe'},
    set = function(self, verb, qualifier)
        local block = Subscribable[qualifier.Command]
        local watch = WatchOf(self, qualifier.Command, {
            InstanceTag = qualifier.InstanceTag, Channel = block.Index and qualifier.Channel,
        })
        watch.IsOn, watch.IsPolled = false, verb == 'unsubscribe'
        if not watch.IsPolled then return SubscribeLine(watch) end
        return Line(verb, block.Attribute, watch.Qualifier, watch.Token)
    end,
}

-- The conversation. --------------------------------------------------------------------------------------------------

--- The device tells what is subscribed to: `! "publishToken":"…" "value":-12.000000`.
local function Published(self, token, text)
    local watch = self.Watches[token]
    if not watch then return end -- somebody gave it up just now
    local value = Subscribable[watch.Command].Decode(text)
    if value == nil then
        return self:Error(('%s: unexpected value: %s'):format(watch.Command, text))
    end
    watch.IsOn = not watch.IsPolled
    self:WriteStatus(watch.Command, value, watch.Qualifier)
end

--- An error; gives its text. What cannot be subscribed to is asked for from then on.
local function Refused(self, kind, text)
    local token = self.LastLine:match(' subscribe .* (%S+) %d+$')
    local watch = token and self.Watches[token]
    if watch and kind == 'ERR' and not text:find('^address not found') then
        watch.IsPolled = true
        Wait(0, function()
            if self:ReadStatus('ConnectionStatus') == 'Connected' then self:Update(watch.Command, watch.Qualifier) end
        end)
    end
    return text ~= '' and text or kind
end

--- A network connection repeats each line before its answer. So an answer that comes before the line is repeated is that
--- to an earlier request, which took too long.
local function Timely(self, message)
    if message == self.LastLine then
        self.Repeats, self.IsRepeated = true, true
    elseif self.Repeats and not self.IsRepeated and message:find('^[-+]') then
        return nil
    end
    return message
end

local Login = {
    {prompt = 'login: ?$', send = 'username'},
    {prompt = 'Password: ?$', send = 'password'},
    failed = 'Login incorrect', done = 'Welcome to the Tesira Text Protocol Server[^\\n]*\\n', ending = '\r\n',
}

local Module = DeviceModule {
    name = 'Tesira',
    connections = {
        Ethernet = {port = 23, telnet = true, login = Login},
        SSH = {port = 22, login = Login},
        Serial = {Baud = 115200},
    },
    framing = {delimiter = {'\r', '\n'}, limit = 16384},
    timeout = 3,
    commands = Commands,
    ack = '^\\+OK$',
    errors = {
        {'^-([A-Z_]+):? ?(.*)$', Refused},
        -- What no command takes.
        {'^(\\+OK.*)$', function(self, text) return self.LastLine ~= '' and 'unexpected reply: ' .. text end, last = true},
    },
    messages = {
        {'^! "publishToken":"([^"]*)" "value":(.+?)(?: \\+OK)?$', Published},
        {lua = '^[^-+!].*$', function(self, text) return text == self.LastLine end},
    },
    init = function(self) self.Watches, self.LastLine, self.Repeats, self.IsRepeated = {}, '', false, false end,
    handshake = function(self)
        self.LastLine, self.Repeats, self.IsRepeated = '', false, false
        for _, watch in pairs(self.Watches) do watch.IsOn = false end
        local answer = self:SendAndWait('SESSION set verbose true\n', 3, {deliRex = '[+-][A-Z_]+.*\\n'})
        return answer:find('+OK', 1, true) and true or 'SESSION set verbose true is not answered with +OK'
    end,
    wrap = function(self, line)
        self.LastLine, self.IsRepeated = line, false
        return line .. '\n'
    end,
    unwrap = Timely,
}

local Subscribe = Module.DeviceClass.SubscribeStatus

--- SubscribeStatus as with all modules; and the device is asked to tell of changes itself.
local function SubscribeStatus(self, command, qualifier, callback)
    Subscribe(self, command, qualifier, callback)
    if not Subscribable[command] or not qualifier or next(qualifier) == nil then return end
    if self:ReadStatus('ConnectionStatus') == 'Connected' then self:Update(command, qualifier) end
end

-- Each class has the kit's already.
for _, class in pairs(Module) do class.SubscribeStatus = SubscribeStatus end

return Module
