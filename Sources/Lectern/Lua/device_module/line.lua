-- DeviceModule, 8: the requests to a device: one after the other, no faster than it can take them.

local host = ...
local kit = host.kit

local type, tostring, error, pcall = type, tostring, error, pcall
local uptime = GetSystemUpTime
local IOError, TypeError, ipairs = IOError, TypeError, ipairs

-- A time is a sum of floats: it may miss the timer's by less than this.
local SLACK = 1e-6

-- How often a request is sent again to a device that is busy.
local REPEATS <const> = 3

--- Has the timer call at `time`, if it does not call earlier anyway.
local function arm(d, time, now)
    if d.due and d.due <= time + SLACK then return end
    d.due = time
    local timer = d.timer
    timer:Change(time > now and time - now or 0)
    timer:Restart()
end
kit.arm = arm

--- What the function that a module has as 'query' asks; nil: nothing.
local function question(object, job)
    local command = job.command
    local body = command.query(object, nil, job.record.qualifier)
    if body ~= nil and type(body) ~= "string" then
        error(TypeError(("%s: 'query' must give a string, got a %s"):format(command.name, type(body))), 0)
    end
    return body
end

--- Sends a request now: attempt 1 is the first. The state is that of a request under way before Send, which may wait.
local function transmit(d, job, attempt)
    local object, protocol, command, timeout = d.object, d.protocol, job.command, d.protocol.timeout
    job.attempt = attempt
    local body = job.body or command.query
    if type(body) ~= "string" then
        body = body and question(object, job)
        if body == nil then return end -- the module has nothing to say
    end
    if protocol.wrap then
        body = protocol.wrap(object, body, attempt)
        if body == nil then return end
    end
    d.sent = command
    if job.isQuery then d.asked[command.name] = job end
    if protocol.gap > 0 then d.free = uptime() + protocol.gap end
    -- Whether somebody will answer.
    if timeout and job.match and not (object.Unidirectional and kit.is_unidirectional(d)) then
        local now = uptime()
        local deadline = now + timeout
        d.current, d.deadline = job, deadline
        arm(d, deadline, now)
    end
    local done, problem = pcall(object.Send, object, body)
    if not done then
        if d.current == job then d.current = nil end
        error(problem, 0)
    end
    if not job.isQuery and command.confirm and d.current ~= job then kit.confirm(d, job) end
end

--- Whether the device takes no set now.
local function is_busy(d)
    local busy = d.protocol.busy
    return busy and busy(d.object)
end

local function next_job(d)
    if d.waiting == 0 then return end
    local sets = d.sets
    if sets.head <= sets.tail and not is_busy(d) then return sets end
    local queries = d.queries
    if queries.head <= queries.tail then return queries end
end

local function pop(d, queue)
    local job = queue[queue.head]
    queue[queue.head] = nil
    queue.head = queue.head + 1
    if queue.head > queue.tail then queue.head, queue.tail = 1, 0 end
    d.waiting = d.waiting - 1
    job.isQueued = false
    return job
end

--- Sends a request; an error concerns this one only.
local function try(d, job, attempt)
    local done, problem = pcall(transmit, d, job, attempt)
    if not done then kit.complain(d, job.command.name, tostring(problem), "error") end
end

--- Sends what waits, as far as it may be sent now.
local function pump(d)
    while d.isReady and not d.current do
        local queue = next_job(d)
        if not queue then return end
        if d.free > 0 then
            local now = uptime()
            if now + SLACK < d.free then return arm(d, d.free, now) end
        end
        try(d, pop(d, queue), 1)
    end
end
kit.pump = pump

local function append(d, queue, job)
    queue.tail = queue.tail + 1
    queue[queue.tail] = job
    d.waiting = d.waiting + 1
    job.isQueued = true
end

--- Whether a query would have to wait, for the first time, for other requests.
function kit.is_behind_others(d, job)
    local current = d.current
    if job.isQueued or current == job then return false end
    return current ~= nil or d.waiting > 0 and next_job(d) ~= nil
end

