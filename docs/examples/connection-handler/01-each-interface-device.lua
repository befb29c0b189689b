-- What 01-each-interface.lua talks to: a scaler that listens, a controller at a serial port, which answers 'Q' with its
-- version, and a panel, which connects, says one thing and then nothing more.

local settings = require 'settings'
local Scaler = require 'scaler'

local Dvs605 = Scaler()
local Server = EthernetServerInterfaceEx(settings.Port)

event(Server, 'ReceiveData', function(client, data)
    client:Send(Dvs605:Answer(data))
end)

local Mlc206 = SerialInterface(ProcessorDevice('Device'), 'COM1')

event(Mlc206, 'ReceiveData', function(interface, data)
    for _ in data:gmatch('Q') do interface:Send('1.02\r\n') end
end)

event(Mlc206, {'Online', 'Offline'}, function(interface, state)
    print('The port of the controller is ' .. state)
end)

local Panel = EthernetClientInterface('127.0.0.1', settings.ServerPort)

event(Panel, 'Disconnected', function() print('The panel was disconnected') end)

-- Until the program listens.
Timer(1, function(timer)
    if Panel:Connect(1) == 'Connected' then
        timer:Stop()
        Panel:Send('Hello')
    end
end)

print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
