-- The scaler of 10-device-module-tcp.lua. Every five seconds somebody presses its freeze button.

local settings = require 'settings'
local Scaler = require 'scaler'

local Dvs605 = Scaler()
local Server = EthernetServerInterfaceEx(settings.Port)

event(Server, 'ReceiveData', function(client, data)
    client:Send(Dvs605:Answer(data))
end)

function Dvs605.Changed(answer)
    for _, client in ipairs(Server.Clients) do client:Send(answer) end
end

Timer(5, function(timer, count)
    Dvs605:Switch('F', count % 2 == 1 and '1' or '0')
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print(client.IPAddress .. ' ' .. state)
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
