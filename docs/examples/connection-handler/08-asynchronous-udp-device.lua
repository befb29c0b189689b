-- The device of 08-asynchronous-udp.lua: answers 'P' with 'Pwr' and its power state, and every
-- five seconds tells unasked that it was switched.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port, 'UDP')
local Power = '1'

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do
        client:Send('Pwr' .. Power .. '\r\n')
    end
end)

Timer(5, function()
    Power = Power == '1' and '0' or '1'
    for _, client in ipairs(Server.Clients) do
        client:Send('Pwr' .. Power .. '\r\n')
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
