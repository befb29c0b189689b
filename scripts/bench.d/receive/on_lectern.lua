-- Receives, and says so with one byte each time that all is here. Settings: port, megabytes.
local port, megabytes = table.unpack((require 'settings'))

local left = megabytes * 1000000
local device = EthernetClientInterface('127.0.0.1', port)
event(device, 'ReceiveData', function(_, data)
    left = left - #data
    if left > 0 then return end
    left = megabytes * 1000000
    device:Send('k')
end)
assert(device:Connect(10) == 'Connected')
