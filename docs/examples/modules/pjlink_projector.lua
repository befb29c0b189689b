-- Projectors and displays with PJLink (JBMIA, class 1 version 1.04 and class 2): Model 'Class 1' or 'Class 2'.
--
-- Connection: EthernetClass, TCP port 4352; one request at a time. For a projector with a password set devicePassword.
-- It is asked for by MD5; newer projectors, which offer SHA-256 as well, take that too.
--
-- Command             Values                                          Qualifier
-- Power               On, Off; the status also Warming, Cooling
-- Input               'RGB 1' to 'RGB 9', 'Video …', 'Digital …', 'Storage …', 'Network …';
--                     class 2 also 'Internal …', and A to Z
-- VideoMute           On, Off: the picture
-- AudioMute           On, Off: the sound
-- AVMute              On, Off: both
-- ErrorStatus  ?      OK, Warning, Error                              Part: Fan, Lamp, Temperature, Cover, Filter, Other
-- LampHours    ?      0 to 99999                                      Lamp: 1 to 8
-- LampStatus   ?      On, Off                                         Lamp: 1 to 8
-- InputList    ?      what Input may be, with ', ' between
-- DeviceName   ?  Manufacturer ?  ProductName ?  OtherInformation ?  Class ?   texts
-- Of class 2 only:
-- Freeze              On, Off: the picture stands still
-- SpeakerVolume  !    Up, Down: a step
-- MicrophoneVolume !  Up, Down: a step
-- InputName    ?      a text                                          Input: as Input
-- InputResolution ?   '1920x1080', 'No signal', 'Unknown'
-- RecommendedResolution ?   '1920x1200'
-- FilterHours  ?      0 to 99999
-- LampModel ?  FilterModel ?  SerialNumber ?  SoftwareVersion ?   texts
-- MACAddress          a text; the projector tells it when its network is up, see ListenForNotifications
--
-- ? can only be asked for, ! only be set. One question for ErrorStatus brings all parts, one for LampHours or LampStatus
-- both of all lamps, and one for a mute all three.

local Parts = {'Fan', 'Lamp', 'Temperature', 'Cover', 'Filter', 'Other'}
local Conditions = {['0'] = 'OK', ['1'] = 'Warning', ['2'] = 'Error'}
local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling', ['3'] = 'Warming'}

-- The inputs of a class, by name: each kind has a digit, and its terminals have a character each.
local function InputsOf(kinds, terminals)
    local codes = {}
    for digit, kind in ipairs(kinds) do
        for terminal in terminals:gmatch('.') do codes[kind .. ' ' .. terminal] = digit .. terminal end
    end
    return codes
end

local Kinds = {'RGB', 'Video', 'Digital', 'Storage', 'Network', 'Internal'}
local Class1Inputs = InputsOf({table.unpack(Kinds, 1, 5)}, '123456789')
local Class2Inputs = InputsOf(Kinds, '123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ')
local InputNames = {}
for name, code in pairs(Class2Inputs) do InputNames[code] = name end

-- What a projector answers to a question: anything but that it has obeyed, or an error.
local function Answer(command) return '^%' .. command .. '=(?!OK$|ERR[1-4]$)(.*)$' end

-- A status that can be asked for: `command` is the class and the word, and `reads` a function that makes of the device
-- and the answer's text what the reply gives; left out, the codes of `fields` do.
local function Asked(command, fields, reads)
    fields = fields or {}
    fields.query = fields.query or '%' .. command .. ' ?\r'
    fields.reply = Answer(command)
    if reads then
        -- ERR3 is no trouble here: in standby much cannot be told.
        fields.reply = {'^%' .. command .. '=(?!OK$|ERR[124]$)(.*)$', function(self, text)
            if text ~= 'ERR3' then return reads(self, text) end
        end}
    end
    return fields
end

-- One that can be set, too. What it then is, the projector is asked, for it may take a while.
local function Controlled(command, fields, reads)
    fields.set = fields.set or '%' .. command .. ' {value}\r'
    fields.ack = '^%' .. command .. '=OK$'
    fields.confirm = true
    return Asked(command, fields, reads)
end

-- One step up or down, of what nobody can ask for.
local function Step(command)
    return {values = {Up = '1', Down = '0'}, set = '%' .. command .. ' {value}\r', ack = '^%' .. command .. '=OK$'}
