-- What a handler of a plain interface wants from its program: queries that are sent through the handler, and a word
-- about each good response.

local settings = require 'settings'

local MainProjector = GetConnectionHandler(
    EthernetClientInterface('127.0.0.1', settings.Port),
    function(interface) interface:Send('GET POWER\r') end)

local DataBuffer = ''
local Power

event(MainProjector, 'ReceiveData', function(interface, data)
    DataBuffer = DataBuffer .. data

    while true do
        local message, delimiter, rest = DataBuffer:partition('\r')
        if delimiter == '' then break end -- the rest of the message is still on its way
        DataBuffer = rest

        local state = message:match('^POWER (%u+)$')
        if state then
            -- Other messages do not count: a device that only complains is not the one that was expected.
            interface:ResponseAccepted()
            if state ~= Power then
                Power = state
                print('Power is ' .. state)
            end
        end
    end
end)

event(MainProjector, {'Connected', 'Disconnected'}, function(interface, state)
    DataBuffer = ''
    print('Projector is ' .. state)
end)

event(MainProjector, 'ConnectFailed', function(interface, reason)
    print('Connect failure: ' .. reason)
end)

MainProjector:Connect()
