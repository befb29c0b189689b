-- A server that disconnects clients that have sent nothing for 30 seconds.
--
-- Start this program first: lectern run main.lua, and in another terminal its clients: lectern run device.lua.

local settings = require 'settings'

local Server = GetConnectionHandler(EthernetServerInterfaceEx(settings.Port), {serverTimeout = settings.ServerTimeout})

local function Initialize()
    Server:StartListen()
end

event(Server, 'ReceiveData', function(client, data)
    print('Received data from ' .. client.IPAddress .. ': ' .. data)
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    if state == 'Connected' then
        print('New connection from ' .. client.IPAddress)
    else
        print(client.IPAddress .. ' disconnected')
    end
end)

-- The handler tries again after connectRetryTime.
event(Server, 'ListenFailed', function(handler, reason)
    print('Cannot listen: ' .. reason)
end)

Initialize()
