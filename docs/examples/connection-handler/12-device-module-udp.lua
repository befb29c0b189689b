-- A device module at a UDP port.
--
-- It differs from the one at a TCP connection in the protocol only. The device is Connected when the module says so,
-- and Disconnected when the module has missed too many answers; the queries go on, so that it can come back.

local settings = require 'settings'
local DvsModule = require 'extr_sp_DVS605'

local Dvs605 = GetConnectionHandler(
    DvsModule.EthernetClass('127.0.0.1', settings.Port, {Protocol = 'UDP', Model = 'DVS 605'}), 'VideoMute')

local FreezePollTimer = Timer(2, function(timer, count)
    -- The handler has no Update of its own: the module's is called.
    Dvs605:Update('Freeze')
end)
FreezePollTimer:Pause() -- until the device is there

local function Initialize()
    Dvs605:Connect()
end

event(Dvs605, {'Connected', 'Disconnected'}, function(interface, state)
    print('DVS ' .. state)

    if state == 'Disconnected' then
        -- Nobody answers now; one query is enough to find it again.
        FreezePollTimer:Pause()
    else
        FreezePollTimer:Restart()
    end
end)

Dvs605:SubscribeStatus('Freeze', nil, function(command, state, qualifier)
    print('Freeze state: ' .. state)
end)

Dvs605:SubscribeStatus('VideoMute', nil, function(command, state, qualifier)
    print('Video Mute state: ' .. state)
end)

Initialize()
