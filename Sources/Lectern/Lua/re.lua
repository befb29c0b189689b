-- The loops of `re`. Each match is one step of the host, so the watchdog and the memory limit hold in between, and what a
-- program does with a match may wait.

local host = ...

local next_match, next_item, next_cut = host.re_next_match, host.re_next_item, host.re_next_cut
local replace = host.re_replace
local part, concat, start_of = string.sub, table.concat, Match.start
local TypeError = TypeError

-- match[1] is match:group(1), as in Python.

-- The string behind the cursor.
local function rest(text, cursor) return part(text, (cursor >> 1) + 1) end

local exports = {}

function exports.finditer(pattern, text, offset)
    local cursor = offset << 1
    return function()
        if not cursor then return nil end
        local match
        cursor, match = next_match(pattern, text, cursor, offset)
        return match
    end
end

function exports.findall(pattern, text, offset)
    local items, count = {}, 0
    local cursor, item = next_item(pattern, text, offset << 1)
    while cursor do
        count = count + 1
        items[count] = item
        cursor, item = next_item(pattern, text, cursor)
    end
    return items
end

function exports.split(pattern, text, limit)
    local pieces, count, cuts, cursor = {}, 0, 0, 0
    while limit == 0 or cuts < limit do
        local behind, piece, groups = next_cut(pattern, text, cursor)
        if not behind then break end
        count = count + 1
        pieces[count] = piece
        for i = 1, groups and #groups or 0 do
            count = count + 1
            pieces[count] = groups[i]
        end
        cuts, cursor = cuts + 1, behind
    end
    pieces[count + 1] = rest(text, cursor)
    return pieces
end

local function replace_by_template(pattern, text, template, limit)
    local pieces, size, total, cursor = {}, 0, 0, 0
    repeat
        local most = limit == 0 and math.maxinteger or limit - total
        local piece, count, behind = replace(pattern, text, cursor, template, most)
        size, total = size + 1, total + count
        pieces[size] = piece
        if not behind then return concat(pieces), total end
        cursor = behind
    until total == limit
    pieces[size + 1] = rest(text, cursor)
    return concat(pieces), total
end

local function replace_by_function(pattern, text, f, limit)
    local pieces, size, total, cursor = {}, 0, 0, 0
    while limit == 0 or total < limit do
        local behind, match = next_match(pattern, text, cursor, 0)
        if not behind then break end
        local replacement = f(match)
        if type(replacement) ~= "string" then
            error(TypeError("the function that sub calls must return a string, got a " .. type(replacement)), 2)
        end
        pieces[size + 1] = part(text, (cursor >> 1) + 1, start_of(match) - 1)
        pieces[size + 2] = replacement
        size, total, cursor = size + 2, total + 1, behind
    end
    pieces[size + 1] = rest(text, cursor)
    return concat(pieces), total
end

local function subn(pattern, text, replacement, limit)
    if type(replacement) == "string" then return replace_by_template(pattern, text, replacement, limit) end
    return replace_by_function(pattern, text, replacement, limit)
end

exports.subn = subn

function exports.sub(...) return (subn(...)) end

return exports
