-- Waits that are armed and timers that tick each second, spread over the second. Measures by how much the ticks are late: how
-- much longer than a second after the tick before. Arguments: waits, timers, seconds of measuring.
local uv = require 'luv'
local waits, timers, seconds = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3])

local clock = uv.hrtime
local fired = 0
local lateness = {}

local function add_wait()
    uv.new_timer():start(3600000, 0, function() fired = fired + 1 end)
end

local function add_timer()
    local due = clock() + 1000000000
    uv.new_timer():start(1000, 1000, function()
        local time = clock()
        lateness[#lateness + 1] = time - due
        due = time + 1000000000
    end)
end

local function say(text)
    print(text)
    io.flush()
end

local sleeper = uv.new_timer()
local function sleep(milliseconds)
    local task = coroutine.running()
    sleeper:start(milliseconds, 0, function() assert(coroutine.resume(task)) end)
    coroutine.yield()
end

coroutine.wrap(function()
    collectgarbage()
    say('empty')
    sleep(500)
    for number = 1, waits do
        add_wait()
        if number % 1000 == 0 then sleep(1) end
    end
    for number = 1, timers do
        add_timer()
        if number % (timers // 100) == 0 then sleep(10) end
    end
    collectgarbage()
    say('armed')
    -- What the collection has held up has come by then.
    sleep(1500)
    say('begin')
    lateness = {}
    sleep(seconds * 1000)
    say('end')
    assert(fired == 0 and #lateness > timers * (seconds - 1), 'the timers do not tick')
    table.sort(lateness)
    say(('lateness %.1f'):format(lateness[math.ceil(#lateness * 0.99)] / 1e3))
end)()
uv.run()
