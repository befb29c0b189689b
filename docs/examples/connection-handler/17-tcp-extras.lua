-- What a handler adds to a TCP interface: the event ConnectFailed, with the reason.
--
-- Start this program without its device and watch it fail every five seconds; then start the device.

local settings = require 'settings'

local function DeviceKeepAlive(interface)
    interface:Send('P')
end

local EthInterface = EthernetClientInterface('127.0.0.1', settings.Port)

local DeviceInterface = GetConnectionHandler(EthInterface, DeviceKeepAlive)

local function Initialize()
    DeviceInterface:Connect()
end

event(DeviceInterface, 'ConnectFailed', function(interface, reason)
    print('Failed to connect to Device: ' .. reason)
end)

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
end)

-- Any answer is good enough here. Without this the device would be taken for lost after 15 queries.
event(DeviceInterface, 'ReceiveData', function(interface, rcvString)
    interface:ResponseAccepted()
end)

Initialize()
