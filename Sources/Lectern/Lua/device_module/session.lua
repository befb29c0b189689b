-- DeviceModule, 12: connections begin and end. What a device wants first, a login or a handshake, holds commands back.

local host = ...
local kit = host.kit
local fail, check = kit.fail, kit.check
local near, debug = host.nearest, kit.debug

local type, tostring, pcall, ipairs, next = type, tostring, pcall, ipairs, next
local sub, Wait, uptime = string.sub, Wait, GetSystemUpTime
local search, stop_of, start_of, group_of = Pattern.search, Match.stop, Match.start, Match.group

-- Login. -------------------------------------------------------------------------------------------------------------

local step_fields = {prompt = "pattern", send = "template", done = "boolean"}
local login_fields = {failed = "pattern", done = "pattern", timeout = "seconds", ending = "any"}

local function prompt_of(where, pattern)
    local _, compiled = kit.capturer(where, pattern)
    if not compiled then fail(where, "a prompt must be a pattern of re") end
    return compiled
end

--- Compiles a login: a list of steps, and what tells of its end.
function kit.compile_login(where, declared)
    local login = {steps = {}, timeout = declared.timeout or 5, ending = declared.ending or "\r"}
    local fields = {}
    for field, kind in next, login_fields do fields[field] = kind end
    for index in ipairs(declared) do fields[index] = "table" end
    check(where, declared, fields)
    if type(login.ending) ~= "string" then fail(where .. ": field 'ending'", "must be a string") end
    if #declared == 0 then fail(where, "there are no steps in it") end
    for index, step in ipairs(declared) do
        local place = where .. ": step " .. index
        check(place, step, step_fields)
        kit.need(place, step, "prompt")
        local send = step.send
        if type(send) == "string" and send:find("^%a+$") then
            local word = near(send, {"username", "password"})
            if word and word ~= send then
                fail(place .. ": field 'send'", "did you mean '%s', which stands for the device's field, instead of '%s'?",
                    word, send)
            end
        end
        login.steps[index] = {
            pattern = prompt_of(place .. ": field 'prompt'", step.prompt), send = send, isSure = step.done,
            isLast = step.done or index == #declared and step.done == nil and declared.done == nil,
        }
        login.asksUser = login.asksUser or send == "username"
    end
    if declared.failed then login.failed = prompt_of(where .. ": field 'failed'", declared.failed) end
    if declared.done then login.done = prompt_of(where .. ": field 'done'", declared.done) end
    return login
end

local function run_handshake(d, epoch)
    local done, result = pcall(d.protocol.handshake, d.object)
    if d.epoch ~= epoch then return end
    d.isGreeting = false
    if not done then
        kit.fault(d, result)
        return kit.refuse(d, "the handshake failed")
    end
    if result == false or type(result) == "string" then
        return kit.refuse(d, "the handshake failed" .. (result and ": " .. kit.masked(d, result) or ""))
    end
    kit.ready(d)
end

local function after_login(d)
    d.isLoggingIn, d.loginDeadline = false, nil
    if not d.protocol.handshake then return kit.ready(d) end
    local epoch = d.epoch
    d.isGreeting = true
    -- A task of its own, so that what the device says meanwhile is taken in.
    Wait(0, function() run_handshake(d, epoch) end)
end

--- The device does not let us in: nothing is sent until the next connection.
function kit.refuse(d, problem)
    d.isLoggingIn, d.loginDeadline, d.isReady = false, nil, false
    d.refusal = problem
    d.buffer, d.hasAnswered = "", false
    kit.clear(d)
    kit.complain(d, "Refused", nil, problem, problem)
    kit.lost(d)
    -- The status may have been Disconnected before; to the handler the connection is a new one.
    if d.tellHandler then d.tellHandler("Disconnected") end
end

--- No trace of what goes over the wire shows the password.
local function keep_password(d)
    local password = d.object.devicePassword
    if type(password) == "string" then host.keep_secret(password) end
end

--- What a step sends; nil and a problem when the program has not said it.
local function answer_of(d, step, found)
    keep_password(d)
    local send = step.send
    if type(send) == "function" then
        local text, problem = send(d.object, found)
        if text == false then return nil, problem and kit.masked(d, tostring(problem)) or "the login failed" end
        if type(text) ~= "string" then
            return nil, ("the login failed: its function 'send' returned %s; it must return a string, '' to send nothing, "
                .. "or false and why not"):format(text == nil and "nothing" or "a " .. type(text))
        end
        return text
    end
    local field = send == "username" and "deviceUsername" or send == "password" and "devicePassword"
    if not field then return send or "" end
    local text = d.object[field]
    if text == nil or text == false then return nil, "the device asks for a " .. send .. ": set " .. field end
    return text .. d.protocol.login.ending
end

--- What is wrong when a device lets nobody in.
local function refusal_of(d)
    local user = d.protocol.login.asksUser and d.object.deviceUsername
    return "the password was refused: set devicePassword" .. (user and (" (deviceUsername is '%s')"):format(user) or "")
end

