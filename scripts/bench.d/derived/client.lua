-- Devices that send back what they get, from a method of a class that is derived in Lua or from a function. Settings: 'derived'
-- or 'plain', port, devices.
local kind, port, devices = table.unpack((require 'settings'))

local function send_back(device, data) device:Send(data) end

local Derived = class('Derived', EthernetClientInterface)

function Derived:init(Hostname, IPPort)
    EthernetClientInterface.init(self, Hostname, IPPort)
    event(self, 'ReceiveData', self.SendBack)
end

Derived.SendBack = send_back

local function Plain(Hostname, IPPort)
    local device = EthernetClientInterface(Hostname, IPPort)
    event(device, 'ReceiveData', send_back)
    return device
end

local Device = kind == 'derived' and Derived or Plain
for _ = 1, devices do
    Wait(0, function()
        local device = Device('127.0.0.1', port)
        assert(device:Connect(10) == 'Connected')
        device:Send(('x'):rep(64))
    end)
end
