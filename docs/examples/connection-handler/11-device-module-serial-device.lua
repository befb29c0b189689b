-- The scaler of 11-device-module-serial.lua. Every five seconds somebody presses its freeze button.

local Scaler = require 'scaler'

local Dvs605 = Scaler()
local Port = SerialInterface(ProcessorDevice('Device'), 'COM1')
local IsOnline = false

event(Port, 'ReceiveData', function(port, data)
    port:Send(Dvs605:Answer(data))
end)

event(Port, {'Online', 'Offline'}, function(port, state)
    IsOnline = state == 'Online'
    print('The port is ' .. state)
end)

function Dvs605.Changed(answer)
    if IsOnline then Port:Send(answer) end
end

Timer(5, function(timer, count)
    Dvs605:Switch('F', count % 2 == 1 and '1' or '0')
end)
