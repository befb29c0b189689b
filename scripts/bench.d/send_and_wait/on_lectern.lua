-- Tasks that send a line and wait for its answer, each on a connection of its own. Settings: port, tasks.
local port, tasks = table.unpack((require 'settings'))

for _ = 1, tasks do
    Wait(0, function()
        local device = EthernetClientInterface('127.0.0.1', port)
        assert(device:Connect(10) == 'Connected')
        while true do
            assert(device:SendAndWait('Pwr?\r\n', 3, {deliTag = '\r\n'}) == 'Pwr1\r\n')
        end
    end)
end
