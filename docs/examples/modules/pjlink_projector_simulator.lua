-- A projector with PJLink, class 2 or 1, for pjlink_projector.lua: TCP port 4352. It warms up and cools down, knows its
-- inputs, wants a password, and hangs up after 30 silent seconds. Class 2 notifications go to NotifyAddress, when set.
--
--     lectern run docs/examples/modules/pjlink_projector_simulator.lua

local simulator = require 'simulator'
local ports = require 'ports'

Device = {
    Class = 2,
    Password = 'JBMIAProjectorLink',    -- nil: none is wanted
    Random = nil,                       -- eight digits instead of random ones
    WarmUp = 6, CoolDown = 6,           -- seconds; a real one takes a minute
    IdleTime = 30,                      -- after so many seconds without a command it hangs up
    NotifyAddress = nil,                -- the controller for notifications of class 2
    IsSilent = false, IsFailing = false,
    Replies = {},                       -- what it says instead of what it should, by command: {['%1POWR ?'] = '%1POWR=9'}

    Power = '0', Input = '31', Errors = '000000', Freeze = '0', FilterHours = 312,
    IsPictureMuted = false, IsSoundMuted = false,
    Volumes = {SVOL = 10, MVOL = 10},
    Lamps = {{Hours = 1234}, {Hours = 567}},
    Inputs = {'11', '21', '31', '32', '3A', '51', '61'},
    InputNames = {
        ['11'] = 'COMPUTER', ['21'] = 'VIDEO', ['31'] = 'HDMI1', ['32'] = 'HDMI2', ['3A'] = 'SDI', ['51'] = 'LAN',
        ['61'] = 'TEST PATTERN',
    },
    Texts = {
        NAME = 'Lecture Hall', INF1 = 'Acme', INF2 = 'Beam 9000', INFO = 'Rev. 3', SNUM = 'A1234567', SVER = '1.05.2',
        RLMP = 'LMP-9', RFIL = 'FLT-9', IRES = '1920x1080', RRES = '1920x1200',
    },
    MAC = '02:00:5E:10:00:01',
}

-- What the projector does of itself and at its front panel. --------------------------------------------------------------

local Notifier

function Device:Notify(text)
    if self.Class < 2 or not self.NotifyAddress then return end
    if not Notifier or Notifier.Hostname ~= self.NotifyAddress then
        Notifier = EthernetClientInterface(self.NotifyAddress, ports.Projector.UDP, 'UDP')
    end
    Notifier:Send('%2' .. text .. '\r')
end

function Device:Enter(state)
    self.Power = state
    if state == '0' or state == '1' then self:Notify('POWR=' .. state) end
end

-- Begins to warm up or to cool down.
function Device:Switch(isOn)
    self:Enter(isOn and '3' or '2')
    Wait(isOn and self.WarmUp or self.CoolDown, function() self:Enter(isOn and '1' or '0') end)
end

function Device:Select(code)
    self.Input = code
    self:Notify('INPT=' .. code)
end

-- What is broken: six digits of 0 (nothing), 1 (a warning) and 2 (an error): fan, lamp, temperature, cover, filter, other.
function Device:Break(digits)
    self.Errors = digits
    self:Notify('ERST=' .. digits)
end

-- Commands. --------------------------------------------------------------------------------------------------------------

local Undefined, NoParameter, NotNow, Failure = 'ERR1', 'ERR2', 'ERR3', 'ERR4'
local Class2Words = {
    SNUM = true, SVER = true, INNM = true, IRES = true, RRES = true, FILT = true, RLMP = true, RFIL = true, SVOL = true,
    MVOL = true, FREZ = true,
}

local Commands = {}

function Commands.POWR(device, parameter)
    if parameter == '?' then return device.Power end
    if parameter ~= '0' and parameter ~= '1' then return NoParameter end
    if device.Power == '2' or device.Power == '3' then return NotNow end
    if device.Power ~= parameter then device:Switch(parameter == '1') end
    return 'OK'
end

function Commands.INPT(device, parameter)
    if device.Power ~= '1' then return NotNow end
    if parameter == '?' then return device.Input end
    if not device.InputNames[parameter] then return NoParameter end
    if device.Input ~= parameter then device:Select(parameter) end
    return 'OK'
end

