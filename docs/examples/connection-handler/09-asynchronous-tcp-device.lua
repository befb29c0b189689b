-- The device of 09-asynchronous-tcp.lua: answers 'P' with 'Pwr' and its power state, in two pieces, and every
-- five seconds tells unasked that it was switched.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)
local Power = '1'

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do
        client:Send('Pw')
        client:Send('r' .. Power .. '\r\n')
    end
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print(client.IPAddress .. ' ' .. state)
end)

Timer(5, function()
    Power = Power == '1' and '0' or '1'
    for _, client in ipairs(Server.Clients) do
        client:Send('Pwr' .. Power .. '\r\n')
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
