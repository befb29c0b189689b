-- A projector that does not answer while its lamp warms up or cools down: polling pauses meanwhile, or the handler
-- would take the silence for a lost device.
--
-- Start the device first: lectern run device.lua, and in another terminal lectern run main.lua.

local settings = require 'settings'

local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}

local DeviceInterface = GetConnectionHandler(
    EthernetClientInterface('127.0.0.1', settings.Port),
    function(interface) interface:Send('P') end)

local function Initialize()
    DeviceInterface:Connect()
end

local function ResumeProjectorPolling()
    print('Polling goes on')
    DeviceInterface.PollTimer:Resume()
end

local function HandleProjectorPower(state)
    print('Projector is ' .. state)

    if state == 'On' then
        Wait(settings.InUse, function() DeviceInterface:Send('0') end)
    elseif state == 'Cooling Down' then
        DeviceInterface.PollTimer:Pause()
        Wait(settings.PauseForCoolingDown, ResumeProjectorPolling)
    elseif state == 'Warming Up' then
        DeviceInterface.PollTimer:Pause()
        Wait(settings.PauseForWarmingUp, ResumeProjectorPolling)
    end
end

local DeviceBuffer, Power = '', nil

event(DeviceInterface, 'ReceiveData', function(interface, rcvString)
    DeviceBuffer = DeviceBuffer .. rcvString

    while true do
        local msg, delim, remainder = DeviceBuffer:partition('\r\n')
        if delim == '' then break end
        DeviceBuffer = remainder

        local state = PowerStates[msg:match('^Pwr(%d)$')]
        if state then
            interface:ResponseAccepted()
            if state ~= Power then
                Power = state
                HandleProjectorPower(state)
            end
        end
    end
end)

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
    DeviceBuffer = ''
    if state == 'Connected' then interface:Send('1') end
end)

Initialize()