end

local OnOff = {On = '1', Off = '0'}

local function Wrong(self, command, text) self:Error(("unexpected reply: %s is '%s'"):format(command, text)) end

-- Reads what has a name.
local function Named(command, names)
    return function(self, text) return names[text] or Wrong(self, command, text) end
end

local function ReadMutes(self, text)
    local what, state = text:match('^([123])([01])$')
    if not what then return Wrong(self, 'AVMT', text) end
    local video = state == '1' and what ~= '2' and 'On' or 'Off'
    local audio = state == '1' and what ~= '1' and 'On' or 'Off'
    self:WriteStatus('VideoMute', video)
    self:WriteStatus('AudioMute', audio)
    self:WriteStatus('AVMute', video == 'On' and audio or 'Off')
end

local function ReadErrors(self, text)
    if not text:match('^[012][012][012][012][012][012]$') then return Wrong(self, 'ERST', text) end
    for i, part in ipairs(Parts) do self:WriteStatus('ErrorStatus', Conditions[text:sub(i, i)], {Part = part}) end
end

local function ReadLamps(self, text)
    if not text:match('^%d+ [01][%d ]*$') then return Wrong(self, 'LAMP', text) end
    local number = 0
    for hours, state in text:gmatch('(%d+) ([01])') do
        number = number + 1
        if number > 8 then break end
        self:WriteStatus('LampHours', math.tointeger(tonumber(hours)), {Lamp = number})
        self:WriteStatus('LampStatus', state == '1' and 'On' or 'Off', {Lamp = number})
    end
end

