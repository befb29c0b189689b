-- A projector that does not answer while its lamp warms up or cools down: polling pauses meanwhile, or the handler
-- would take the silence for a lost device. Other queries that a program sends by itself are not paused.

local settings = require 'settings'
local ProjectorModule = require 'manf_DevName'

local DeviceInterface = GetConnectionHandler(
    ProjectorModule.EthernetClass('127.0.0.1', settings.Port, {Model = 'ModelName'}), 'Power')

local function Initialize()
    DeviceInterface:Connect()
end

local function ResumeProjectorPolling()
    print('Polling goes on')
    DeviceInterface.PollTimer:Resume()
end

local function HandleProjectorPower(command, state, qualifier)
    print('Projector is ' .. state)

    if state == 'On' then
        Wait(settings.InUse, function() DeviceInterface:Set('Power', 'Off') end)
    elseif state == 'Cooling Down' then
        DeviceInterface.PollTimer:Pause()
        Wait(settings.PauseForCoolingDown, ResumeProjectorPolling)
    elseif state == 'Warming Up' then
        DeviceInterface.PollTimer:Pause()
        Wait(settings.PauseForWarmingUp, ResumeProjectorPolling)
    end
end

DeviceInterface:SubscribeStatus('Power', nil, HandleProjectorPower)

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
    if state == 'Connected' then interface:Set('Power', 'On') end
end)

Initialize()
