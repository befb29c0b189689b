-- An HSMS host with Lectern. What is measured, settings.lua says; client.py tells what there is. Prints one number.

local secsgem = require 'secsgem'
local settings = require 'settings'

local are_you_there = secsgem.SecsMessage(1, 1, nil, true)

--- Gives a handler whose connection is selected.
local function connect()
    local handler = secsgem.HsmsHandler('127.0.0.1', settings.Port, true, 0, 'peer', {T5 = 0.5, T6 = 1})
    handler:enable()
    assert(handler:waitfor_selected(30), 'not selected')
    return handler
end

--- Gives a GEM host that has established communication.
local function communicate()
    local host = secsgem.GemHostHandler('127.0.0.1', settings.Port, true, 0, 'peer', {T5 = 0.5, T6 = 1})
    host:enable()
    assert(host:waitfor_communicating(60), 'not communicating')
    return host
end

local function linktests(handler, repetitions)
    for _ = 1, repetitions do assert(handler:send_linktest_req()) end
end

local function replies(handler, repetitions)
    for _ = 1, repetitions do
        assert(assert(handler:send_and_waitfor_response(are_you_there)).header['function'] == 2)
    end
end

--- The same from so many tasks at once.
local function at_once(tasks, measured)
    return function(handler, repetitions)
        local left = tasks
        for _ = 1, tasks do
            Wait(0.01, function()
                measured(handler, repetitions // tasks)
                left = left - 1
            end)
        end
        while left > 0 do time.sleep(0.002) end
    end
end

local function rate(measured)
    local handler = connect()
    measured(handler, settings.Count // 10)
    local started = os.clock()
    measured(handler, settings.Count)
    return ('%.0f'):format(settings.Count / (os.clock() - started))
end

local measurements = {
    linktests = function() return rate(linktests) end,
    replies = function() return rate(replies) end,
    ['linktests-50'] = function() return rate(at_once(50, linktests)) end,
    ['replies-16'] = function() return rate(at_once(16, replies)) end,
    ['replies-50'] = function() return rate(at_once(50, replies)) end,
}

function measurements.large()
    local handler = connect()
    local request = secsgem.SecsMessage(7, 5, 'x', true)
    local started = os.clock()
    local packet = assert(handler:send_and_waitfor_response(request))
    local seconds = os.clock() - started
    assert(#packet.data > 16000000)
    return ('%.4f'):format(seconds)
end

local function connections(make)
    local kept = {make()}
    print('bare')
    local file = io.open('go')
    while not file do
        time.sleep(0.05)
        file = io.open('go')
    end
    file:close()
    for _ = 1, settings.Count do kept[#kept + 1] = make() end
    for _, handler in ipairs(kept) do replies(handler, 1) end
    print('connected')
    time.sleep(60)
    return #kept
end

function measurements.connections() return connections(connect) end

function measurements.gem() return connections(communicate) end

print('result ' .. measurements[settings.Task]())
ExitProgram(0)
