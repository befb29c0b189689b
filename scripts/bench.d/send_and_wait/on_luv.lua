-- Tasks that send a line and wait for its answer, each on a connection of its own. Arguments: port, tasks.
local uv = require 'luv'
local port, tasks = tonumber(arg[1]), tonumber(arg[2])
local find, sub = string.find, string.sub
local yield = coroutine.yield

local Device = {}
Device.__index = Device

--- Goes on with the task that waits.
local function resume(device, answer)
    local task = device.task
    device.task = nil
    local done, problem = coroutine.resume(task, answer)
    if not done then error(debug.traceback(task, problem), 0) end
end

--- What has come up to and with the delimiter, or nothing.
local function take(device)
    local buffer = device.buffer
    local _, last = find(buffer, device.delimiter, 1, true)
    if not last then return nil end
    if last == #buffer then
        device.buffer = ''
        return buffer
    end
    device.buffer = sub(buffer, last + 1)
    return sub(buffer, 1, last)
end

--- Connects, from within a coroutine.
function Device.connect()
    local device = setmetatable({socket = uv.new_tcp(), timer = uv.new_timer(), buffer = ''}, Device)
    device.task = coroutine.running()
    device.socket:connect('127.0.0.1', port, function(failure) resume(device, failure) end)
    local failure = yield()
    assert(not failure, failure)
    device.socket:nodelay(true)
    device.timed_out = function() resume(device, '') end
    device.socket:read_start(function(problem, data)
        assert(data, problem or 'the connection was closed')
        device.buffer = device.buffer == '' and data or device.buffer .. data
        if not device.task then return end
        local answer = take(device)
        if not answer then return end
        device.timer:stop()
        resume(device, answer)
    end)
    return device
end

--- Sends, and returns what comes up to and with the delimiter, or an empty string when that takes too long.
function Device:send_and_wait(data, milliseconds, delimiter)
    self.delimiter = delimiter
    self.socket:write(data)
    self.timer:start(milliseconds, 0, self.timed_out)
    self.task = coroutine.running()
    return yield()
end

for _ = 1, tasks do
    coroutine.wrap(function()
        local device = Device.connect()
        while true do
            assert(device:send_and_wait('Pwr?\r\n', 3000, '\r\n') == 'Pwr1\r\n')
        end
    end)()
end
uv.run()
