-- The scaler of 12-device-module-udp.lua. Every five seconds somebody presses its freeze button.

local settings = require 'settings'
local Scaler = require 'scaler'

local Dvs605 = Scaler()
local Server = EthernetServerInterfaceEx(settings.Port, 'UDP')

event(Server, 'ReceiveData', function(client, data)
    client:Send(Dvs605:Answer(data))
end)

function Dvs605.Changed(answer)
    for _, client in ipairs(Server.Clients) do client:Send(answer) end
end

Timer(5, function(timer, count)
    Dvs605:Switch('F', count % 2 == 1 and '1' or '0')
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
