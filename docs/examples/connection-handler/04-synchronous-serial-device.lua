-- The device of 04-synchronous-serial.lua: answers 'P' with 'Pwr' and its power state, a fifth of a second later.
-- Every tenth question it leaves unanswered.

local Port = SerialInterface(ProcessorDevice('Device'), 'COM1')
local Questions = 0

event(Port, 'ReceiveData', function(port, data)
    for _ in data:gmatch('P') do
        Questions = Questions + 1
        if Questions % 10 ~= 0 then
            Wait(0.2, function()
                -- The cable may be out by then.
                local sent, reason = pcall(port.Send, port, 'Pwr1\r\n')
                if not sent then print('Not answered: ' .. tostring(reason)) end
            end)
        end
    end
end)

event(Port, {'Online', 'Offline'}, function(port, state)
    print('The port is ' .. state)
end)
