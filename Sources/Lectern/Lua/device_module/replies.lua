-- DeviceModule, 4: what the device says. A matcher is a function of the device's state, the message, and the request that
-- is open or nil; it tells whether the message was its own.

local host = ...
local kit = host.kit
local fail, check = kit.fail, kit.check

local type, select, next, tostring, pcall = type, select, next, tostring, pcall
local sub = string.sub
local match, byte = string.match, string.byte
local groups, compile = host.re_groups, re.compile
local isinstance, Pattern = isinstance, Pattern

--- Splits what may be declared as a pattern: a string or Pattern of `re`, or a table that has one, or a Lua pattern in
--- its field `lua`, and may have a function.
local function parts_of(where, declared)
    if type(declared) == "string" or isinstance(declared, Pattern) then return declared, nil, nil end
    if type(declared) ~= "table" then fail(where, "must be a pattern, got a %s", type(declared)) end
    local lua, pattern, f = declared.lua, nil, nil
    for key in next, declared do
        if key ~= 1 and key ~= 2 and key ~= "lua" then
            fail(where, "there is no '%s' in a pattern; it is {pattern, function} or {lua = pattern, function}", tostring(key))
        end
    end
    if lua ~= nil then
        if type(lua) ~= "string" then fail(where, "'lua' must be a Lua pattern, got a %s", type(lua)) end
        f = declared[1]
    else
        pattern, f = declared[1], declared[2]
        if not (type(pattern) == "string" or isinstance(pattern, Pattern)) then
            fail(where, "the first of the table must be a pattern, got a %s", type(pattern))
        end
    end
    return pattern, lua, f
end

--- The byte that every match begins with, if the pattern says so plainly.
local function first_byte(text, is_lua)
    local first, behind = text:match("^%^(.)(.?)")
    if not first or not is_lua and text:find("|", 1, true) then return nil end
    if not first:find(is_lua and "[%w:=_!@#&~<>;,/]" or "[%w:=_!@#&~<>;,/%%]") then return nil end
    if behind:find("[*?{-]") then return nil end
    return byte(first)
end
kit.first_byte = first_byte

--- Behind the set of a Lua pattern that begins at `at`; nil when nothing ends it.
local function behind_set(text, at)
    at = at + 1
    if text:sub(at, at) == "^" then at = at + 1 end
    repeat
        if at > #text then return nil end
        at = at + (text:sub(at, at) == "%" and 2 or 1)
    until text:sub(at, at) == "]"
    return at + 1
end

