-- The projector of 02-accepting-responses.lua: answers 'GET POWER', in two pieces. After ten answers its controller
-- hangs for a while: it answers 'ERROR', which a program must not accept.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)
local Questions = 0

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('GET POWER\r') do
        Questions = Questions + 1
        if Questions > 10 and Questions <= 30 then
            client:Send('ERROR\r')
        else
            client:Send('POW')
            client:Send('ER ON\r')
        end
    end
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print(client.IPAddress .. ' ' .. state)
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
