-- Each poll is answered by a change, whose callback polls again.
local Port, Polls, Rounds = require 'port', 5000, 9
local Names = {'by_hand', 'declared'}
local Devices, Rates = {}, {}

for _, name in ipairs(Names) do
    Devices[name], Rates[name] = require(name).EthernetClass('127.0.0.1', Port), {}
end

local function measure(name, finished)
    local device, left = Devices[name], Polls
    assert(device:Connect(2) == 'Connected') -- the peer has one client at a time
    local started = time.time()
    device.Answered = function()
        left = left - 1
        if left > 0 then return device:Update('Power') end
        table.insert(Rates[name], Polls / (time.time() - started))
        device:Disconnect()
        finished()
    end
    device:Update('Power')
end

for _, name in ipairs(Names) do
    Devices[name]:SubscribeStatus('Power', nil, function()
        local device = Devices[name]
        if device.Answered then device.Answered() end
    end)
end

local function round(number)
    if number > Rounds then
        local medians = {}
        for _, name in ipairs(Names) do
            table.sort(Rates[name])
            medians[name] = Rates[name][Rounds // 2 + 1]
            print(('%-9s %8.0f polls a second'):format(name, medians[name]))
        end
        print(('overhead  %8.1f %%'):format((medians.by_hand / medians.declared - 1) * 100))
        return ExitProgram()
    end
    measure(Names[1], function()
        -- A turn of its own, so that no call stands in another.
        Wait(0, function() measure(Names[2], function() Wait(0, function() round(number + 1) end) end) end)
    end)
end
Wait(0, function() round(1) end)
