-- DeviceModule, 8: a declaration, compiled. A protocol is what one model speaks over one kind of connection; all its
-- devices share it.

local host = ...
local kit = host.kit
local fail, check, names_of, instead = kit.fail, kit.check, kit.names_of, kit.instead

local type, tostring, next, ipairs, setmetatable = type, tostring, next, ipairs, setmetatable
local byte = string.byte

--- The declared commands with a model's differences: fields that it names, false for a command that it lacks.
local function commands_for(where, declared, differences)
    local commands = {}
    for name, command in next, declared do commands[name] = command end
    for name, change in next, differences or {} do
        if change == false then
            if commands[name] == nil then
                fail(where .. ": command '" .. tostring(name) .. "'", "there is none to leave out; %s",
                    instead(name, names_of(commands)))
            end
            commands[name] = nil
        else
            if type(change) ~= "table" then
                fail(where .. ": command '" .. tostring(name) .. "'", "must be a table or false, got a %s", type(change))
            end
            local merged = {}
            for field, value in next, type(commands[name]) == "table" and commands[name] or {} do merged[field] = value end
            for field, value in next, change do merged[field] = value end
            commands[name] = merged
        end
    end
    for _, name in ipairs(names_of(commands)) do
        if type(name) ~= "string" or name == "" then
            fail(where .. ": field 'commands'", "a command's name must be a string, got %s",
                name == "" and "''" or tostring(name))
        end
    end
    if commands.ConnectionStatus ~= nil then
        fail(where .. ": command 'ConnectionStatus'", "every module has this status; leave it out")
    end
    return commands
end

local function compile_qualifiers(where, declared)
    local qualifiers, seen = {}, {}
    if declared then kit.check_list(where .. ": field 'qualifiers'", declared) end
    for index, one in ipairs(declared or {}) do
        local codec = kit.qualifier_codec(where, one, index)
        if seen[codec.name] then fail(where, "there are two qualifiers '%s'", codec.name) end
        if codec.name == "value" then fail(where, "a qualifier cannot be named 'value'") end
        seen[codec.name] = true
        qualifiers[index] = codec
    end
    if declared and #qualifiers == 0 then fail(where .. ": field 'qualifiers'", "must be a list of qualifiers") end
    return qualifiers
end

--- The values of a command; the rest needs all commands to be known.
local function begin_command(where, name, declared)
    local place = where .. ": command '" .. name .. "'"
    check(place, declared, kit.command_fields)
    local command = {name = name, where = place, declared = declared}
    command.qualifiers = compile_qualifiers(place, declared.qualifiers)
    command.codec = kit.command_codec(place, declared)
    return command
end

