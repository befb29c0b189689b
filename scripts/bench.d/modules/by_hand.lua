-- A module as short as one can be that counts, frames, and tells of changes.
local Device = class('Device', EthernetClientInterface)
local States, Codes = {['0'] = 'Off', ['1'] = 'On'}, {Off = '0', On = '1'}

function Device:init(Hostname, IPPort)
    EthernetClientInterface.init(self, Hostname, IPPort)
    self.Buffer, self.connectionCounter, self.counter, self.Status, self.Callbacks = '', 15, 0, {}, {}
    event(self, 'ReceiveData', function(_, data)
        self.Buffer = self.Buffer .. data
        while true do
            local at = self.Buffer:find('\r', 1, true)
            if not at then break end
            local message = self.Buffer:sub(1, at - 1)
            self.Buffer = self.Buffer:sub(at + 1)
            local state = States[message:match('^Pwr(%d)$')]
            if state then
                self.counter = 0
                self:WriteStatus('ConnectionStatus', 'Connected')
                self:WriteStatus('Power', state)
            end
        end
    end)
end

function Device:Update(command, qualifier)
    self.counter = self.counter + 1
    if self.counter > self.connectionCounter then self:WriteStatus('ConnectionStatus', 'Disconnected') end
    self:Send('Pwr' .. (self.Status.Power == 'On' and Codes.Off or Codes.On) .. '\r')
end

function Device:WriteStatus(command, value)
    if self.Status[command] == value then return end
    self.Status[command] = value
    local callback = self.Callbacks[command]
    if callback then callback(command, value, nil) end
end

function Device:SubscribeStatus(command, qualifier, callback) self.Callbacks[command] = callback end

return {EthernetClass = Device}
