-- The projector of 03-creating-a-handler.lua, which is on: answers 'P' with 'Pwr1'.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do client:Send('Pwr1\r\n') end
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print(client.IPAddress .. ' ' .. state)
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
