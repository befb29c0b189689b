-- The device of 15-pause-polling.lua: a projector. '1' switches it on, '0' off, and 'P' asks for its
-- state; while it warms up or cools down it hears nothing.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)
local Power = '0'

local function Tell(state)
    Power = state
    for _, client in ipairs(Server.Clients) do client:Send('Pwr' .. Power .. '\r\n') end
end

event(Server, 'ReceiveData', function(client, data)
    for command in data:gmatch('.') do
        if Power == '2' or Power == '3' then
            print('Unheard: ' .. command)
        elseif command == 'P' then
            client:Send('Pwr' .. Power .. '\r\n')
        elseif command == '1' and Power == '0' then
            Tell('3')
            Wait(settings.WarmingUp, function() Tell('1') end)
        elseif command == '0' and Power == '1' then
            Tell('2')
            Wait(settings.CoolingDown, function() Tell('0') end)
        end
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
