-- DeviceModule, 2: what goes wrong with a device. The log hears of each kind of trouble once, and again when all was well
-- in between; the program hears of every single one, when it wants to.

local host = ...
local kit = host.kit

local type, tostring, next, pcall, rawget, ipairs = type, tostring, next, pcall, rawget, ipairs
local select, error = select, error
local byte, sub, gsub, format = string.byte, string.sub, string.gsub, string.format
local concat, TypeError = table.concat, TypeError
local uptime, ProgramLog = GetSystemUpTime, ProgramLog
local debug_log = host.device_debug

--- The event of a device.
local EVENT <const> = "ErrorOccurred"
kit.error_event = EVENT

--- So many kinds of trouble are remembered of a device; all others are one kind together.
local MOST <const> = 64
--- So many of them are of messages that nothing matches.
local MOST_UNMATCHED <const> = 8
--- A kind of trouble that was told twice is not told again for so many seconds; then for twice as many, up to a day.
local SPACING <const>, LONGEST_SPACING <const> = 60, 86400
--- Trouble that did not come for so many seconds is over, whatever else there was.
local FORGOTTEN <const> = 3600
--- So many seconds must have passed without trouble, before a message that is understood means that it is over.
local QUIET <const> = 1
--- So many bytes are shown of a message.
local SHOWN <const> = 60
--- What is shown instead of a secret.
local MASK <const> = "****"

-- Words. --------------------------------------------------------------------------------------------------------------

local escapes = {["\r"] = "\\r", ["\n"] = "\\n", ["\t"] = "\\t"}

local function escaped(c) return escapes[c] or format("\\x%02x", byte(c)) end

