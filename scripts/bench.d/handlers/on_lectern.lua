-- Devices that are polled ten times a second by connection handlers. Settings: port, devices.
local port, devices = table.unpack((require 'settings'))

local reply = re.compile('Pwr([0-3])\\r\\n')
local status = {}

local function poll(handler) handler:Send('Pwr\r') end

for number = 1, devices do
    local buffer = ''
    local device = GetConnectionHandler(EthernetClientInterface('127.0.0.1', port), poll, {pollFrequency = 0.1})
    event(device, 'ReceiveData', function(handler, data)
        buffer = buffer .. data
        while buffer ~= '' do
            local match = reply:search(buffer)
            if not match then break end
            handler:ResponseAccepted()
            status[number] = match:group(1)
            buffer = buffer:sub(match:stop() + 1)
        end
    end)
    event(device, {'Connected', 'Disconnected'}, function() buffer = '' end)
    Wait(0, function() device:Connect(10) end)
end
