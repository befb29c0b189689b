-- A rack that is powered down overnight: two clocks switch automatic reconnection off in the evening and on again in
-- the morning.
--
-- To see a night pass in a minute, change the times in settings.lua.

local settings = require 'settings'

local DeviceInterface = GetConnectionHandler(
    EthernetClientInterface('127.0.0.1', settings.Port),
    function(interface) interface:Send('P') end)

local function Initialize()
    DeviceInterface:Connect()
end

-- Called by NightlyShutdown: no attempt to reconnect, and no polling, after the connection is lost.
local function DisableReconnect(clock, dt)
    DeviceInterface.AutoReconnect = false
    print('Good night')
end

-- Called by MorningPowerOn.
local function EnableReconnect(clock, dt)
    print('Good morning')
    DeviceInterface.AutoReconnect = true

    -- To enable automatic reconnection does not begin an attempt.
    DeviceInterface:Connect()
end

local NightlyShutdown = Clock({settings.ShutdownAt}, nil, DisableReconnect)
NightlyShutdown:Enable()

local MorningPowerOn = Clock({settings.PowerOnAt}, nil, EnableReconnect)
MorningPowerOn:Enable()

event(DeviceInterface, 'ReceiveData', function(interface, rcvString)
    interface:ResponseAccepted()
end)

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
end)

event(DeviceInterface, 'ConnectFailed', function(interface, reason)
    print('Failed to connect to Device: ' .. reason)
end)

Initialize()
