-- The scaler of 16-interface-properties.lua: it asks each client for a password, and answers those only that know it.

local settings = require 'settings'
local Scaler = require 'scaler'

local Dvs605 = Scaler()
local Server = EthernetServerInterfaceEx(settings.Port)
local LoggedIn = {}

event(Server, 'Connected', function(client, state)
    client:Send('Password:')
end)

event(Server, 'ReceiveData', function(client, data)
    if LoggedIn[client] then
        client:Send(Dvs605:Answer(data))
    elseif data:find(settings.Password .. '\r\n', 1, true) then
        LoggedIn[client] = true
        client:Send('Login Administrator\r\n')
        print('Right password')
    elseif data:endswith('\r\n') then
        client:Send('Password:')
        print('Wrong password')
    end
end)

event(Server, 'Disconnected', function(client, state)
    LoggedIn[client] = nil
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
