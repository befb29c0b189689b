-- The device of 17-tcp-extras.lua: answers 'P' with 'Pwr1'.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do client:Send('Pwr1\r\n') end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
