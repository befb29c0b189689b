-- Devices that are polled by a module: each poll is answered by a change, whose callback polls again. Settings: module, port,
-- devices.
local module, port, devices = table.unpack((require 'settings'))
local Module = require(module)

for _ = 1, devices do
    local device = Module.EthernetClass('127.0.0.1', port)
    device:SubscribeStatus('Power', nil, function() device:Update('Power') end)
    Wait(0, function()
        assert(device:Connect(10) == 'Connected')
        device:Update('Power')
    end)
end