--- Bytes in quotes, for messages: those that do not print as \r, \n, \t or \x00, and not all when there are many.
local function shown(bytes)
    bytes = tostring(bytes)
    local text = gsub(sub(bytes, 1, SHOWN), "[^ -~]", escaped)
    if #bytes <= SHOWN then return "'" .. text .. "'" end
    return format("'%s…' (%d bytes)", text, #bytes)
end
kit.shown = shown

local function without(text, secret)
    if secret == nil or secret == false or secret == "" then return text end
    return (gsub(text, (gsub(tostring(secret), "%W", "%%%0")), MASK))
end

--- What a device, a module or a program says, without the passwords that are set for the device.
local function masked(d, text)
    local object = d.object
    text = without(text, object.devicePassword)
    local credentials = object.Hostname and object.Credentials
    return credentials and without(text, credentials[2]) or text
end
kit.masked = masked

--- Bytes that were sent or received, for messages.
function kit.shown_of(d, bytes) return shown(masked(d, tostring(bytes))) end

--- A command and its qualifier, for messages: Input {Output = 2}.
--- @param about a record or a command
local function label(about)
    local command, qualifier = about.command or about, about.qualifier
    if type(qualifier) ~= "table" or #command.qualifiers == 0 then return command.name end
    local parts = {}
    for _, codec in ipairs(command.qualifiers) do
        local value = qualifier[codec.name]
        if value ~= nil then
            parts[#parts + 1] = codec.name .. " = " .. (type(value) == "string" and shown(value) or tostring(value))
        end
    end
    return #parts == 0 and command.name or command.name .. " {" .. concat(parts, ", ") .. "}"
end
kit.label = label

--- Where a device is, for messages.
local function place_of(object)
    if object.Hostname then return object.Hostname .. ":" .. object.IPPort end
    return object.Host.DeviceAlias .. " " .. object.Port
end

local function line(d, about, text)
    local of = about and label(about) .. ": " or ""
    return format("%s at %s: %s%s", d.protocol.name, place_of(d.object), of, text)
end

--- Writes to the program log what concerns a device.
local function write(d, about, text, severity) ProgramLog(line(d, about, text), severity or "warning") end
kit.write_log = write

--- For who writes a module: what becomes of the bytes. There is no such function unless the log takes what is said.
kit.debug = debug_log and function(d, about, text, ...) debug_log(line(d, about, format(text, ...))) end

-- Which trouble is told. ----------------------------------------------------------------------------------------------

--- What a new device has of all this.
function kit.begin_complaints(d)
    -- troubled: command or reason -> the kinds of trouble that were told since all was well with it.
    d.complaints, d.complaintCount, d.unmatchedKinds, d.troubled, d.isTelling = {}, 0, 0, nil, false
end

--- Makes room by forgetting a kind of trouble that is over and would be told at once.
local function forget_one(d, now)
    for key, known in next, d.complaints do
        if not known.isListed and now >= known.nextTime and (known.isOver or now - known.last > FORGOTTEN) then
            d.complaints[key] = nil
            d.complaintCount = d.complaintCount - 1
            return true
        end
    end
    return false
end

--- The reasons whose trouble nothing that the device says ends.
local lasting = {DeviceError = true, ModuleError = true, [""] = true}

--- Whether a kind of trouble is to be told now, and how often it came since it was told last.
local function is_due(d, key, group)
    local now = uptime()
    local known = d.complaints[key]
    if not known then
        if d.complaintCount >= MOST and not forget_one(d, now) then
            key, group = "", ""
            known = d.complaints[key]
        end
        if not known then
            known = {isOver = true, nextTime = 0, spacing = 0, count = 0, last = now}
            d.complaints[key] = known
            d.complaintCount = d.complaintCount + 1
        end
    end
    if now - known.last > FORGOTTEN then known.isOver = true end
    known.last = now
    if not known.isOver or now < known.nextTime then
        known.count = known.count + 1
        return false
    end
    local count = known.count
    known.isOver, known.count, known.nextTime = false, 0, now + known.spacing
    known.spacing = known.spacing == 0 and SPACING or known.spacing * 2
    if known.spacing > LONGEST_SPACING then known.spacing = LONGEST_SPACING end
    if not known.isListed and not lasting[group] then
        local troubled = d.troubled or {}
        d.troubled = troubled
        local kinds = troubled[group] or {}
        troubled[group] = kinds
        kinds[#kinds + 1] = known
        known.isListed = true
    end
    return true, count
end

--- All is well with a command, or where there was trouble for a reason. Called while there is something in d.troubled.
local function well(d, group)
    local troubled = d.troubled
    local kinds = troubled[group]
    if not kinds then return end
    for i = 1, #kinds do kinds[i].isOver, kinds[i].isListed = true, false end
    troubled[group] = nil
    if next(troubled) == nil then d.troubled = nil end
end
kit.well = well

local nothing = {}

--- A message was understood: so what was wrong with others a while before is over.
function kit.understood(d)
    local now = uptime()
    for _, reason in ipairs({"Unmatched", "Checksum", "Framing"}) do
        local kinds, isQuiet = d.troubled and d.troubled[reason] or nothing, true
        for i = 1, #kinds do isQuiet = isQuiet and now - kinds[i].last >= QUIET end
        if kinds ~= nothing and isQuiet then well(d, reason) end
    end
end

-- To whom. ------------------------------------------------------------------------------------------------------------

--- Logs an error of a function that the program brought; everything else goes on.
function kit.report(d, about, problem)
    local text = tostring(problem)
    local traceback = type(problem) == "table" and problem.traceback
    if traceback then text = text .. "\n" .. traceback end
    write(d, about, masked(d, text), "error")
end

--- Calls the program's handler. What it does wrong is contained, and what goes wrong by what it does is not told to it.
local function tell(d, listener, about, reason, text)
    if d.isTelling then return end
    d.isTelling = true
    local command = about and (about.command or about)
    local done, problem = pcall(listener, d.object, command and command.name, about and about.qualifier, reason, text)
    d.isTelling = false
    if not done then kit.report(d, about, problem) end
end

--- Tells of trouble.
--- @param reason the word that programs know it by
--- @param about the record or the command that it concerns; nil: none
--- @param problem what it is, without secrets; a function that gives it gets whether it is for the log as well
--- @param kind tells troubles of one reason apart
--- @return whether it is in the log now
function kit.complain(d, reason, about, problem, kind, severity)
    local command = about and (about.command or about)
    local group = command and command.name or reason
    local isDue, count = is_due(d, reason .. "\0" .. group .. "\0" .. (kind or ""), group)
    local listener = rawget(d.object, EVENT)
    if not isDue and not listener then return false end
    local text = type(problem) == "function" and problem(isDue) or problem
    if isDue then
        local times = count == 1 and "once" or count .. " times"
        local more = count > 0 and "; it came " .. times .. " more since it was told last" or ""
        write(d, about, text .. more, severity)
    end
    if listener then tell(d, listener, about, reason, text) end
    return isDue
end

--- A reply whose value or qualifier there is not.
function kit.unreadable(d, about, problem)
    kit.complain(d, "Value", about, "unexpected reply: " .. problem, (gsub(sub(problem, 1, SHOWN), "%d+", "0")))
end

--- A function of the module has failed on a message.
function kit.fault(d, problem)
    local text = masked(d, tostring(problem))
    local traceback = type(problem) == "table" and problem.traceback
    kit.complain(d, "ModuleError", nil, function(isDue)
        return isDue and traceback and text .. "\n" .. traceback or text
    end, sub(text, 1, SHOWN), "error")
end

--- What a request waits for, for messages.
local function awaited_by(job, otherwise)
    local command = job.command
    local awaited = job.isQuery and command.replyText or not job.isQuery and command.ackText
    return awaited and "'" .. awaited .. "'" or otherwise
end

--- A request that nobody has answered, however often it was sent.
function kit.unanswered(d, job)
    local record = job.record
    kit.complain(d, "Timeout", record, function()
        local times = job.attempt > 1 and format(", sent %d times,", job.attempt) or ""
        return format("no answer to %s%s within %s s; awaited: %s", kit.shown_of(d, job.sent), times,
            tostring(d.protocol.timeout), awaited_by(job, "what the function 'reply' takes"))
    end)
end

local function number_or_bytes(d, value)
    if math.type(value) == "integer" then return format(value < 0 and "%d" or "0x%02X", value) end
    return kit.shown_of(d, tostring(value))
end

--- What `unwrap` does not take: with what it expected and what there was, it is a checksum.
function kit.spoiled(d, message, problem, expected, got)
    problem = masked(d, tostring(problem))
    kit.complain(d, expected ~= nil and "Checksum" or "Framing", nil, function()
        local bytes = kit.shown_of(d, message)
        if expected == nil then return problem .. ": " .. bytes end
        return format("%s: expected %s, got %s: %s", problem, number_or_bytes(d, expected), number_or_bytes(d, got),
            bytes)
    end, sub(problem, 1, SHOWN))
end

--- A message that nothing matches. Before login and handshake are done, the module's functions may wait for it.
function kit.unmatched(d, message)
    if not d.isReady or not message:find("[^%s\0]") then return end
    -- Messages that differ in numbers only are of one kind.
    local kind = gsub(sub(message, 1, 16), "%d+", "0")
    if not d.complaints["Unmatched\0Unmatched\0" .. kind] then
        if d.unmatchedKinds >= MOST_UNMATCHED then kind = "" else d.unmatchedKinds = d.unmatchedKinds + 1 end
    end
    kit.complain(d, "Unmatched", nil, function(isDue)
        local text = "nothing matches " .. kit.shown_of(d, message)
        local job = d.current
        if job then
            text = text .. "; " .. label(job.record) .. " awaits " .. awaited_by(job, "an answer")
        end
        return isDue and text .. kit.nearest_patterns(d, message) or text
    end, kind)
end

-- What functions of the module give. ----------------------------------------------------------------------------------

--- What a function of the module returns; that it returns nothing at all is a mistake.
--- @param hook its name
--- @param needed what it must return
function kit.given(hook, needed, ...)
    if select("#", ...) == 0 then
        error(TypeError(format("the function '%s' returned nothing; it must return %s", hook, needed)), 0)
    end
    return ...
end
