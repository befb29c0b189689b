-- The device of 07-asynchronous-serial.lua: answers 'P' with 'Pwr' and its power state, in two pieces, and every
-- five seconds tells unasked that it was switched.

local Port = SerialInterface(ProcessorDevice('Device'), 'COM1')
local Power = '1'
local IsOnline = false

event(Port, 'ReceiveData', function(port, data)
    for _ in data:gmatch('P') do
        port:Send('Pw')
        port:Send('r' .. Power .. '\r\n')
    end
end)

event(Port, {'Online', 'Offline'}, function(port, state)
    IsOnline = state == 'Online'
    print('The port is ' .. state)
end)

Timer(5, function()
    Power = Power == '1' and '0' or '1'
    if IsOnline then Port:Send('Pwr' .. Power .. '\r\n') end
end)
