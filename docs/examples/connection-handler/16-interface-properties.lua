-- Properties of what a handler handles: they are set through its property Interface. Here it is the password that a
-- scaler asks for when a connection begins.

local settings = require 'settings'
local DvsModule = require 'extr_sp_DVS605'

local Dvs605 = GetConnectionHandler(
    DvsModule.EthernetClass('127.0.0.1', settings.Port, {Model = 'DVS 605'}), 'VideoMute')
Dvs605.Interface.devicePassword = settings.Password

local function Initialize()
    Dvs605:Connect()
end

event(Dvs605, {'Connected', 'Disconnected'}, function(interface, state)
    print('DVS ' .. state)
end)

-- Reading needs no detour: what the handler does not have is looked up in its interface.
Dvs605:SubscribeStatus('VideoMute', nil, function(command, state, qualifier)
    print(('Video Mute state of %s: %s'):format(Dvs605.Hostname, Dvs605:ReadStatus(command)))
end)

Initialize()
