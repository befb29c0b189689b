-- A device module, written by hand, that is an interface: its classes derive from an interface and from DeviceClass.
--
-- The scaler understands 'F' and 'B', which ask for Freeze and VideoMute, and the same with '1' or '0' in front, which
-- switch them on or off. It answers 'Frz0', 'Frz1', 'Vmt0' or 'Vmt1' and a line end, also when somebody else has
-- switched it.
-- A network connection may begin with the prompt 'Password:'.
--
-- The module publishes ConnectionStatus: it counts the updates that nothing answers.

local Model = 'DVS 605'
local Letters = {Freeze = 'F', VideoMute = 'B'} -- of a command, in what is sent
local Commands = {Frz = 'Freeze', Vmt = 'VideoMute'} -- by the word in an answer
local Digits = {Off = '0', On = '1'}
local States = {['0'] = 'Off', ['1'] = 'On'}

local DeviceClass = class('DeviceClass')

function DeviceClass:init(model)
    if model ~= Model then
        error(ValueError(("unknown model '%s'; this module is for the '%s'"):format(tostring(model), Model)))
    end
    self.devicePassword = '' -- what the prompt is answered with
    self.TriedPassword = ''
    self.connectionCounter = 15 -- a connection handler sets it to its DisconnectLimit
    self.Unanswered = 0
    self.Buffer = ''
    self.Status = {}
    self.Callbacks = {Freeze = {}, VideoMute = {}, ConnectionStatus = {}}
    event(self, 'ReceiveData', function(_, data) self:Receive(data) end)
end

local function Letter(command)
    return Letters[command] or error(ValueError(("no command '%s'; there are Freeze and VideoMute"):format(command)))
end

-- Asks the device for the state of a command.
function DeviceClass:Update(command, qualifier)
    local letter = Letter(command)
    self.Unanswered = self.Unanswered + 1
    if self.Unanswered > self.connectionCounter then self:OnDisconnected() end
    self:Send(letter)
end

-- Switches a command 'On' or 'Off'. What it is then, the device tells.
function DeviceClass:Set(command, value, qualifier)
    local letter = Letter(command)
    local digit = Digits[value] or error(ValueError(("%s is On or Off, not '%s'"):format(command, tostring(value))))
    self:Send(digit .. letter)
end

-- The last known state; nil before the first answer.
function DeviceClass:ReadStatus(command, qualifier)
    return self.Status[command]
end

-- From now on `callback` gets the command, its new state and the qualifier whenever the state has changed.
function DeviceClass:SubscribeStatus(command, qualifier, callback)
    local callbacks = self.Callbacks[command] or error(KeyError(("no status '%s'"):format(command)))
    callbacks[#callbacks + 1] = callback
end

function DeviceClass:WriteStatus(command, state)
    if self.Status[command] == state then return end
    self.Status[command] = state
    for _, callback in ipairs(self.Callbacks[command]) do callback(command, state, nil) end
end

-- A connection is lost when its handler says so, or when too many updates were not answered. Counting starts anew.
function DeviceClass:OnDisconnected()
    self.Unanswered = 0
    self.Buffer = ''
    self:WriteStatus('ConnectionStatus', 'Disconnected')
end

function DeviceClass:Receive(data)
    self.Buffer = self.Buffer .. data
    while true do
        local message, delimiter, rest = self.Buffer:partition('\r\n')
        if delimiter == '' then break end
        self.Buffer = rest
        self:Take(message)
    end
    if self.Buffer == 'Password:' then
        self.Buffer = ''
        self:LogIn()
    elseif #self.Buffer > 64 then
        self.Buffer = '' -- nothing that the device says is so long
    end
end

function DeviceClass:Take(message)
    local word, digit = message:match('^(%a+)(%d)$')
    local command, state = Commands[word], States[digit]
    if command and state then
        self.Unanswered = 0
        self:WriteStatus('ConnectionStatus', 'Connected')
        self:WriteStatus(command, state)
    elseif message:startswith('Login') then
        self.TriedPassword = ''
    end
end

function DeviceClass:LogIn()
    if self.devicePassword == '' then
        ProgramLog(Model .. ' asks for a password: set devicePassword', 'warning')
    elseif self.devicePassword == self.TriedPassword then
        ProgramLog(Model .. ' does not take devicePassword', 'warning')
    else
        self.TriedPassword = self.devicePassword
        self:Send(self.devicePassword .. '\r\n')
    end
end

local EthernetClass = class('EthernetClass', EthernetClientInterface, DeviceClass)

-- options: Model, and Protocol 'TCP' or 'UDP'.
function EthernetClass:init(Hostname, IPPort, options)
    EthernetClientInterface.init(self, Hostname, IPPort, options.Protocol or 'TCP')
    DeviceClass.init(self, options.Model)
end

local SerialClass = class('SerialClass', SerialInterface, DeviceClass)

-- options: Model, and Baud.
function SerialClass:init(Host, Port, options)
    SerialInterface.init(self, Host, Port, {Baud = options.Baud or 9600})
    DeviceClass.init(self, options.Model)
end

return {EthernetClass = EthernetClass, SerialClass = SerialClass}
