-- The device of 05-synchronous-udp.lua: answers 'P' with 'Pwr' and its power state, a fifth of a second later.
-- Every tenth question it leaves unanswered.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port, 'UDP')
local Questions = 0

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do
        Questions = Questions + 1
        if Questions % 10 ~= 0 then
            Wait(0.2, function() client:Send('Pwr1\r\n') end)
        end
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
