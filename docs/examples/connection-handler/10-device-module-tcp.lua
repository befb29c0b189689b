-- A device module at a TCP connection. The module knows the query and judges the answers; the program names the
-- command. It is best one whose state the program wants anyway.

local settings = require 'settings'
local DvsModule = require 'extr_sp_DVS605'

-- The query for VideoMute keeps the connection alive.
local Dvs605 = GetConnectionHandler(
    DvsModule.EthernetClass('127.0.0.1', settings.Port, {Model = 'DVS 605'}), 'VideoMute')

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
        -- Nobody answers now; sending would be an error.
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
