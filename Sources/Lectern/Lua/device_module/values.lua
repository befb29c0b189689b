-- DeviceModule, 3: the values of commands and qualifiers, as programs and as devices write them.

local host = ...
local kit = host.kit
local fail, check, names_of, quoted, instead = kit.fail, kit.check, kit.names_of, kit.quoted, kit.instead

local type, tostring, tonumber, next = type, tostring, tonumber, next
local math_type, floor, tointeger = math.type, math.floor, math.tointeger
local format = string.format

--- A codec says how one value looks to programs and to the device:
---   encode(value)  what is sent for it; nil when it is not allowed
---   decode(code)   the value that a device's code means; nil when it means none
---   allowed        what is allowed, in words

local function by_names(where, values, settable)
    local codes, names = {}, {}
    local all = names_of(values)
    if #all == 0 then fail(where .. ": field 'values'", "there is none in it") end
    for _, name in ipairs(all) do
        local code = values[name]
        local place = where .. ": field 'values'"
        if type(name) ~= "string" and type(name) ~= "number" then
            fail(place, "a value must be a string or a number, got a %s", type(name))
        end
        if type(code) ~= "string" and type(code) ~= "number" then
            fail(place, "the code of '%s' must be a string or a number, got a %s", tostring(name), type(code))
        end
        local text = tostring(code)
        if names[text] ~= nil then
            fail(place, "'%s' and '%s' have the same code '%s'", tostring(names[text]), tostring(name), text)
        end
        names[text] = name
        codes[name] = code
    end
    local may = all
    if settable then
        local place = where .. ": field 'settable'"
        local only = {}
        for _, name in ipairs(settable) do
            if codes[name] == nil then fail(place, "'%s' is none of the values; %s", tostring(name), instead(name, all)) end
            only[name] = codes[name]
        end
        if #settable == 0 or next(settable, #settable) ~= nil then fail(place, "must be a list of values") end
        codes, may = only, settable
    end
    return {
        encode = function(value) return codes[value] end,
        decode = function(code) return names[code] or names[tostring(code)] end,
        allowed = (#may == 1 and "" or "one of ") .. quoted(may),
        names = all,
        admits = function(value) return values[value] ~= nil and value or nil end,
    }
end

local range_fields = {
    min = "number", max = "number", step = "number", encode = "string|function", decode = "function",
    each = "boolean",
}

--- `place` is where messages say that the range is.
local function by_range(place, range)
    check(place, range, range_fields)
    local min, max, step = range.min, range.max, range.step or 1
    if not (min and max) then fail(place, "the fields 'min' and 'max' are both needed") end
    if min > max then fail(place, "min %s is above max %s", tostring(min), tostring(max)) end
    if step <= 0 then fail(place, "step must be above 0, got %s", tostring(step)) end
    local whole = tointeger(min) and tointeger(step)
    local write = range.encode
    if type(write) == "string" then
        local layout = write
        local fits, text = pcall(format, layout, whole and floor(min) or min)
        if not fits then fail(place .. ": field 'encode'", "'%s' is no format for a number: %s", layout, tostring(text)) end
        write = function(value) return format(layout, value) end
    end
    local read = range.decode or tonumber
    local function admits(value)
        if type(value) ~= "number" or value < min or value > max then return nil end
        local steps = (value - min) / step
        local nearest = floor(steps + 0.5)
        if steps - nearest > 1e-6 or nearest - steps > 1e-6 then return nil end
        return whole and tointeger(value) or value
    end
    local words = format("a number from %s to %s", tostring(min), tostring(max))
    if step ~= 1 then
        words = words .. " in steps of " .. tostring(step)
    elseif whole then
        words = format("a whole number from %s to %s", tostring(min), tostring(max))
    end
    return {
        encode = function(value)
            value = admits(value)
            if value == nil then return nil end
            if not write then return value end
            local code = write(value)
            if code == nil then
                fail(place .. ": field 'encode'", "the function returned nothing for %s; it must return the code", tostring(value))
            end
            return code
        end,
        decode = read,
        allowed = words,
        admits = admits,
    }
end

local function by_text(where, text)
    local most = math.maxinteger
    if text ~= true then
        check(where .. ": field 'text'", text, {max = "count"})
        most = text.max or most
    end
    local function admits(value)
        if type(value) == "string" and #value <= most then return value end
    end
    return {
        encode = admits, decode = function(code) return code end, admits = admits,
        allowed = most == math.maxinteger and "a string" or format("a string of at most %d bytes", most),
    }
end

local trigger = {
    encode = function(value)
        if value == nil then return "" end
    end,
    decode = function(code) return code end,
    allowed = "nil, for it is a trigger",
}

--- What only the device says, in its own words.
kit.reported = {decode = function(code) return code end, allowed = "nothing, for it cannot be set"}

--- The codec of a command.
function kit.command_codec(where, command)
    local kind
    for _, field in ipairs({"values", "range", "text", "trigger"}) do
        if command[field] ~= nil then
            if kind then fail(where, "the fields '%s' and '%s' exclude one another", kind, field) end
            kind = field
        end
    end
    if command.settable and kind ~= "values" then
        fail(where .. ": field 'settable'", "it is for commands with 'values'")
    end
    if kind == "values" then return by_names(where, command.values, command.settable) end
    if kind == "range" then return by_range(where .. ": field 'range'", command.range) end
    if kind == "text" then return by_text(where, command.text) end
    if kind == "trigger" then return trigger end
    if command.set then fail(where, "a command with 'set' needs one of 'values', 'range', 'text' and 'trigger'") end
    return kit.reported
end

local qualifier_fields = {
    name = "string", min = "number", max = "number", values = "table", text = "true|table", encode = "string|function",
    decode = "function", default = "any",
}

--- A qualifier's codec. `normal` gives the value as it is kept: a number also for a string that is one.
function kit.qualifier_codec(where, declared, index)
    local place = where .. ": qualifier " .. index
    check(place, declared, qualifier_fields)
    kit.need(place, declared, "name")
    place = where .. ": qualifier '" .. declared.name .. "'"
    local codec, kind
    for _, field in ipairs({"values", "text", "min"}) do
        if declared[field] ~= nil then
            if kind then fail(place, "the fields '%s' and '%s' exclude one another", kind, field) end
            kind = field
        end
    end
    if declared.values then
        codec = by_names(place, declared.values)
    elseif declared.text then
        codec = by_text(place, declared.text)
    elseif declared.min and declared.max then
        codec = by_range(place, {
            min = declared.min, max = declared.max, encode = declared.encode, decode = declared.decode,
        })
        local admits = codec.admits
        codec.admits = function(value)
            if type(value) == "string" then value = tonumber(value) end
            return admits(value)
        end
    else
        fail(place, "needs 'min' and 'max', or 'values', or 'text'")
    end
    codec.name = declared.name
    codec.default = declared.default
    if codec.default ~= nil and codec.admits(codec.default) == nil then
        fail(place .. ": field 'default'", "it must be %s", codec.allowed)
    end
    return codec
end

-- What is sent for a set or a query. ---------------------------------------------------------------------------------

local function pieces_of(where, template, known)
    local pieces, at = {}, 1
    local function add(text)
        if text ~= "" then pieces[#pieces + 1] = text end
    end
    while at <= #template do
        local from = template:find("[{}]", at)
        if not from then break end
        add(template:sub(at, from - 1))
        local brace = template:sub(from, from)
        if template:sub(from + 1, from + 1) == brace then
            add(brace)
            at = from + 2
        else
            local name, layout, behind = template:match("^{([%w_ ]+):?([^{}]*)}()", from)
            if not name then fail(where, "a brace at byte %d; write it twice, or name what it stands for", from) end
            local position = known[name]
            if not position then
                fail(where, "there is nothing named '%s'; %s", name, instead(name, names_of(known)))
            end
            if layout ~= "" and not layout:find("^%%[-+ #0]*%d*%.?%d*[diouxXcsqaAeEfgG]$") then
                fail(where, "'%s' is no format, such as %%02d", layout)
            end
            pieces[#pieces + 1] = {position = position, layout = layout ~= "" and layout or nil}
            at = behind
        end
    end
    add(template:sub(at))
    return pieces
end

--- Compiles a set or a query: a function of the device, the value's code, the qualifier's table, and the value.
--- A query of fixed text is that text.
function kit.compile_template(where, template, qualifiers, has_value)
    if type(template) == "function" then return template end
    local known = {}
    if has_value then known.value = 0 end
    for i, qualifier in ipairs(qualifiers) do known[qualifier.name] = i end
    local pieces = pieces_of(where, template, known)
    if #pieces == 0 then return "" end
    if #pieces == 1 and type(pieces[1]) == "string" then return pieces[1] end
    local fixed = true
    for _, piece in ipairs(pieces) do fixed = fixed and type(piece) == "string" end
    if fixed then return table.concat(pieces) end
    return function(_, code, qualifier)
        local parts = {}
        for i = 1, #pieces do
            local piece = pieces[i]
            if type(piece) == "table" then
                local text = code
                if piece.position > 0 then
                    local codec = qualifiers[piece.position]
                    text = codec.encode(qualifier[codec.name])
                end
                if piece.layout then
                    -- A code may be text that is a number, and a whole number may come as a float.
                    if piece.layout:find("[diouxXc]$") then text = tointeger(tonumber(text)) or text end
                    piece = format(piece.layout, text)
                else
                    piece = tostring(text)
                end
            end
            parts[i] = piece
        end
        return table.concat(parts)
    end
end
