-- DeviceModule, 7: messages out of bytes. A framer is a function of the device's state and the bytes that have arrived;
-- it hands each message on, keeps the beginning of one for later, and never keeps more than its limit. It goes through the
-- bytes by their places, so that a byte costs the same however many come behind it, and lets everything else have its turn
-- when it has done a turn's work: see turns.lua.

local host = ...
local kit = host.kit
local fail, check = kit.fail, kit.check

local goes_on, skips_on, look_at, leave_out = kit.goes_on, kit.skips_on, kit.look_at, kit.leave_out
local debug = kit.debug

local type, tostring, next = type, tostring, next
local find, sub = string.find, string.sub
local math_type, min = math.type, math.min
local search, start_of, end_of = Pattern.search, Match.start, Match.stop

local framing_fields = {
    delimiter = "string|table", length = "function", pattern = "pattern", datagram = "true", limit = "count",
}

--- How many bytes of what has come a function or a pattern is shown at first: messages are short, and to copy all that
--- came for each of them would take the square of the time.
local VIEW <const> = 2048
--- The same, while bytes are left out one by one.
local SKIPPING_VIEW <const> = 32
--- By how much a view grows that was too short.
local GROWTH <const> = 8

--- Keeps what is no whole message yet, unless there is too much of it.
local function keep(d, rest, limit)
    if #rest > limit then
        kit.too_long(d, rest, limit)
        rest = ""
    end
    d.buffer = rest
    if debug and rest ~= "" then debug(d, nil, "framing keeps %s until more comes", kit.shown_of(d, rest)) end
    if d.leftOut > 0 then kit.tell_left_out(d) end
end

local function by_delimiter(delimiter, limit)
    local width = #delimiter
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        -- In what was kept there is no delimiter, but its beginning may be there.
        local at = 1
        if d.buffer ~= "" then
            at = #d.buffer - width + 2
            if at < 1 then at = 1 end
            data = d.buffer .. data
            d.buffer = ""
        end
        local from = 1
        at = find(data, delimiter, at, true)
        while at do
            local isMessage = at > from
            if isMessage then
                take(d, sub(data, from, at - 1))
                if d.epoch ~= epoch then return end
            end
            from = at + width
            if from > #data then return end
            if not (isMessage and goes_on or skips_on)(d) then return end
            at = find(data, delimiter, from, true)
        end
        keep(d, from == 1 and data or sub(data, from), limit)
    end
end