function Commands.AVMT(device, parameter)
    if device.Power ~= '1' then return NotNow end
    local picture, sound = device.IsPictureMuted, device.IsSoundMuted
    if parameter == '?' then return picture and sound and '31' or picture and '11' or sound and '21' or '30' end
    local what, state = parameter:match('^([123])([01])$')
    if not what then return NoParameter end
    if what ~= '2' then device.IsPictureMuted = state == '1' end
    if what ~= '1' then device.IsSoundMuted = state == '1' end
    return 'OK'
end

function Commands.FREZ(device, parameter)
    if device.Power ~= '1' then return NotNow end
    if parameter == '?' then return device.Freeze end
    if parameter ~= '0' and parameter ~= '1' then return NoParameter end
    device.Freeze = parameter
    return 'OK'
end

for _, word in ipairs({'SVOL', 'MVOL'}) do
    Commands[word] = function(device, parameter)
        if device.Power ~= '1' then return NotNow end
        if parameter ~= '0' and parameter ~= '1' then return NoParameter end
        local level = device.Volumes[word] + (parameter == '1' and 1 or -1)
        device.Volumes[word] = math.max(0, math.min(20, level))
        return 'OK'
    end
end

function Commands.INNM(device, parameter) return device.InputNames[parameter:match('^%?(..)$')] or NoParameter end

-- A question that takes nothing but a question mark.
local function Asked(f)
    return function(device, parameter) return parameter == '?' and f(device) or NoParameter end
end

Commands.ERST = Asked(function(device) return device.Errors end)
Commands.INST = Asked(function(device) return table.concat(device.Inputs, ' ') end)
Commands.CLSS = Asked(function(device) return tostring(device.Class) end)
Commands.FILT = Asked(function(device) return tostring(device.FilterHours) end)
Commands.LAMP = Asked(function(device)
    if #device.Lamps == 0 then return Undefined end
    local said = {}
    for i, lamp in ipairs(device.Lamps) do said[i] = lamp.Hours .. (device.Power == '1' and ' 1' or ' 0') end
    return table.concat(said, ' ')
end)
for word in pairs(Device.Texts) do
    Commands[word] = Asked(function(device)
        if word == 'IRES' and device.Power ~= '1' then return '-' end
        return device.Texts[word]
    end)
end

-- What is answered to a line; nil: nothing.
function Device:Reply(line)
    if self.Replies[line] then return self.Replies[line] end
    local class, word, parameter = line:match('^%%(%d)(%w%w%w%w) (.*)$')
    if not class or #parameter > 128 then return nil end
    word = word:upper()
    local function reply(text) return '%' .. class .. word .. '=' .. text end
    local needed = Class2Words[word] and '2' or '1'
    if not Commands[word] or class < needed or class > tostring(self.Class) then return reply(Undefined) end
    if self.IsFailing then return reply(Failure) end
    return reply(Commands[word](self, parameter))
end

-- Connections. -----------------------------------------------------------------------------------------------------------

local function Digits(number) return ('%08x'):format(number) end

function Device:Opened(link)
    link.Buffer = ''
    link.Idle = Wait(self.IdleTime, function() link:Disconnect() end)
    if self.IsSilent then return end
    if not self.Password then
        link.IsAdmitted = true
        return link:Send('PJLINK 0\r')
    end
    local random = self.Random or Digits(math.random(0, 0xFFFFFFFF))
    link.Digest = hex.encode(checksum.md5(random .. self.Password)):lower()
    link:Send('PJLINK 1 ' .. random .. '\r')
end

function Device:Closed(link) link.Idle:Cancel() end

-- The first command has the digest before it.
function Device:Admit(link, line)
    if link.IsAdmitted then return line end
    if link.Digest and line:sub(1, 32) == link.Digest then
        link.IsAdmitted = true
        return line:sub(33)
    end
    link:Send('PJLINK ERRA\r')
    link:Disconnect()
end

function Device:Receive(link, data)
    link.Buffer = (link.Buffer .. data):sub(-1024)
    for line in link.Buffer:gmatch('([^\r]*)\r') do
        link.Idle:Restart()
        line = self:Admit(link, line)
        if not line then return end
        local reply = self:Reply(line)
        if reply then link:Send(reply .. '\r') end
    end
    link.Buffer = link.Buffer:match('[^\r]*$')
end

simulator.Serve(Device, {TCP = ports.Projector.TCP})

-- The network needs a moment.
Wait(1, function() Device:Notify('LKUP=' .. Device.MAC) end)