--- What is wrong with a Lua pattern. Lua itself tells only when a match comes as far as the mistake.
local function lua_fault(text)
    local at, count, open, done = 1, 0, {}, {}
    while at <= #text do
        local c, next_one = text:sub(at, at), text:sub(at + 1, at + 1)
        if c == "(" then
            count = count + 1
            open[#open + 1] = count
        elseif c == ")" then
            if #open == 0 then return "there is a ) too many" end
            done[table.remove(open)] = true
        elseif c == "[" then
            at = behind_set(text, at)
            if not at then return "a ] is missing" end
            at = at - 1
        elseif c == "%" then
            if next_one == "" then return "it ends with %" end
            if next_one == "b" and #text < at + 3 then return "%b needs two characters" end
            if next_one == "f" and text:sub(at + 2, at + 2) ~= "[" then return "%f needs a set" end
            if next_one:find("%d") and not done[tonumber(next_one)] then return "there is no capture %" .. next_one end
            at = at + (next_one == "b" and 3 or 1)
        end
        at = at + 1
    end
    if #open > 0 then return "a ) is missing" end
    if count > 32 then return "it has more than 32 captures" end
end

--- Compiles a pattern: a function that gives a message's captures, or the whole match, or nil when it does not match.
--- @return the function; what may stand for the pattern as `re` Pattern; the first byte; the function beside it
local function capturer(where, declared)
    local pattern, lua, f = parts_of(where, declared)
    if lua then
        local fault = lua_fault(lua)
        if fault then fail(where, "'%s' is no Lua pattern: %s", lua, fault) end
        return function(message) return match(message, lua) end, nil, first_byte(lua, true), f
    end
    local compiled = pattern
    if type(pattern) == "string" then
        local fits, result = pcall(compile, pattern)
        if not fits then fail(where, "%s", result.message or tostring(result)) end
        compiled = result
    end
    local text = compiled.pattern
    return function(message) return groups(compiled, message) end, compiled, compiled.flags == 0 and first_byte(text) or nil, f
end
kit.capturer = capturer

--- The text of what is declared as a pattern, whether it is Lua's, and its flags; nil for a function.
function kit.pattern_text(declared)
    if type(declared) == "string" then return declared, false, 0 end
    if isinstance(declared, Pattern) then return declared.pattern, false, declared.flags end
    if type(declared) ~= "table" then return nil end
    if declared.lua ~= nil then return declared.lua, true, 0 end
    return kit.pattern_text(declared[1])
end

--- The order of the captures of a pattern whose groups have the names of the qualifiers and 'value'.
local function named_order(where, compiled, command)
    local index = compiled and compiled.groupindex
    if not index or next(index) == nil then return nil end
    local order, known = {}, {"value"}
    for i, qualifier in ipairs(command.qualifiers) do
        known[i + 1] = qualifier.name
        order[i] = index[qualifier.name] or index[(qualifier.name:gsub("%W", "_"))]
    end
    local used = {}
    for _, group in next, order do used[group] = true end
    for _, name in ipairs(kit.names_of(index)) do
        if name ~= "value" and not used[index[name]] then
            fail(where, "the group '%s' is no qualifier; %s", name, kit.instead(name, known))
        end
    end
    if not index.value then fail(where, "there is no group named 'value'") end
    order.value = index.value
    return order
end

local shown_of = kit.shown_of

--- The record that a message with qualifiers in it is about; nil and what is wrong with it.
local function record_of(d, command, job, order, ...)
    local count = #command.qualifiers
    local codes = select("#", ...)
    if not order and codes <= 1 then
        if job then return job.record, (...) end
        local last = d.asked[command.name]
        if last then return last, (...) end
        return nil, "nothing was asked that it could answer"
    end
    local qualifier = {}
    for i = 1, count do
        local codec = command.qualifiers[i]
        local place = i
        if order then place = order[i] end
        if place then
            local value = codec.decode((select(place, ...)))
            if value ~= nil then value = codec.admits(value) end
            if value == nil then
                return nil, ("%s is %s, but must be %s"):format(codec.name, shown_of(d, (select(place, ...))), codec.allowed)
            end
            qualifier[codec.name] = value
        elseif job and job.record.qualifier then
            qualifier[codec.name] = job.record.qualifier[codec.name]
        else
            return nil, "it does not say which " .. codec.name
        end
    end
    local place = count + 1
    if order then place = order.value end
    return kit.find(d, command, qualifier), (select(place, ...))
end

--- Whether what tells of a record answers a request: not when it is of the same command with another qualifier, as what
--- a device tells unasked may be.
local function answers(record, job)
    return not record or record == job.record or record.command ~= job.record.command
end

--- A matcher for a reply whose captures are codes.
local function by_codes(command, capture, order)
    local name, decode = command.name, command.codec.decode
    local publish, settle, unreadable = kit.publish, kit.settle, kit.unreadable
    local function unexpected(d, code, about)
        kit.alive(d)
        unreadable(d, about, shown_of(d, code) .. " is no value")
        return true
    end
    if #command.qualifiers == 0 and not order then
        return function(d, message, job)
            local code = capture(message)
            if code == nil then return false end
            local value = decode(code)
            if job then settle(d, job, value == nil) end
            if value == nil then return unexpected(d, code, command) end
            publish(d, d.singles[name], value)
            return true
        end
    end
    local function take(d, job, first, ...)
        if first == nil then return false end
        local record, code = record_of(d, command, job, order, first, ...)
        local value
        if record then value = decode(code) end
        if job and answers(record, job) then settle(d, job, value == nil) end
        if not record then
            kit.alive(d)
            unreadable(d, job and job.command == command and job.record or command, tostring(code))
            return true
        end
        if value == nil then return unexpected(d, code, record) end
        publish(d, record, value)
        return true
    end
    return function(d, message, job) return take(d, job, capture(message)) end
end

--- A matcher for a reply of which a function of the module makes the value.
local function by_function(command, capture, f)
    local publish, settle = kit.publish, kit.settle
    local function take(d, job, first, ...)
        if first == nil then return false end
        local value, qualifier = f(d.object, first, ...)
        if value == false then return false end
        local record
        if value ~= nil then
            record = qualifier == nil and (d.singles[command.name] or job and job.record) or kit.find(d, command, qualifier)
        end
        if job and answers(record, job) then settle(d, job) end
        if record then publish(d, record, value) else kit.alive(d) end
        return true
    end
    return function(d, message, job) return take(d, job, capture(message)) end
end

local function whole(message) return message end

--- Compiles the reply of a command. `target` is the command whose status it updates.
--- @return the matcher, and the first byte of what it matches or nil
function kit.reply_matcher(where, declared, target)
    if type(declared) == "function" then return by_function(target, whole, declared), nil end
    local capture, compiled, first, f = capturer(where, declared)
    if f ~= nil and type(f) ~= "function" then fail(where, "beside the pattern must be a function, got a %s", type(f)) end
    if f then return by_function(target, capture, f), first end
    return by_codes(target, capture, named_order(where, compiled, target)), first
end

--- A matcher for what acknowledges a set.
--- @return the matcher, and whether a message is such an acknowledgement
function kit.ack_matcher(where, declared)
    local capture, _, _, f = capturer(where, declared)
    if f ~= nil then fail(where, "there can be no function beside the pattern") end
    return function(d, message, job)
        if capture(message) == nil then return false end
        kit.settle(d, job)
        kit.alive(d)
        return true
    end, function(message) return capture(message) ~= nil end
end

--- A matcher for the errors of a device. They are signs of life.
--- @return the matcher, the first byte of what it matches or nil, and whether replies are looked at before it
function kit.error_matcher(where, declared, index)
    local place = where .. ": error " .. index
    local is_lua = type(declared) == "table" and declared.lua ~= nil
    check(place, declared, is_lua and {lua = "string", [1] = "template", again = "seconds", last = "true"}
        or {[1] = "pattern", [2] = "template", again = "seconds", last = "true"})
    if not is_lua and declared[1] == nil then fail(place, "must be {pattern, text}; the pattern is missing") end
    local text = is_lua and declared[1] or declared[2]
    local again = declared.again
    local capture, _, first_byte_of = capturer(place, is_lua and {lua = declared.lua} or declared[1])
    local function take(d, job, first, ...)
        if first == nil then return false end
        local said = text
        if type(text) == "function" then said = text(d.object, first, ...) end
        if said == false then return false end
        local isRepeated = again and job and kit.postpone(d, job, again)
        if job and not isRepeated then kit.settle(d, job, true) end
        kit.alive(d)
        said = kit.masked(d, tostring(said or first))
        kit.complain(d, "DeviceError", job and job.record or d.sent, said .. (isRepeated and "; it is sent again" or ""),
            (isRepeated and "again " or "") .. sub(said, 1, 60))
        return true
    end
    return function(d, message, job) return take(d, job, capture(message)) end, first_byte_of, declared.last == true
end

--- A matcher for a message that belongs to no command alone.
function kit.message_matcher(where, declared, index)
    local place = where .. ": message " .. index
    local capture, _, first, f = capturer(place, declared)
    if type(f) ~= "function" then fail(place, "must be {pattern, function}") end
    local function take(d, first_capture, ...)
        if first_capture == nil then return false end
        kit.alive(d)
        return f(d.object, first_capture, ...) ~= false
    end
    return function(d, message) return take(d, capture(message)) end, first
end
