-- The projector of main.lua: 'P' asks for its power state, '1' switches it on, which takes a moment. It begins
-- switched off.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)
local Power = '0'

local function Tell(state)
    Power = state
    for _, client in ipairs(Server.Clients) do client:Send('Pwr' .. Power .. '\r\n') end
end

event(Server, 'ReceiveData', function(client, data)
    for command in data:gmatch('.') do
        if command == 'P' then
            client:Send('Pwr' .. Power .. '\r\n')
        elseif command == '1' and Power == '0' then
            print('Lamp on, warming up')
            Tell('3')
            Wait(settings.WarmingUp, function()
                print('Ready')
                Tell('1')
            end)
        end
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
