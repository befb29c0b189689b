-- Ten devices that are polled by connection handlers. Settings: port, polls.
local port, polls = table.unpack((require 'settings'))

local reply = re.compile('Pwr([0-3])\\r\\n')
local left = polls

for _ = 1, 10 do
    local device = GetConnectionHandler(EthernetClientInterface('127.0.0.1', port),
        function(handler) handler:Send('Pwr?\r\n') end, {pollFrequency = 0.05})
    event(device, 'ReceiveData', function(handler, data)
        if reply:match(data) then handler:ResponseAccepted() end
        left = left - 1
        if left == 0 then ExitProgram() end
    end)
    Wait(0, function() device:Connect(60) end)
end
