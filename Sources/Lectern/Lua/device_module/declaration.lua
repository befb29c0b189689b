-- DeviceModule, 1: whether a declaration is one. A mistake names the module, the command and the field.

local host = ...

local type, tostring, next, error, getmetatable = type, tostring, next, error, getmetatable
local ValueError, isinstance, Pattern = ValueError, isinstance, Pattern
local sort, concat = table.sort, table.concat
local near = host.nearest

--- What the files of this folder share.
local kit = {}
host.kit = kit

--- Raises what is wrong at `where`, a path such as "DeviceModule 'X': command 'Power'".
local function fail(where, problem, ...)
    error(ValueError(where .. ": " .. problem:format(...)), 2)
end
kit.fail = fail

--- The names that a table has as keys, sorted, so that nothing depends on the order of a hash.
local function names_of(t)
    local names = {}
    for name in next, t do names[#names + 1] = name end
    sort(names, function(a, b) return tostring(a) < tostring(b) end)
    return names
end
kit.names_of = names_of

--- The words of a list for messages: 'a', 'b', 'c'.
function kit.quoted(names)
    local words = {}
    for i, name in ipairs(names) do
        words[i] = type(name) == "string" and "'" .. name .. "'" or tostring(name)
    end
    return concat(words, ", ")
end

local function is_text(value) return type(value) == "string" end

--- What to say of a name that is none of `names`.
function kit.instead(name, names)
    local words = {}
    for _, known in ipairs(names) do
        if is_text(known) then words[#words + 1] = known end
    end
    local hint = is_text(name) and near(name, words)
    if hint then return "did you mean '" .. hint .. "'?" end
    return #names > 0 and "there are " .. kit.quoted(names) or "there is none"
end

local function is_function(value) return type(value) == "function" end
local function is_plain_table(value) return type(value) == "table" and getmetatable(value) == nil end
local function is_pattern(value) return isinstance(value, Pattern) end

--- What fields may be, by the words that declare them.
local kinds = {
    string = {"a string", function(value) return is_text(value) and value ~= "" end},
    boolean = {"true or false", function(value) return type(value) == "boolean" end},
    ["true"] = {"true", function(value) return value == true end},
    ["function"] = {"a function", is_function},
    table = {"a table", is_plain_table},
    number = {"a number", function(value) return type(value) == "number" and value == value end},
    seconds = {"a number of seconds", function(value) return type(value) == "number" and value >= 0 and value < 1e6 end},
    count = {"a whole number from 1 on", function(value) return math.type(value) == "integer" and value >= 1 end},
    port = {"a port from 1 to 65535", function(value)
        return math.type(value) == "integer" and value >= 1 and value <= 65535
    end},
    template = {"a string or a function", function(value) return is_text(value) or is_function(value) end},
    pattern = {"a pattern", function(value)
        return is_text(value) or is_pattern(value) or is_plain_table(value)
    end},
    any = {"anything", function() return true end},
}

--- Checks that `t` is a table whose fields are those of `fields`: field -> the kinds that it may have, with a bar between.
function kit.check(where, t, fields)
    if not is_plain_table(t) then fail(where, "must be a table, got a %s", type(t)) end
    for _, name in ipairs(names_of(t)) do
        local allowed = fields[name]
        if not allowed then
            fail(where, "there is no field '%s'; %s", tostring(name), kit.instead(name, names_of(fields)))
        end
        local value, said, fits = t[name], {}, false
        for word in allowed:gmatch("%a+") do
            said[#said + 1] = kinds[word][1]
            fits = fits or kinds[word][2](value)
        end
        if not fits then
            local plain = type(value) == "number" or type(value) == "boolean"
            local got = value == "" and "''" or plain and tostring(value) or "a " .. type(value)
            fail(where .. ": field '" .. name .. "'", "must be %s, got %s", concat(said, " or "), got)
        end
    end
end

--- Checks that all keys of `t` are those of a list.
function kit.check_list(where, t)
    for _, key in ipairs(names_of(t)) do
        if math.type(key) ~= "integer" or key < 1 or key > #t then
            fail(where, "must be a list; '%s' is no place in one", tostring(key))
        end
    end
end

--- Checks that `t` has the field `name`.
function kit.need(where, t, name, why)
    if t[name] == nil then fail(where, "the field '%s' is missing%s", name, why and ": " .. why or "") end
end

kit.connection_fields = {
    port = "port", framing = "table", wrap = "function", unwrap = "function", gap = "seconds", timeout = "seconds",
    retries = "count", login = "table", handshake = "function", telnet = "true", Baud = "count", Data = "count",
    Parity = "string", Stop = "count", FlowControl = "string", CharDelay = "seconds", Mode = "string",
}

kit.module_fields = {
    name = "string", models = "table", connections = "table", framing = "table", wrap = "function",
    unwrap = "function", gap = "seconds", timeout = "seconds", retries = "count", busy = "function", login = "table",
    handshake = "function", commands = "table", errors = "table", ack = "pattern", messages = "table", queue = "count",
    init = "function", connected = "function", disconnected = "function", deviceUsername = "string", devicePassword = "string",
    connectionCounter = "count",
}

kit.command_fields = {
    values = "table", settable = "table", range = "table", text = "table|true", trigger = "true", qualifiers = "table",
    set = "template", query = "template", reply = "pattern|function", ack = "pattern|true", updates = "string",
    confirm = "boolean",
}

kit.serial_fields = {"Baud", "Data", "Parity", "Stop", "FlowControl", "CharDelay", "Mode"}

--- The kinds of connections and the fields of theirs that serial ports alone have.
kit.connection_kinds = {Ethernet = true, SSH = true, Serial = true, UDP = true}

--- Checks what concerns the module as a whole.
--- @return where messages say that it is
function kit.check_module(declaration)
    if not is_plain_table(declaration) then
        fail("DeviceModule", "the declaration must be a table, got a %s", type(declaration))
    end
    local name = declaration.name
    if not (is_text(name) and name ~= "") then fail("DeviceModule", "the field 'name' must be the module's name") end
    local where = "DeviceModule '" .. name .. "'"
    kit.check(where, declaration, kit.module_fields)
    kit.need(where, declaration, "connections", "which of Ethernet, SSH, Serial, UDP the device has")
    kit.need(where, declaration, "commands")
    if next(declaration.connections) == nil then fail(where .. ": field 'connections'", "there is none in it") end
    for _, kind in ipairs(names_of(declaration.connections)) do
        if not kit.connection_kinds[kind] then
            fail(where .. ": field 'connections'", "there is no '%s'; %s", tostring(kind),
                kit.instead(kind, names_of(kit.connection_kinds)))
        end
        kit.check(where .. ": connection '" .. kind .. "'", declaration.connections[kind], kit.connection_fields)
    end
    for model, differences in next, declaration.models or {} do
        local place = where .. ": model '" .. tostring(model) .. "'"
        if not is_text(model) then fail(place, "a model's name must be a string") end
        local fields = {}
        for field, kind in next, kit.module_fields do fields[field] = kind end
        fields.name, fields.models, fields.connections = nil, nil, nil
        kit.check(place, differences, fields)
    end
    return where
end
