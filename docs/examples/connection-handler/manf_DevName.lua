-- A device module, written by hand, that has an interface: in its field `Interface`.
--
-- The projector understands 'P', which asks for its power state, '1' and '0', which switch it on and off. It answers
-- 'Pwr' and a digit and a line end, also when the state has changed by itself.
--
-- Two functions make a table a device module: Update and SubscribeStatus. This one does not publish ConnectionStatus,
-- so a connection handler judges it by its interface: whatever is received is a response.

local States = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}
local Orders = {Off = '0', On = '1'}

local Device = {}
Device.__index = Device

-- Asks the device for its power state.
function Device:Update(command, qualifier)
    if command ~= 'Power' then error(ValueError(("no command '%s'; there is Power"):format(command))) end
    self.Interface:Send('P')
end

-- Switches the power 'On' or 'Off'.
function Device:Set(command, value, qualifier)
    if command ~= 'Power' then error(ValueError(("no command '%s'; there is Power"):format(command))) end
    local order = Orders[value] or error(ValueError(("Power is On or Off, not '%s'"):format(tostring(value))))
    self.Interface:Send(order)
end

-- The last known state; nil before the first answer.
function Device:ReadStatus(command, qualifier)
    return command == 'Power' and self.Power or nil
end

-- From now on `callback` gets the command, its new state and the qualifier whenever the state has changed.
function Device:SubscribeStatus(command, qualifier, callback)
    if command == 'Power' then self.Callbacks[#self.Callbacks + 1] = callback end
end

function Device:Receive(data)
    self.Buffer = self.Buffer .. data
    while true do
        local message, delimiter, rest = self.Buffer:partition('\r\n')
        if delimiter == '' then break end
        self.Buffer = rest

        local state = States[message:match('^Pwr(%d)$')]
        if state and state ~= self.Power then
            self.Power = state
            for _, callback in ipairs(self.Callbacks) do callback('Power', state, nil) end
        end
    end
end

-- options: Model, of which there is one.
local function EthernetClass(Hostname, IPPort, options)
    if options.Model ~= 'ModelName' then
        error(ValueError(("unknown model '%s'; this module is for 'ModelName'"):format(tostring(options.Model))))
    end
    local device = setmetatable(
        {Interface = EthernetClientInterface(Hostname, IPPort), Buffer = '', Callbacks = {}}, Device)
    event(device.Interface, 'ReceiveData', function(_, data) device:Receive(data) end)
    return device
end

return {EthernetClass = EthernetClass}
