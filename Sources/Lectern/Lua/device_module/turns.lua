-- DeviceModule, 6: a device gets its share of the time. What has come from it is dealt with for so long, or so much of it;
-- then everything else has its turn. What is no message is counted, and told.

local host = ...
local kit = host.kit

local sub, format = string.sub, string.format
local error, pcall = error, pcall
local uptime, sleep = GetSystemUpTime, time.sleep

--- What may be done for a device in one turn: so many bytes that are left out one by one, or 256 messages.
local WORK <const> = 8192
--- What a message counts.
local MESSAGE <const> = 32
--- So many bytes that are looked at count one.
local LOOKED_AT <const> = 64
--- For so many seconds a device may have its turn; looked at with each message and with every 64th byte that is left out.
local TURN <const> = 0.004
--- Between two turns of a device. Not 0: the loop first looks for what others have sent only when nothing is due at once.
local PAUSE <const> = 0.0005
--- When so many seconds have passed, what was done before them does not count any more.
local FORGOTTEN <const> = 0.01
--- Bytes of telnet and of a login are dealt with in pieces of so many.
local PIECE <const> = 4096
--- So many of the bytes that are left out are shown.
local SHOWN <const> = 60

--- What a new device has of all this.
function kit.begin_turns(d)
    d.work, d.workSince, d.turnBegan, d.isPaused = 0, 0, nil, false
    d.leftOut, d.longest, d.leftOutBytes = 0, nil, ""
end

--- Everything else has its turn.
--- @return whether the connection is still the same
local function pause(d)
    local epoch = d.epoch
    d.isPaused = true
    local done, problem = pcall(sleep, PAUSE)
    d.isPaused = false
    if not done then error(problem, 0) end
    local now = uptime()
    d.work, d.workSince, d.turnBegan = 0, now, now
    return d.epoch == epoch
end

--- Whether there is time left in this turn.
local function has_time(d)
    local now, began = uptime(), d.turnBegan
    if not began then
        d.turnBegan = now
        return true
    end
    return now - began < TURN
end

--- After a message behind which there are others.
--- @return false when the connection is another one since: what is left belongs to none
function kit.goes_on(d)
    local work = d.work + MESSAGE
    d.work = work
    if work < WORK and has_time(d) then return true end
    return pause(d)
end

--- After a byte that was left out.
--- @return false when the connection is another one since
function kit.skips_on(d)
    local work = d.work + 1
    d.work = work
    if work < WORK and (work & 63 ~= 0 or has_time(d)) then return true end
    return pause(d)
end

--- Counts bytes that were looked at.
function kit.look_at(d, count) d.work = d.work + count // LOOKED_AT end

--- Takes what has arrived.
function kit.receive(d, data)
    -- What came before is still being dealt with, by the timer of a login.
    while d.isPaused do sleep(PAUSE) end
    local work = d.work + MESSAGE + #data // LOOKED_AT
    d.work, d.turnBegan = work, nil
    if work > WORK // 2 then
        local now = uptime()
        if now - d.workSince > FORGOTTEN then
            d.work, d.workSince = MESSAGE, now
        elseif work >= WORK and not pause(d) then
            return
        end
    end
    local protocol = d.protocol
    if not protocol.telnet and not d.isLoggingIn then return protocol.frame(d, data) end
    local epoch = d.epoch
    for from = 1, #data, PIECE do
        local piece = #data <= PIECE and data or sub(data, from, from + PIECE - 1)
        if protocol.telnet then
            piece = kit.without_telnet(d, piece)
            -- It may have waited to send its answers.
            if d.epoch ~= epoch then return end
            d.work = d.work + WORK // 8
        end
        if piece ~= "" then
            if d.isLoggingIn then kit.login(d, piece) else protocol.frame(d, piece) end
            if d.epoch ~= epoch then return end
        end
        if from + PIECE <= #data and not kit.goes_on(d) then return end
    end
end

-- What is no message. -------------------------------------------------------------------------------------------------

--- More bytes came than a message may have.
function kit.too_long(d, rest, limit)
    d.longest = limit
    kit.leave_out(d, rest)
end

--- These bytes are no message.
function kit.leave_out(d, bytes)
    d.leftOut = d.leftOut + #bytes
    local shown = d.leftOutBytes
    if #shown < SHOWN then d.leftOutBytes = shown .. sub(bytes, 1, SHOWN - #shown) end
end

--- Tells how many bytes were left out, which and why.
function kit.tell_left_out(d)
    local isTold = kit.complain(d, "Framing", nil, function()
        local count, limit, place = d.leftOut, d.longest, d.protocol.place
        local bytes = kit.shown_of(d, d.leftOutBytes)
        if #d.leftOutBytes < count then bytes = bytes .. " …" end
        if limit then
            return format("more than %d bytes came that are no message; they are dropped: %s (%d bytes; declared at %s)",
                limit, bytes, count, place)
        end
        return format("%d bytes that begin no message are left out: %s (declared at %s)", count, bytes, place)
    end)
    if isTold then d.leftOut, d.longest, d.leftOutBytes = 0, nil, "" end
end

--- The connection is over: what was left out since the warning is told, too.
function kit.forget_left_out(d)
    if d.leftOut == 0 then return end
    kit.write_log(d, nil, format("%d more bytes that are no message were left out", d.leftOut), "info")
    d.leftOut, d.longest, d.leftOutBytes = 0, nil, ""
end