--- Where a message begins in bytes that came behind the delimiter `ending`: they may begin with the rest of a longer one.
local function behind(delimiters, ending, data)
    local from = 1
    for i = 1, #delimiters do
        local whole = delimiters[i]
        if #whole > #ending and sub(whole, 1, #ending) == ending then
            local rest = sub(whole, #ending + 1)
            if #rest >= from and sub(data, 1, #rest) == rest then from = #rest + 1 end
        end
    end
    return from
end

--- Several delimiters: the one that comes first ends the message; of those at the same place the longest.
local function by_delimiters(delimiters, limit)
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        local from = 1
        if d.ending then
            from = behind(delimiters, d.ending, data)
            d.ending = nil
        end
        data = d.buffer .. data
        d.buffer = ""
        -- Where each comes next; false: nowhere. One that never comes is not looked for anew behind each message.
        local places
        while true do
            local at, width
            for i = 1, #delimiters do
                local found = places and places[i]
                if found == nil or found and found < from then
                    found = find(data, delimiters[i], from, true) or false
                    if places then places[i] = found end
                end
                if found and (not at or found < at or found == at and #delimiters[i] > width) then
                    at, width = found, #delimiters[i]
                end
            end
            if not at then break end
            local isMessage = at > from
            if isMessage then
                take(d, sub(data, from, at - 1))
                if d.epoch ~= epoch then return end
            end
            from = at + width
            if from > #data then
                d.ending = sub(data, at)
                break
            end
            if not (isMessage and goes_on or skips_on)(d) then return end
            places = places or {}
        end
        keep(d, sub(data, from), limit)
    end
end

--- What `length` says of the bytes from `from` on. It is shown more of them as long as it cannot know yet.
local function length_at(d, length, data, from, limit, isSkipping)
    local left = #data - from + 1
    local view = isSkipping and SKIPPING_VIEW or VIEW
    while view < left do
        local count = length(sub(data, from, from + view - 1))
        look_at(d, view)
        if count ~= nil then return count end
        if view <= limit then
            view = min(view * GROWTH, limit + 1)
        elseif isSkipping then
            return false -- longer than a message may be
        else
            view = left
        end
    end
    return length(from == 1 and data or sub(data, from))
end

--- `length` tells how many bytes the message has that the bytes begin with: nil when it cannot know yet, false when no
--- message begins so; then one byte is left out.
local function by_length(length, limit)
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        if d.buffer ~= "" then
            data = d.buffer .. data
            d.buffer = ""
        end
        local from, size, isSkipping = 1, #data, false
        while from <= size do
            local count = length_at(d, length, data, from, limit, isSkipping)
            if count ~= nil and (math_type(count) ~= "integer" or count < 1 or count > limit) then
                leave_out(d, sub(data, from, from))
                from = from + 1
                isSkipping = true
                if not skips_on(d) then return end
            else
                if count == nil or count > size - from + 1 then break end
                local message = sub(data, from, from + count - 1)
                from = from + count
                isSkipping = false
                take(d, message)
                if d.epoch ~= epoch then return end
                if from <= size and not goes_on(d) then return end
            end
        end
        keep(d, from == 1 and data or sub(data, from), limit)
    end
end

--- The first match in the bytes from `from` on. It is looked for in more of them when it is not in the first, or goes up to
--- their end and so may go on.
local function match_at(d, pattern, data, from)
    local left = #data - from + 1
    local view = VIEW
    while view < left do
        local found = search(pattern, sub(data, from, from + view - 1))
        look_at(d, view)
        if found and end_of(found) < view then return found end
        view = view * GROWTH
    end
    return search(pattern, from == 1 and data or sub(data, from))
end

--- Whether what is between two messages is more than blanks and marks, which may stand there in any number.
local function is_lost(bytes) return find(bytes, "[^%s%p\0]") ~= nil end

local function by_pattern(pattern, limit)
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        if d.buffer ~= "" then
            data = d.buffer .. data
            d.buffer = ""
        end
        local from = 1
        while from <= #data do
            local found = match_at(d, pattern, data, from)
            if not found then break end
            local first, last = start_of(found), end_of(found)
            if last < first then break end -- an empty match says nothing
            if first > 1 then
                local between = sub(data, from, from + first - 2)
                if is_lost(between) then leave_out(d, between) end
            end
            local message = sub(data, from + first - 1, from + last - 1)
            from = from + last
            take(d, message)
            if d.epoch ~= epoch then return end
            if from <= #data and not goes_on(d) then return end
        end
        keep(d, from == 1 and data or sub(data, from), limit)
    end
end

--- Compiles a framing.
function kit.framer(where, framing)
    if not framing then fail(where, "the field 'framing' is missing: how do messages end?") end
    where = where .. ": field 'framing'"
    check(where, framing, framing_fields)
    local kind
    for _, field in ipairs({"delimiter", "length", "pattern", "datagram"}) do
        if framing[field] ~= nil then
            if kind then fail(where, "the fields '%s' and '%s' exclude one another", kind, field) end
            kind = field
        end
    end
    if not kind then fail(where, "needs one of 'delimiter', 'length', 'pattern' and 'datagram'") end
    local limit = framing.limit or 2048
    if kind == "datagram" then return function(d, data) return kit.take(d, data) end end
    if kind == "length" then return by_length(framing.length, limit) end
    if kind == "pattern" then
        local _, pattern = kit.capturer(where .. ": field 'pattern'", framing.pattern)
        if not pattern then fail(where .. ": field 'pattern'", "must be a pattern of re") end
        return by_pattern(pattern, limit)
    end
    local delimiter = framing.delimiter
    for _, one in ipairs(type(delimiter) == "table" and delimiter or {delimiter}) do
        -- No device ends its messages so: an escape was meant.
        if type(one) == "string" and find(one, "^\\[rnt0x]") then
            fail(where .. ": field 'delimiter'", "%s is a backslash and what follows; did you mean '\\r', with one "
                .. "backslash and in quotes?", kit.shown(one))
        end
    end
    if type(delimiter) == "string" then return by_delimiter(delimiter, limit) end
    if #delimiter == 0 then fail(where .. ": field 'delimiter'", "there is none in it") end
    kit.check_list(where .. ": field 'delimiter'", delimiter)
    for i, one in ipairs(delimiter) do
        if type(one) ~= "string" or one == "" then
            fail(where .. ": field 'delimiter'", "number %d must be a string, got %s", i, one == "" and "''" or tostring(one))
        end
    end
    return by_delimiters(delimiter, limit)
end
