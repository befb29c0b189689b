-- A server that disconnects clients that have sent nothing for 30 seconds.
--
-- Start this program before its clients, 13-idle-clients-device.lua.

local settings = require 'settings'

local Server = GetConnectionHandler(
    EthernetServerInterfaceEx(settings.ServerPort), {serverTimeout = settings.ServerTimeout})

local function Initialize()
    Server:StartListen()
end

-- What each client has said last.
local LastWords = {}

local function ProcessClientData(client, data)
    LastWords[client] = data
end

event(Server, 'ReceiveData', function(client, data)
    print('Received data from ' .. client.IPAddress .. ': ' .. data)
    ProcessClientData(client, data)
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print('Server Client Activity:', client, state)
    if state == 'Connected' then
        print('New connection from ' .. client.IPAddress)
    else
        print(client.IPAddress .. ' disconnected; it said last: ' .. (LastWords[client] or 'nothing'))
        LastWords[client] = nil
    end
end)

-- The handler tries again after connectRetryTime.
event(Server, 'ListenFailed', function(handler, reason)
    print('Cannot listen: ' .. reason)
end)

Initialize()