--- Sends a request, or has it wait for its turn.
function kit.submit(d, job)
    local isQuery, current = job.isQuery, d.current
    -- The same question twice has one answer.
    if isQuery and (job.isQueued or current == job) then return end
    if not current and (d.isReady or not d.isUp) and (d.waiting == 0 or not next_job(d)) then
        local isFree = d.free == 0 or uptime() + SLACK >= d.free
        if isFree and (isQuery or not is_busy(d)) then return transmit(d, job, 1) end
    end
    if not isQuery then
        local range = job.command.declared.range
        if range and not range.each then
            -- Of a level only the last value counts.
            local waiting = d.levels[job.record]
            if waiting and waiting.isQueued then
                waiting.body = job.body
                return
            end
            d.levels[job.record] = job
        end
        if d.sets.tail - d.sets.head + 1 >= d.protocol.queue then
            error(IOError(("%s: %d commands wait to be sent already"):format(job.command.name, d.protocol.queue)), 3)
        end
    end
    append(d, isQuery and d.queries or d.sets, job)
    pump(d)
end

--- Asks for the status that a set has changed.
function kit.confirm(d, job)
    local record = job.record
    if job.command.confirm ~= job.command.name then
        record = kit.find(d, d.protocol.commands[job.command.confirm], record.qualifier)
    end
    kit.submit(d, record)
end

--- The device cannot answer the open request now: it is sent again, before all others of its kind, in `delay` seconds.
--- @return whether it is; false when that has been tried often enough
function kit.postpone(d, job, delay)
    local repeats = job.repeats or 0
    if d.current ~= job or repeats == REPEATS then return false end
    job.repeats = repeats + 1
    d.current = nil
    local now = uptime()
    d.free = now + delay
    local queue = job.isQuery and d.queries or d.sets
    queue.head = queue.head - 1
    queue[queue.head] = job
    d.waiting = d.waiting + 1
    job.isQueued = true
    arm(d, d.free, now)
    return true
end

--- A request was answered: the next one's turn.
function kit.settle(d, job)
    if d.current ~= job then return end
    d.current, job.repeats = nil, nil
    d.answered = job.record
    if not job.isQuery and job.command.confirm then kit.confirm(d, job) end
    if d.waiting > 0 then pump(d) end
end

--- Forgets all requests.
function kit.clear(d)
    d.current, d.answered = nil, nil
    for _, queue in ipairs({d.sets, d.queries}) do
        while queue.head <= queue.tail do pop(d, queue) end
    end
end

--- The timer has come to its time.
function kit.tick(d)
    d.due = nil
    local now = uptime()
    if d.current then
        if now + SLACK >= d.deadline then
            local job = d.current
            d.current = nil -- nobody answers; the counter tells of it
            if job.attempt <= d.protocol.retries then try(d, job, job.attempt + 1) else job.repeats = nil end
        else
            arm(d, d.deadline, now)
        end
    end
    if d.loginDeadline then
        if now + SLACK >= d.loginDeadline then kit.login_timed_out(d) else arm(d, d.loginDeadline, now) end
    end
    pump(d)
end

-- What the device says. ----------------------------------------------------------------------------------------------

local function dispatch(d, message)
    local protocol = d.protocol
    if protocol.unwrap then
        local body, problem = protocol.unwrap(d.object, message)
        if body == nil or body == false then
            if problem then kit.complain(d, nil, tostring(problem)) end
            return
        end
        message = body
    end
    local job = d.current
    if job and job.match(d, message, job) then return end
    local errors = protocol.errors
    for i = 1, #errors do
        if errors[i](d, message, job) then return end
    end
    local matchers = protocol.matchers_for(message)
    for i = 1, #matchers do
        if matchers[i](d, message, nil) then return end
    end
    local extra = d.extra
    for i = 1, #extra do
        local found = extra[i].pattern:search(message)
        if found then
            kit.alive(d)
            return extra[i].callback(found, extra[i].tag)
        end
    end
end

--- Takes one message. An error in the module's functions concerns this message only.
function kit.take(d, message)
    local done, problem = pcall(dispatch, d, message)
    if not done then kit.report(d, nil, problem) end
    -- The device may have told that it is not busy any more.
    if d.protocol.busy then pump(d) end
end
