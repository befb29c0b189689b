-- The room of scripts/demo: one projector, whose connection is kept alive. When the projector has gone away, come back
-- and been switched on again, the program has shown what it can and ends with exit code 0.

local settings = require 'settings'

local PowerStates = {['0'] = 'off', ['1'] = 'on', ['2'] = 'cooling down', ['3'] = 'warming up'}
local GiveUpAfter = 60

-- Asked twice a second; five questions in a row without an answer, or a closed connection, and the projector counts as
-- gone. Then an attempt to connect is made every two seconds.
local Projector = GetConnectionHandler(
    EthernetClientInterface('127.0.0.1', settings.Port),
    function(handler) handler:Send('P') end,
    {pollFrequency = 0.5, DisconnectLimit = 5, connectRetryTime = 2})

local Buffer, Power, Answers, Losses = '', nil, 0, 0

local function PowerChanged(state)
    print('The projector is ' .. state)
    if state == 'off' then
        print('Switching the projector on')
        Projector:Send('1')
    elseif state == 'on' and Losses > 0 then
        Wait(1, function()
            print(('Done: %d answers, %d loss, and the projector is on. The room closes.'):format(Answers, Losses))
            ExitProgram(0)
        end)
    end
end

event(Projector, 'ReceiveData', function(handler, data)
    Buffer = Buffer .. data
    while true do
        local message, delimiter, rest = Buffer:partition('\r\n')
        if delimiter == '' then break end
        Buffer = rest

        local state = PowerStates[message:match('^Pwr(%d)$')]
        if state then
            Answers = Answers + 1
            handler:ResponseAccepted()
            if state ~= Power then
                Power = state
                PowerChanged(state)
            end
        end
    end
end)

event(Projector, {'Connected', 'Disconnected'}, function(handler, state)
    print('The projector is ' .. state:lower())
    Buffer, Power = '', nil
    if state == 'Disconnected' then Losses = Losses + 1 end
end)

event(Projector, 'ConnectFailed', function(handler, reason)
    print(('No connection (%s); the next attempt comes in 2 seconds'):format(reason))
end)

Wait(GiveUpAfter, function()
    ProgramLog(('Nothing more happened for %d seconds'):format(GiveUpAfter))
    ExitProgram(1)
end)

print('The room opens')
Projector:Connect(2)
