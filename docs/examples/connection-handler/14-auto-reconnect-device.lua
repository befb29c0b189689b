-- The device of 14-auto-reconnect.lua: answers 'P' with 'Pwr1' by day; by night its rack has no power.

local settings = require 'settings'

local Server = EthernetServerInterfaceEx(settings.Port)

event(Server, 'ReceiveData', function(client, data)
    for _ in data:gmatch('P') do client:Send('Pwr1\r\n') end
end)

local function PowerUp()
    print('Port ' .. settings.Port .. ': ' .. Server:StartListen())
end

local function PowerDown()
    Server:StopListen()
    for _, client in ipairs(Server.Clients) do client:Disconnect() end
    print('The rack is powered down')
end

local RackOff = Clock({settings.RackOffAt}, nil, PowerDown)
RackOff:Enable()

local RackOn = Clock({settings.RackOnAt}, nil, PowerUp)
RackOn:Enable()

PowerUp()
