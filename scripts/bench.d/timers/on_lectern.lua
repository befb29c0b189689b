-- Waits that are armed and timers that tick each second, spread over the second. Measures by how much the ticks are late: how
-- much longer than a second after the tick before. Settings: waits, timers, seconds of measuring.
local waits, timers, seconds = table.unpack((require 'settings'))

local clock = os.clock
local fired = 0
local lateness = {}

local function add_wait()
    Wait(3600, function() fired = fired + 1 end)
end

local function add_timer()
    local due = clock() + 1
    Timer(1, function()
        local time = clock()
        lateness[#lateness + 1] = time - due
        due = time + 1
    end)
end

Wait(0, function()
    collectgarbage()
    print('empty')
    time.sleep(0.5)
    for number = 1, waits do
        add_wait()
        -- No task may run for long.
        if number % 1000 == 0 then time.sleep(0.001) end
    end
    for number = 1, timers do
        add_timer()
        if number % (timers // 100) == 0 then time.sleep(0.01) end
    end
    collectgarbage()
    print('armed')
    -- What the collection has held up has come by then.
    time.sleep(1.5)
    print('begin')
    lateness = {}
    time.sleep(seconds)
    print('end')
    assert(fired == 0 and #lateness > timers * (seconds - 1), 'the timers do not tick')
    table.sort(lateness)
    print(('lateness %.1f'):format(lateness[math.ceil(#lateness * 0.99)] * 1e6))
end)