--- `common`: what acknowledges any set. `acks` gets what tells acknowledgements.
local function finish_command(command, commands, common, acks)
    local declared, where = command.declared, command.where
    if not (declared.set or declared.query or declared.reply) then
        fail(where, "one of 'set', 'query' and 'reply' is needed")
    end
    local target = command
    if declared.updates then
        target = commands[declared.updates]
        if not target then
            fail(where .. ": field 'updates'", "there is no command '%s'; %s", declared.updates,
                instead(declared.updates, names_of(commands)))
        end
        if not declared.reply then fail(where .. ": field 'updates'", "it says what the 'reply' updates; there is none") end
    end
    if declared.set then
        command.set = kit.compile_template(
            where .. ": field 'set'", declared.set, command.qualifiers, not declared.trigger)
    end
    if declared.query then
        command.query = kit.compile_template(where .. ": field 'query'", declared.query, command.qualifiers, false)
    end
    local first
    if declared.reply then
        command.reply, first = kit.reply_matcher(where .. ": field 'reply'", declared.reply, target)
        command.replyText = kit.pattern_text(declared.reply)
    end
    local ack = declared.ack
    if ack == nil then
        if command.set then command.ack, command.ackText = common.match, common.text end
    elseif ack == true then
        if not command.reply then fail(where .. ": field 'ack'", "true means the 'reply'; there is none") end
        command.ack, command.ackText = command.reply, command.replyText
    else
        command.ack, acks[#acks + 1] = kit.ack_matcher(where .. ": field 'ack'", ack)
        command.ackText = kit.pattern_text(ack)
    end
    if declared.confirm then
        if not command.set then fail(where .. ": field 'confirm'", "it asks after a 'set'; there is none") end
        if not (command.query or target.declared.query) then
            fail(where .. ": field 'confirm'", "it asks after a set; there is no 'query'")
        end
        command.confirm = command.query and command.name or target.name
    end
    return first
end

--- Matchers by the byte that a message begins with: those that need another byte are not tried.
local function index_matchers(entries)
    local by_byte, any = {}, {}
    for _, entry in ipairs(entries) do
        if entry.first and not by_byte[entry.first] then by_byte[entry.first] = {} end
    end
    for _, entry in ipairs(entries) do
        if not entry.first then
            any[#any + 1] = entry.match
            for _, list in next, by_byte do list[#list + 1] = entry.match end
        else
            local list = by_byte[entry.first]
            list[#list + 1] = entry.match
        end
    end
    return function(message) return by_byte[byte(message)] or any end
end

--- The fields of a declaration with those that a model and a connection have of their own.
local function layered(declaration, differences, connection)
    local all = {}
    for _, layer in ipairs({declaration, differences, connection}) do
        for field, value in next, layer do all[field] = value end
    end
    all.commands = nil
    return all
end

--- Compiles the errors of a device: those that are looked at before replies, by the byte that they begin with, and those
--- that are looked at after them.
local function compile_errors(where, protocol, declared)
    local entries, last = {}, {}
    for index, one in ipairs(declared) do
        local match, first, isLast = kit.error_matcher(where, one, index)
        if isLast then last[#last + 1] = match else entries[#entries + 1] = {match = match, first = first} end
        kit.add_pattern(protocol.patterns, one, "error " .. index)
    end
    protocol.errors_for, protocol.last_errors = #entries > 0 and index_matchers(entries) or nil, last
end

--- Compiles what a model speaks over a kind of connection.
function kit.compile(where, declaration, differences, kind, connection)
    local all = layered(declaration, differences, connection)
    if all.retries and not all.timeout then
        fail(where .. ": field 'retries'", "what is not answered in time is sent again; there is no 'timeout'")
    end
    local protocol = {
        name = declaration.name, wrap = all.wrap, unwrap = all.unwrap, gap = all.gap or 0, timeout = all.timeout,
        retries = all.retries or 0, busy = all.busy, handshake = all.handshake, telnet = all.telnet,
        queue = all.queue or 64, init = all.init, connected = all.connected, disconnected = all.disconnected,
        commands = {}, patterns = {}, acks = {},
    }
    local framing = all.framing
    if not framing and kind == "UDP" then framing = {datagram = true} end
    -- A mistake is where it was declared: in the connection or in the module.
    local function origin(field)
        return connection[field] and where .. ": connection '" .. kind .. "'" or where
    end
    protocol.frame = kit.framer(origin("framing"), framing)
    if all.login then protocol.login = kit.compile_login(origin("login") .. ": field 'login'", all.login) end
    for _, field in ipairs({"messages", "errors"}) do
        if all[field] then kit.check_list(where .. ": field '" .. field .. "'", all[field]) end
    end
    local common, acks, patterns = {}, protocol.acks, protocol.patterns
    if all.ack ~= nil then
        common.match, acks[1] = kit.ack_matcher(where .. ": field 'ack'", all.ack)
        common.text = kit.pattern_text(all.ack)
        kit.add_pattern(patterns, all.ack, "ack")
    end
    local declared = commands_for(where, declaration.commands, differences.commands)
    if next(declared) == nil then fail(where .. ": field 'commands'", "there is none in it") end
    local commands, entries = protocol.commands, {}
    for _, name in ipairs(names_of(declared)) do commands[name] = begin_command(where, name, declared[name]) end
    for index, message in ipairs(all.messages or {}) do
        local match, first = kit.message_matcher(where, message, index)
        entries[#entries + 1] = {match = match, first = first}
    end
    for _, name in ipairs(names_of(declared)) do
        local first = finish_command(commands[name], commands, common, acks)
        if commands[name].reply then entries[#entries + 1] = {match = commands[name].reply, first = first} end
        kit.add_pattern(patterns, declared[name].reply, name)
        if declared[name].ack ~= true then kit.add_pattern(patterns, declared[name].ack, name) end
        protocol.hasReplies = protocol.hasReplies or commands[name].reply ~= nil
    end
    for index, message in ipairs(all.messages or {}) do kit.add_pattern(patterns, message, "message " .. index) end
    protocol.matchers_for = index_matchers(entries)
    compile_errors(where, protocol, all.errors or {})
    -- A status like the others, which no device reports.
    commands.ConnectionStatus = {name = "ConnectionStatus", qualifiers = {}, codec = kit.reported, isOwn = true}
    return protocol
end
