-- The device of 06-synchronous-tcp.lua: answers 'P' with 'Pwr' and its power state, a fifth of a second later.
-- Every tenth question it leaves unanswered.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)
local Questions = 0

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do
        Questions = Questions + 1
        if Questions % 10 ~= 0 then
            Wait(0.2, function()
                -- The client may have gone in that time.
                local sent, reason = pcall(client.Send, client, 'Pwr1\r\n')
                if not sent then print('Not answered: ' .. tostring(reason)) end
            end)
        end
    end
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print(client.IPAddress .. ' ' .. state)
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
