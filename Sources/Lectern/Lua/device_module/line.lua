-- DeviceModule, 10: the requests to a device: one after the other, no faster than it can take them.

local host = ...
local kit = host.kit

local type, tostring, error, pcall = type, tostring, error, pcall
local uptime = GetSystemUpTime
local IOError, TypeError, ipairs, select = IOError, TypeError, ipairs, select
local format, label, debug = string.format, kit.label, kit.debug

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
    local body = kit.given("query", "what asks, or nil to ask nothing", command.query(object, nil, job.record.qualifier))
    if body ~= nil and type(body) ~= "string" then
        error(TypeError(("%s: 'query' must give a string, got a %s"):format(label(job.record), type(body))), 0)
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
        if type(body) ~= "string" then
            error(TypeError(format("%s: the function 'wrap' returned %s; it must return a string, what is sent",
                label(job.record), body == nil and "nothing" or "a " .. type(body))), 0)
        end
    end
    d.sent, job.sent = job.record, body
    if debug then debug(d, job.record, attempt > 1 and "sends %s again" or "sends %s", kit.shown_of(d, body)) end
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
    if not job.isQuery and command.confirm and d.current ~= job and not job.isSilent then kit.confirm(d, job) end
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
    if not done then
        problem = kit.masked(d, tostring(problem))
        kit.complain(d, "Failed", job.record, problem, problem:sub(1, 60), "error")
    end
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
            error(IOError(("%s: %d commands wait to be sent already"):format(label(job.record), d.protocol.queue)), 3)
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
--- @param isWrong whether by an error, or by what nobody can read
function kit.settle(d, job, isWrong)
    if d.current ~= job then return end
    d.current, job.repeats = nil, nil
    d.answered = job.record
    if d.troubled and not isWrong then kit.well(d, job.command.name) end
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
            d.current = nil
            if job.attempt <= d.protocol.retries then
                try(d, job, job.attempt + 1)
            else
                job.repeats = nil
                kit.unanswered(d, job)
            end
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

--- Finds out whose a message is.
--- @return whether it is somebody's, and no error
local function dispatch(d, message)
    local protocol, job = d.protocol, d.current
    -- First, so that no reply swallows one.
    local errors_for = protocol.errors_for
    if errors_for then
        local errors = errors_for(message)
        for i = 1, #errors do
            if errors[i](d, message, job) then return false end
        end
    end
    if job and job.match(d, message, job) then
        if debug then debug(d, job.record, "%s is its answer", kit.shown_of(d, message)) end
        return true
    end
    local last_errors = protocol.last_errors
    for i = 1, #last_errors do
        if last_errors[i](d, message, job) then return false end
    end
    local matchers = protocol.matchers_for(message)
    for i = 1, #matchers do
        if matchers[i](d, message, nil) then
            if debug then debug(d, nil, "%s answers no request, but is understood", kit.shown_of(d, message)) end
            return true
        end
    end
    local extra = d.extra
    for i = 1, #extra do
        local found = extra[i].pattern:search(message)
        if found then
            kit.alive(d)
            extra[i].callback(found, extra[i].tag)
            return true
        end
    end
    -- The acknowledgement of a set that is over, or that nobody waits for.
    local acks = protocol.acks
    for i = 1, #acks do
        if acks[i](message) then
            kit.alive(d)
            return true
        end
    end
    kit.unmatched(d, message)
    return false
end

--- The same for a message of which `unwrap` has returned the rest.
local function unwrapped(d, message, ...)
    local body, problem, expected, got = ...
    if type(body) == "string" then return dispatch(d, body) end
    if body ~= nil and body ~= false then
        error(TypeError("the function 'unwrap' must return a string, or nil and what is wrong; got a " .. type(body)), 0)
    end
    if select("#", ...) == 0 then
        error(TypeError("the function 'unwrap' returned nothing; it must return what is matched, or nil and what is wrong "
            .. "(nil alone: the message is not for this device)"), 0)
    end
    if problem then
        kit.spoiled(d, message, problem, expected, got)
    elseif debug then
        debug(d, nil, "'unwrap' drops %s", kit.shown_of(d, message))
    end
    return false
end

local function take(d, message)
    local unwrap = d.protocol.unwrap
    if unwrap then return unwrapped(d, message, unwrap(d.object, message)) end
    return dispatch(d, message)
end

--- Takes one message. An error in the module's functions concerns this message only.
function kit.take(d, message)
    if debug then debug(d, nil, "framing gives the message %s", kit.shown_of(d, message)) end
    local done, result = pcall(take, d, message)
    if not done then
        kit.fault(d, result)
    elseif result and d.troubled then
        kit.understood(d)
    end
    -- The device may have told that it is not busy any more.
    if d.protocol.busy then pump(d) end
end
