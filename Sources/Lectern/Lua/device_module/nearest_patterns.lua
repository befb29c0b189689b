-- DeviceModule, 5: which of a module's patterns came nearest to a message that nothing matches. A pattern is cut behind each
-- of its items, and the longest part that still matches tells how far it came. That costs time, so it is for messages
-- that are told only.

local host = ...
local kit = host.kit

local ipairs, pcall = ipairs, pcall
local sub, find, byte = string.sub, string.find, string.byte
local concat, sort = table.concat, table.sort
local compile, search, end_of = re.compile, Pattern.search, Match.stop

--- So many patterns are looked at, and so many told, with so many of the commands that have them.
local LOOKED_AT <const>, TOLD <const>, NAMES <const> = 24, 3, 3

--- Behind a set that begins at `at`; `escape` makes the next character an ordinary one.
local function behind_set(text, at, escape)
    at = at + 1
    if sub(text, at, at) == "^" then at = at + 1 end
    if sub(text, at, at) == "]" then at = at + 1 end
    while at <= #text and sub(text, at, at) ~= "]" do at = at + (sub(text, at, at) == escape and 2 or 1) end
    return at + 1
end

--- Behind the item of a pattern that begins at `at`, without what says how often it comes.
local function behind_item(text, at, escape)
    local c = sub(text, at, at)
    if c == "[" then return behind_set(text, at, escape) end
    if c == escape then
        local kind = sub(text, at + 1, at + 1)
        if escape == "\\" then
            local _, last = find(text, "^[xX]%x?%x?", at + 1)
            return (last or at + 1) + 1
        end
        if kind == "f" then return behind_set(text, at + 2, escape) end
        return at + (kind == "b" and 4 or 2)
    end
    if c ~= "(" then return at + 1 end
    local depth = 0
    while at <= #text do
        c = sub(text, at, at)
        if c == escape then
            at = at + 2
        elseif c == "[" then
            at = behind_set(text, at, escape)
        else
            depth = depth + (c == "(" and 1 or c == ")" and -1 or 0)
            at = at + 1
            if depth == 0 then return at end
        end
    end
    return at
end

--- Where a pattern may be cut; nil when a part of it says nothing of the whole.
local function cuts_of(text, isLua)
    local cuts, at, escape = {}, 1, isLua and "%" or "\\"
    while at <= #text do
        if not isLua and sub(text, at, at) == "|" then return nil end
        at = behind_item(text, at, escape)
        if isLua then
            if find(text, "^[*+?-]", at) then at = at + 1 end
        else
            local _, last = find(text, "^[*+?]", at)
            if not last then _, last = find(text, "^{%d*,?%d*}", at) end
            if last then at = last + (find(text, "^[?+]", last + 1) and 2 or 1) end
        end
        cuts[#cuts + 1] = at - 1
    end
    return cuts
end

--- How many bytes of a message a part of a pattern matches; nil: it does not.
local function reach(part, pattern, message)
    if pattern.isLua then
        local done, _, last = pcall(find, message, part)
        return done and last or nil
    end
    local done, compiled = pcall(compile, part, pattern.flags)
    local found = done and search(compiled, message)
    return found and end_of(found) or nil
end

--- How many bytes of a message the longest part of a pattern matches, and whether that is the whole pattern.
local function distance(pattern, message)
    local cuts = cuts_of(pattern.text, pattern.isLua)
    if not cuts then return 0, false end
    local low, high, bytes = 0, #cuts, 0
    while low < high do
        local middle = (low + high + 1) // 2
        local reached = reach(sub(pattern.text, 1, cuts[middle]), pattern, message)
        if reached then
            low, bytes = middle, reached
        else
            high = middle - 1
        end
    end
    return bytes, low == #cuts
end

--- What a message tells of the patterns that are nearest to it, to follow what is wrong with it.
function kit.nearest_patterns(d, message)
    local found, looked = {}, 0
    for _, pattern in ipairs(d.protocol.patterns) do
        if looked == LOOKED_AT then break end
        if pattern.isAnchored and (not pattern.first or pattern.first == byte(message)) then
            looked = looked + 1
            local bytes, isWhole = distance(pattern, message)
            if bytes > 0 then found[#found + 1] = {pattern = pattern, bytes = bytes, isWhole = isWhole, place = looked} end
        end
    end
    if #found == 0 then return "; no pattern begins like it" end
    sort(found, function(a, b) return a.bytes > b.bytes or a.bytes == b.bytes and a.place < b.place end)
    local words = {}
    for i = 1, #found <= TOLD and #found or TOLD do
        local one = found[i]
        local names = one.pattern.names
        local of = concat(names, ", ", 1, #names <= NAMES and #names or NAMES) .. (#names > NAMES and ", …" or "")
        words[i] = one.isWhole and ("'%s' (%s) matches, but its function does not take it"):format(one.pattern.text, of)
            or ("'%s' (%s) up to %s"):format(one.pattern.text, of, kit.shown_of(d, sub(message, 1, one.bytes)))
    end
    return "; nearest: " .. concat(words, "; ")
end

--- Adds a pattern to those that are looked at; commands with the same one share it.
--- @param declared as the module has it; a function is none
--- @param name whose it is
function kit.add_pattern(patterns, declared, name)
    local text, isLua, flags = kit.pattern_text(declared)
    if not text then return end
    for _, one in ipairs(patterns) do
        if one.text == text and one.isLua == isLua and one.flags == flags then
            one.names[#one.names + 1] = name
            return
        end
    end
    patterns[#patterns + 1] = {
        text = text, isLua = isLua, flags = flags, names = {name},
        first = flags == 0 and kit.first_byte(text, isLua) or nil,
        isAnchored = find(text, "^%^") ~= nil or not isLua and find(text, "^%(%?%a+%)%^") ~= nil,
    }
end
