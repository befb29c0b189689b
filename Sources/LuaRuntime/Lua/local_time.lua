-- os.time, os.date and os.clock by the host's clock: in a simulation that is the simulation's, and so is the zone.

local host = ...

-- Named as programs know them: Lua's own messages tell the names by which it is called here.
local date, time = os.date, os.time

local wall_clock, local_time = host.wall_clock, host.local_time
local type, next, tonumber, tointeger = type, next, tonumber, math.tointeger
local sub, gsub, format_text = string.sub, string.gsub, string.format

local DAY = 86400

os.clock = host.cpu_clock

if not local_time then
    function os.time(when)
        if when == nil then return wall_clock() end
        return time(when)
    end

    function os.date(format, when)
        if when == nil then when = wall_clock() end
        return date(format, when)
    end

    os.time, os.date = host.front(os.time), host.front(os.date)
    return
end

--- The days from 1970-01-01 to a date. The year is counted from March, so that the leap day is its last.
local function days_to(year, month, day)
    year = year + (month - 1) // 12
    month = (month - 1) % 12 + 1
    if month <= 2 then year = year - 1 end
    local of_era = year % 400
    local of_year = (153 * ((month + 9) % 12) + 2) // 5
    return year // 400 * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year + day - 1 - 719468
end

--- The instant of a local time in seconds. isdst tells which of two equal local times is meant; where there is none of its
--- kind, the time is reckoned by the nearest offset that is, as the C library does.
local function instant(seconds, isdst)
    local before, after = local_time(seconds - DAY), local_time(seconds + DAY)
    local fitting
    for _, offset in next, {before, after} do
        local found, daylight = local_time(seconds - offset)
        if found == offset then
            if isdst == nil or daylight == isdst then return seconds - offset end
            fitting = fitting or seconds - offset
        end
    end
    if isdst ~= nil then
        for months = 1, 13 do
            for direction = -1, 1, 2 do
                local offset, daylight = local_time(seconds + direction * months * 28 * DAY)
                if daylight == isdst then return seconds - offset end
            end
        end
    end
    -- A time that a change leaves out is reckoned by the offset before the change.
    return fitting or seconds - before
end

local function whole(value, default)
    if value == nil then return default end
    return tointeger(tonumber(value))
end

--- The table of a time, in this zone.
local function fields_of(when)
    local offset, isdst = local_time(when)
    local fields = date("!*t", when + offset)
    fields.isdst = isdst
    return fields
end

function os.time(when)
    if when == nil then return wall_clock() end
    if type(when) ~= "table" then return time(when) end
    local year, month, day, isdst = when.year, when.month, when.day, when.isdst
    local hour, minute, second = when.hour, when.min, when.sec
    -- Refuses what Lua refuses, in its words.
    time({year = year, month = month, day = day, hour = hour, min = minute, sec = second})
    local seconds = days_to(whole(year), whole(month), whole(day)) * DAY
        + whole(hour, 12) * 3600 + whole(minute, 0) * 60 + whole(second, 0)
    if isdst ~= nil then isdst = not not isdst end
    local result = instant(seconds, isdst)
    for name, value in next, fields_of(result) do when[name] = value end
    return result
end

function os.date(format, when)
    if when == nil then when = wall_clock() end
    if format == nil then format = "%c" end
    if type(format) ~= "string" or sub(format, 1, 1) == "!" then return date(format, when) end
    date("!%Y", when) -- refuses what is no time, before it is reckoned with
    when = whole(when)
    if sub(format, 1, 2) == "*t" then return fields_of(when) end
    local offset = local_time(when)
    local minutes = offset < 0 and -offset // 60 or offset // 60
    local zone = format_text("%s%02d%02d", offset < 0 and "-" or "+", minutes // 60, minutes % 60)
    local text = gsub(format, "%%(.)", function(conversion)
        if conversion == "z" then return zone end
        if conversion == "Z" then return offset == 0 and "UTC" or zone end
    end)
    return date("!" .. text, when + offset)
end

os.time, os.date = host.front(os.time), host.front(os.date)