local function ReadInputs(_, text)
    local names = {}
    for code in text:gmatch('%w%w') do names[#names + 1] = InputNames[code] end
    return table.concat(names, ', ')
end

local function ReadResolution(_, text)
    return text == '-' and 'No signal' or text == '*' and 'Unknown' or text
end

-- PJLink's first answer after the digest tells whether it was right. So the login asks for something, too.
local function SendDigest(self, greeting)
    if not self.devicePassword then return false, 'the projector asks for a password: set devicePassword' end
    return hex.encode(checksum.md5(greeting:group(1) .. self.devicePassword)):lower() .. '%1CLSS ?\r'
end

local function Mute(digit)
    return Controlled('1AVMT', {values = OnOff, set = '%1AVMT ' .. digit .. '{value}\r'}, ReadMutes)
end

local Parted = {{name = 'Part', values = {Fan = 1, Lamp = 2, Temperature = 3, Cover = 4, Filter = 5, Other = 6}}}
local EachLamp = {{name = 'Lamp', min = 1, max = 8}}

local Module = DeviceModule {
    name = 'PJLink projector',
    connections = {Ethernet = {port = 4352}},
    framing = {delimiter = '\r', limit = 512},
    timeout = 3, -- a projector has 2 seconds to answer

    -- A projector greets before anything else. One that does not is silent, and counted as such, long before a minute.
    login = {
        {prompt = 'PJLINK 0\r', done = true},
        {prompt = 'PJLINK 1 ([0-9A-Fa-f]{8})\r', send = SendDigest},
        {prompt = '(?i)%1CLSS=[^\r]*\r', done = true},
        failed = 'PJLINK ERRA\r', timeout = 60,
    },

    -- Some put zeros or a line feed between messages, and some write their words in small letters.
    unwrap = function(_, message)
        local head, text = message:match('^[\0\n]*(%%[12]%w%w%w%w=)(.*)$')
        if head then return head:upper() .. text end
        return nil, message:match('[^\0\n]') and 'no answer of PJLink' or nil
    end,

    errors = {
        {'^%\\w{5}=ERR1$', 'the projector does not know this'},
        {'^%\\w{5}=ERR2$', 'the projector does not have this value'},
        -- Some statuses take it for an answer.
        {'^%\\w{5}=ERR3$', 'the projector cannot do this now', last = true},
        {'^%\\w{5}=ERR4$', 'the projector has failed'},
    },

    commands = {
        Power = Controlled('1POWR', {
            values = {Off = '0', On = '1', Cooling = '2', Warming = '3'}, settable = {'On', 'Off'},
        }),
        Input = Controlled('1INPT', {values = Class1Inputs}, Named('INPT', InputNames)),
        VideoMute = Mute('1'),
        AudioMute = Mute('2'),
        AVMute = Mute('3'),
        ErrorStatus = Asked('1ERST', {qualifiers = Parted}, ReadErrors),
        LampHours = Asked('1LAMP', {qualifiers = EachLamp}, ReadLamps),
        LampStatus = Asked('1LAMP', {qualifiers = EachLamp}, ReadLamps),
        InputList = Asked('1INST', {}, ReadInputs),
        DeviceName = Asked('1NAME'),
        Manufacturer = Asked('1INF1'),
        ProductName = Asked('1INF2'),
        OtherInformation = Asked('1INFO'),
        Class = Asked('1CLSS'),
    },

    models = {
        ['Class 1'] = {},
        ['Class 2'] = {
            commands = {
                Input = Controlled('2INPT', {values = Class2Inputs}, Named('INPT', InputNames)),
                InputList = Asked('2INST', {}, ReadInputs),
                Freeze = Controlled('2FREZ', {values = OnOff}, Named('FREZ', {['1'] = 'On', ['0'] = 'Off'})),
                SpeakerVolume = Step('2SVOL'),
                MicrophoneVolume = Step('2MVOL'),
                InputName = Asked('2INNM', {
                    qualifiers = {{name = 'Input', values = Class2Inputs}}, query = '%2INNM ?{Input}\r',
                }),
                InputResolution = Asked('2IRES', {}, ReadResolution),
                RecommendedResolution = Asked('2RRES', {}, ReadResolution),
                FilterHours = Asked('2FILT', {range = {min = 0, max = 99999}}),
                LampModel = Asked('2RLMP'),
                FilterModel = Asked('2RFIL'),
                SerialNumber = Asked('2SNUM'),
                SoftwareVersion = Asked('2SVER'),
                MACAddress = {reply = Answer('2LKUP')},
            },
        },
    },

    -- What could not be told in standby is asked for when the projector is on.
    init = function(self)
        self:SubscribeStatus('Power', nil, function(_, state)
            if state ~= 'On' then return end
            for _, name in ipairs({'Input', 'AVMute', 'Freeze', 'InputResolution'}) do
                if self.Commands[name] then self:Update(name) end
            end
        end)
    end,

    connected = function(self)
        if self.LinkAddress then self:WriteStatus('MACAddress', self.LinkAddress) end
    end,
}

-- Notifications: class 2 projectors send them to UDP port 4352 of the controllers that are set up in them. ---------------

local Listening, Servers = {}, {}

-- Takes a notification. While the device is not connected nothing is taken over: when it is, it is asked for everything.
local function TakeNotification(device, word, text)
    if word == 'LKUP' then device.LinkAddress = text end
    if device:ReadStatus('ConnectionStatus') ~= 'Connected' then return end
    if word == 'LKUP' then
        device:WriteStatus('MACAddress', text)
    elseif word == 'POWR' and PowerStates[text] then
        device:WriteStatus('Power', PowerStates[text])
    elseif word == 'INPT' and InputNames[text] then
        device:WriteStatus('Input', InputNames[text])
    elseif word == 'ERST' then
        ReadErrors(device, text)
    else
        device:Error(("the notification %s=%s is not understood"):format(word, text))
    end
end

-- From now on takes what the projector notifies of, without being asked: Power, Input, ErrorStatus and MACAddress.
-- IPAddress is the projector's, Hostname by default; IPPort is where it sends to. All projectors share the server.
-- Returns 'Listening', 'ListeningAlready' or why not.
function Module.DeviceClass:ListenForNotifications(IPAddress, IPPort)
    if not self.Commands.MACAddress then error(ValueError('projectors of class 1 send no notifications'), 2) end
    IPAddress, IPPort = IPAddress or self.Hostname, IPPort or 4352
    Listening[IPAddress] = self
    local server = Servers[IPPort]
    if not server then
        server = EthernetServerInterfaceEx(IPPort, 'UDP')
        Servers[IPPort] = server
        event(server, 'ReceiveData', function(client, data)
            local device = Listening[client.IPAddress]
            if not device then return end
            for word, text in data:gmatch('%%2(%u%u%u%u)=([^\r]*)\r') do TakeNotification(device, word, text) end
        end)
    end
    return server:StartListen()
end

return Module