--- Takes what comes before the login is done: prompts need no line end.
function kit.login(d, data)
    local buffer = d.buffer .. data
    local plan = d.protocol.login
    local epoch = d.epoch
    while d.isLoggingIn do
        local at, behind, found, step, ending
        local function try(pattern, of, word)
            local match = pattern and search(pattern, buffer)
            if match and (not at or start_of(match) < at) then
                at, behind, found, step, ending = start_of(match), stop_of(match), match, of, word
            end
        end
        try(plan.failed, nil, "failed")
        try(plan.done, nil, "done")
        for _, one in ipairs(plan.steps) do try(one.pattern, one, one.isLast and "done") end
        if not at then break end
        buffer = sub(buffer, behind + 1)
        if ending == "failed" or step and d.tried[step] then
            return kit.refuse(d, refusal_of(d))
        end
        if step then
            d.tried[step] = true
            if debug then debug(d, nil, "login: the device prompts with %s", kit.shown_of(d, group_of(found))) end
            local text, problem = answer_of(d, step, found)
            if not text then return kit.refuse(d, problem) end
            if text ~= "" then d.object:Send(text) end
            if d.epoch ~= epoch then return end
        end
        if ending == "done" then
            d.buffer = ""
            -- A step that is the last one only because none follows does not tell that the device lets us in.
            d.hasAnswered = not step or step.isSure == true
            after_login(d)
            if buffer ~= "" and d.epoch == epoch then d.protocol.frame(d, buffer) end
            return
        end
    end
    if #buffer > 4096 then buffer = sub(buffer, -1024) end
    d.buffer = buffer
end

--- No prompt came: the device lets everybody in, as one does that is logged in already.
function kit.login_timed_out(d)
    local rest = d.buffer
    d.buffer = ""
    after_login(d)
    if rest ~= "" then d.protocol.frame(d, rest) end
end

-- Beginning and end. -------------------------------------------------------------------------------------------------

--- A connection begins.
function kit.begin(d)
    d.epoch = d.epoch + 1
    d.isUp, d.mustBegin, d.isReady, d.refusal, d.buffer, d.ending = true, false, false, nil, "", nil
    d.isGreeting, d.hasAnswered = false, false
    keep_password(d)
    kit.forget_left_out(d)
    kit.clear(d)
    kit.reset_telnet(d)
    -- A device that never answers neither asks for a password nor shakes hands.
    if kit.is_unidirectional(d) then return kit.ready(d) end
    local plan = d.protocol.login
    if not plan then return after_login(d) end
    d.isLoggingIn, d.tried = true, {}
    local now = uptime()
    d.loginDeadline = now + plan.timeout
    kit.arm(d, d.loginDeadline, now)
end

--- Tells the handler that the device is there. It hears of the connection after the device, and until then no word counts.
local function tell_handler_later(d)
    if not d.tellHandler then return end
    local epoch = d.epoch
    Wait(0, function()
        if d.epoch == epoch then d.tellHandler("Connected") end
    end)
end

--- Commands may be sent.
function kit.ready(d)
    d.isReady = true
    if d.troubled then kit.well(d, "Refused") end
    if d.hasAnswered then
        d.hasAnswered = false
        kit.connected(d)
    end
    -- Nobody will answer: that the connection is there is all that can be known.
    if not d.isPipe and kit.is_unidirectional(d) then
        kit.connected(d)
        tell_handler_later(d)
    end
    -- In a handshake the device may have shown already that it is there.
    if not d.isPipe or d.connection.value == "Connected" then kit.refresh(d) end
    kit.pump(d)
end

--- Asks for all that was asked for or subscribed to before: it may have changed while the device was away.
function kit.refresh(d)
    if not d.isStale then return end
    d.isStale = false
    if kit.is_unidirectional(d) then return end
    local answered = d.answered
    for i = 1, #d.wanted do
        if d.wanted[i] ~= answered then kit.submit(d, d.wanted[i]) end
    end
end

--- A connection is over.
local function drop(d)
    d.epoch = d.epoch + 1
    d.isUp, d.isReady, d.isLoggingIn, d.loginDeadline, d.refusal, d.buffer = false, false, false, nil, nil, ""
    d.isGreeting = false
    kit.forget_left_out(d)
    kit.clear(d)
    kit.lost(d)
end
kit.drop = drop

--- The device has started anew: login and handshake once more, then everything is asked for.
function kit.restart(d)
    local epoch = d.epoch
    -- Behind the message that tells of it there may be others.
    Wait(0, function()
        if d.epoch ~= epoch or not d.isUp then return end
        d.isStale = true
        kit.begin(d)
    end)
end

--- The device has said something. Before login and handshake are done, that does not mean that it can be used.
function kit.has_answered(d)
    if d.isLoggingIn or d.isGreeting then
        d.hasAnswered = true
    elseif not d.refusal then
        kit.connected(d)
    end
end

--- The device is there.
function kit.connected(d)
    if d.connection.value == "Connected" then return end
    d.object.connectionFlag = true
    kit.write(d, d.connection, "Connected")
    if d.protocol.connected then d.protocol.connected(d.object) end
    if d.isReady then kit.refresh(d) end
end

--- The device is not there.
function kit.lost(d)
    d.isStale = true
    -- A beginning that is under way is not begun again, however long it takes.
    local isBeginning = d.isLoggingIn or d.isGreeting
    if d.isPipe and (d.protocol.handshake or d.protocol.login) and not isBeginning then d.mustBegin = true end
    if d.connection.value == "Disconnected" then return end
    d.object.connectionFlag = false
    kit.write(d, d.connection, "Disconnected")
    if d.protocol.disconnected then d.protocol.disconnected(d.object) end
end

--- Joins a device with its interface.
function kit.join(d)
    local protocol = d.protocol
    local receive = kit.receive
    local isUp = host.device_attach(d.object, function(_, word)
        if word == "Connected" then
            kit.begin(d)
        elseif word == "Online" then
            -- The first time the port may have been used before it was found to be there.
            if d.isUp then return end
            d.isUp, d.mustBegin = true, true
            if protocol.login then kit.begin(d) end
        else
            drop(d)
        end
    end, function(_, data) receive(d, data) end)
    if d.isPipe then d.isUp, d.mustBegin = isUp, true end
    if isUp and protocol.login and d.isPipe then kit.begin(d) end
end
