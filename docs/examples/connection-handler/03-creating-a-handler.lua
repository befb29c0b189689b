-- A handler for a device module, with all its defaults: a query each second, up to 15 without an answer, and a new
-- attempt five seconds after a loss.

local settings = require 'settings'
local DevNameModule = require 'manf_DevName'

local Device = GetConnectionHandler(
    DevNameModule.EthernetClass('127.0.0.1', settings.Port, {Model = 'ModelName'}), 'Power')

local function Initialize()
    -- The first attempt to connect. With the connection the polling begins.
    Device:Connect()
end

-- The rest of the room's program would follow.
event(Device, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
end)

Device:SubscribeStatus('Power', nil, function(command, state, qualifier)
    print('Power is ' .. state)
end)

Initialize()
