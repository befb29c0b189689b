-- Ten tasks that send a line and wait for its answer, each on a connection of its own. Settings: port, round trips.
local port, trips = table.unpack((require 'settings'))

local left = 10
for _ = 1, left do
    Wait(0, function()
        local device = EthernetClientInterface('127.0.0.1', port)
        assert(device:Connect(60) == 'Connected')
        for _ = 1, trips // 10 do
            assert(device:SendAndWait('Pwr?\r\n', 60, {deliTag = '\r\n'}) == 'Pwr1\r\n')
        end
        left = left - 1
        if left == 0 then ExitProgram() end
    end)
end
