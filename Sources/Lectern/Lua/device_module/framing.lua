-- DeviceModule, 4: messages out of bytes. A framer is a function of the device's state and the bytes that have arrived;
-- it hands each message on, keeps the beginning of one for later, and never keeps more than its limit.

local host = ...
local kit = host.kit
local fail, check = kit.fail, kit.check

local type, tostring, next = type, tostring, next
local find, sub = string.find, string.sub
local math_type = math.type
local search, start_of, end_of = Pattern.search, Match.start, Match.stop

local framing_fields = {
    delimiter = "string|table", length = "function", pattern = "pattern", datagram = "true", limit = "count",
}

--- Keeps what is no whole message yet, unless there is too much of it.
local function keep(d, rest, limit)
    if #rest > limit then
        kit.complain(d, nil, ("more than %d bytes came that are no message; they are dropped"):format(limit))
        rest = ""
    end
    d.buffer = rest
end

local function by_delimiter(delimiter, limit)
    local width = #delimiter
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        if d.buffer ~= "" then
            data = d.buffer .. data
            d.buffer = ""
        end
        local from = 1
        local at = find(data, delimiter, 1, true)
        while at do
            if at > from then
                take(d, sub(data, from, at - 1))
                if d.epoch ~= epoch then return end
            end
            from = at + width
            if from > #data then return end
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
        while true do
            local at, width
            for i = 1, #delimiters do
                local found = find(data, delimiters[i], from, true)
                if found and (not at or found < at or found == at and #delimiters[i] > width) then
                    at, width = found, #delimiters[i]
                end
            end
            if not at then break end
            if at > from then
                take(d, sub(data, from, at - 1))
                if d.epoch ~= epoch then return end
            end
            from = at + width
            if from > #data then d.ending = sub(data, at) end
        end
        keep(d, sub(data, from), limit)
    end
end

--- `length` tells how many bytes the message has that the bytes begin with: nil when it cannot know yet, false when no
--- message begins so; then one byte is left out.
local function by_length(length, limit)
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        data = d.buffer .. data
        d.buffer = ""
        local skipped = 0
        while data ~= "" do
            local count = length(data)
            if count ~= nil and (math_type(count) ~= "integer" or count < 1 or count > limit) then
                skipped = skipped + 1
                data = sub(data, 2)
            else
                if count == nil or count > #data then break end
                local message = sub(data, 1, count)
                data = sub(data, count + 1)
                take(d, message)
                if d.epoch ~= epoch then return end
            end
        end
        if skipped > 0 then kit.complain(d, nil, ("%d bytes that begin no message are left out"):format(skipped)) end
        keep(d, data, limit)
    end
end

local function by_pattern(pattern, limit)
    return function(d, data)
        local take, epoch = kit.take, d.epoch
        data = d.buffer .. data
        d.buffer = ""
        while true do
            local found = search(pattern, data)
            if not found then break end
            local from, to = start_of(found), end_of(found)
            if to < from then break end -- an empty match says nothing
            local message = sub(data, from, to)
            data = sub(data, to + 1)
            take(d, message)
            if d.epoch ~= epoch then return end
        end
        keep(d, data, limit)
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
