-- What time, datetime and calendar have in common: the days of the Gregorian calendar, the local zone, and the texts of
-- times. No library of its own.

local host = ...
local _ENV <const> = host.stock

local dates = {
    day_names = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
    month_names = {
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    },
    day_abbreviations = {}, month_abbreviations = {},
    UNIX_EPOCH = 719163, -- the ordinal of 1970-01-01; 1 is the day 0001-01-01
}
for i, name in ipairs(dates.day_names) do dates.day_abbreviations[i] = name:sub(1, 3) end
for i, name in ipairs(dates.month_names) do dates.month_abbreviations[i] = name:sub(1, 3) end

local month_lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
local before_months = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

-- MARK: Days

local function is_leap(year) return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0) end

local function month_length(year, month)
    return month == 2 and is_leap(year) and 29 or month_lengths[month]
end

--- The days from the begin of a year to a date, from 1 on.
local function day_of_year(year, month, day)
    return before_months[month] + (month > 2 and is_leap(year) and 1 or 0) + day
end

--- The number of a day: 1 is the first one of the year 1.
local function ordinal(year, month, day)
    local before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + day_of_year(year, month, day)
end

--- The date of a number.
local function date_of(number)
    local rest = number - 1
    local of_400 = rest // 146097
    rest = rest % 146097
    local of_100 = rest // 36524
    if of_100 == 4 then of_100 = 3 end
    rest = rest - of_100 * 36524
    local of_4 = rest // 1461
    rest = rest % 1461
    local of_1 = rest // 365
    if of_1 == 4 then of_1 = 3 end
    rest = rest - of_1 * 365
    local year = of_400 * 400 + of_100 * 100 + of_4 * 4 + of_1 + 1
    local month = rest // 29 + 1
    if month > 12 then month = 12 end
    while day_of_year(year, month, 1) - 1 > rest do month = month - 1 end
    return year, month, rest - day_of_year(year, month, 1) + 2
end

--- The day of the week of a number, 0 for Monday.
local function weekday(number) return (number + 6) % 7 end

--- The number of the Monday with which the first ISO week of a year begins.
local function first_iso_monday(year)
    local first = ordinal(year, 1, 1)
    local of_week = weekday(first)
    return first - of_week + (of_week > 3 and 7 or 0)
end

--- The ISO year, week and day of the week, 1 for Monday.
local function iso_of(number)
    local year = date_of(number)
    local monday = first_iso_monday(year)
    if number < monday then
        year = year - 1
        monday = first_iso_monday(year)
    elseif number >= first_iso_monday(year + 1) then
        year = year + 1
        monday = first_iso_monday(year)
    end
    return year, (number - monday) // 7 + 1, weekday(number) + 1
end

dates.is_leap, dates.month_length, dates.day_of_year, dates.ordinal = is_leap, month_length, day_of_year, ordinal
dates.date_of, dates.weekday, dates.iso_of, dates.first_iso_monday = date_of, weekday, iso_of, first_iso_monday

-- MARK: Times

--- Seconds since 1970 of fields that are taken for UTC.
local function seconds_of(year, month, day, hour, minute, second)
    return (ordinal(year, month, day) - dates.UNIX_EPOCH) * 86400 + hour * 3600 + minute * 60 + second
end

--- Year, month, day, hour, minute and second of seconds since 1970.
local function fields_of(seconds)
    local year, month, day = date_of(seconds // 86400 + dates.UNIX_EPOCH)
    local rest = seconds % 86400
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60
end

--- The offset of the local zone at an instant in seconds, and whether that is daylight saving time.
local function local_offset(seconds)
    local fields = os.date("*t", seconds)
    local wall = seconds_of(fields.year, fields.month, fields.day, fields.hour, fields.min, fields.sec)
    return wall - seconds, fields.isdst
end

dates.seconds_of, dates.fields_of, dates.local_offset = seconds_of, fields_of, local_offset

--- The instant of a local time, given in seconds as if it were UTC; fold tells which of two.
function dates.instant_of(wall, fold)
    local offset = local_offset(wall)
    local first = wall - offset
    local back = first + local_offset(first)
    local other
    if back == wall then
        local probe = first + (fold == 1 and 86400 or -86400)
        other = local_offset(probe)
        if other == offset then return first end
    else
        other = back - first
    end
    local second = wall - other
    if second + local_offset(second) == wall then return second end
    if back == wall then return first end
    if fold == 1 then return first < second and first or second end
    return first > second and first or second
end

-- MARK: struct_time

local time_names = {
    "tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst",
}
local StructTime = class("time.struct_time")

function StructTime:__tostring()
    local parts = {}
    for i, name in ipairs(time_names) do parts[i] = name .. "=" .. tostring(self[name]) end
    return "time.struct_time(" .. table.concat(parts, ", ") .. ")"
end

local function same_times(a, b)
    for _, name in ipairs(time_names) do
        if a[name] ~= b[name] then return false end
    end
    return true
end

StructTime.__eq = same_times

--- A list of nine numbers, which are fields, too.
function dates.struct_time(year, month, day, hour, minute, second, isdst, zone, offset)
    local number = ordinal(year, month, day)
    local values = {year, month, day, hour, minute, second, weekday(number), day_of_year(year, month, day), isdst}
    local result = StructTime()
    for i, name in ipairs(time_names) do result[i], result[name] = values[i], values[i] end
    result.tm_zone, result.tm_gmtoff = zone, offset
    return result
end

dates.StructTime = StructTime

-- MARK: Formatting

local function twelve(hour) return (hour + 11) % 12 + 1 end

-- The weeks of a year that begin with Sunday (U) and Monday (W); days before the first one are of week 0.
local function week(t, first) return (t.yday + 6 - (t.wday - first) % 7) // 7 end

local function padded(width, value_of)
    return function(t, flag)
        local value = value_of(t)
        if flag == "-" then return tostring(value) end
        if flag == "_" then return ("%" .. width .. "d"):format(value) end
        return ("%0" .. width .. "d"):format(value)
    end
end

local directives
local function expanded(format)
    return function(t) return dates.format(t, format) end
end

-- t has year, month, day, hour, minute, second, wday (0 is Monday), yday, and may have microsecond, zone and offset.
directives = {
    a = function(t) return dates.day_abbreviations[t.wday + 1] end,
    A = function(t) return dates.day_names[t.wday + 1] end,
    b = function(t) return dates.month_abbreviations[t.month] end,
    B = function(t) return dates.month_names[t.month] end,
    c = expanded("%a %b %e %H:%M:%S %Y"), D = expanded("%m/%d/%y"), x = expanded("%m/%d/%y"), F = expanded("%Y-%m-%d"),
    R = expanded("%H:%M"), r = expanded("%I:%M:%S %p"), T = expanded("%H:%M:%S"), X = expanded("%H:%M:%S"),
    C = padded(2, function(t) return t.year // 100 end),
    d = padded(2, function(t) return t.day end),
    e = function(t, flag) return flag == "-" and tostring(t.day) or ("%2d"):format(t.day) end,
    f = function(t) return ("%06d"):format(t.microsecond or 0) end,
    g = padded(2, function(t) return iso_of(ordinal(t.year, t.month, t.day)) % 100 end),
    G = function(t) return tostring((iso_of(ordinal(t.year, t.month, t.day)))) end,
    H = padded(2, function(t) return t.hour end), I = padded(2, function(t) return twelve(t.hour) end),
    j = padded(3, function(t) return t.yday end), m = padded(2, function(t) return t.month end),
    M = padded(2, function(t) return t.minute end), S = padded(2, function(t) return t.second end),
    n = function() return "\n" end, t = function() return "\t" end,
    p = function(t) return t.hour < 12 and "AM" or "PM" end, P = function(t) return t.hour < 12 and "am" or "pm" end,
    u = function(t) return tostring(t.wday + 1) end, w = function(t) return tostring((t.wday + 1) % 7) end,
    U = padded(2, function(t) return week(t, 6) end), W = padded(2, function(t) return week(t, 0) end),
    V = padded(2, function(t) return (select(2, iso_of(ordinal(t.year, t.month, t.day)))) end),
    y = padded(2, function(t) return t.year % 100 end), Y = function(t) return tostring(t.year) end,
    z = function(t) return t.offset or "" end, Z = function(t) return t.zone or "" end,
    ["%"] = function() return "%" end,
}
directives.h = directives.b

--- Fills the directives of a format in. What is none stays as it is.
function dates.format(t, format)
    return (format:gsub("%%([-_]?)(.)", function(flag, code)
        local directive = directives[code]
        return directive and directive(t, flag)
    end))
end

-- MARK: Reading

-- Each directive with the patterns that it may stand for, in the order in which they are tried.
local readable = {
    d = {"3[01]", "[12]%d", "0[1-9]", "[1-9]", " [1-9]"}, f = {}, H = {"2[0-3]", "[01]%d", "%d"},
    I = {"1[0-2]", "0[1-9]", "[1-9]"}, G = {"%d%d%d%d"},
    j = {"36[0-6]", "3[0-5]%d", "[12]%d%d", "0[1-9]%d", "00[1-9]", "[1-9]%d", "0[1-9]", "[1-9]"},
    m = {"1[0-2]", "0[1-9]", "[1-9]"}, M = {"[0-5]%d", "%d"}, S = {"6[01]", "[0-5]%d", "%d"},
    U = {"5[0-3]", "[0-4]%d", "%d"}, W = {"5[0-3]", "[0-4]%d", "%d"}, w = {"[0-6]"}, u = {"[1-7]"},
    V = {"5[0-3]", "0[1-9]", "[1-4]%d", "%d"}, y = {"%d%d"}, Y = {"%d%d%d%d"},
    z = {
        "[+-]%d%d:[0-5]%d:[0-5]%d%.%d%d?%d?%d?%d?%d?", "[+-]%d%d[0-5]%d[0-5]%d%.%d%d?%d?%d?%d?%d?",
        "[+-]%d%d:[0-5]%d:[0-5]%d", "[+-]%d%d[0-5]%d[0-5]%d", "[+-]%d%d:?[0-5]%d", "Z",
    },
    p = {"[aA][mM]", "[pP][mM]"}, Z = {"[uU][tT][cC]", "[gG][mM][tT]"},
}
for count = 6, 1, -1 do readable.f[7 - count] = ("%d"):rep(count) end

local function any_case(word)
    return (word:gsub("%a", function(letter) return "[" .. letter:lower() .. letter:upper() .. "]" end))
end

for code, words in next, {
    A = dates.day_names, a = dates.day_abbreviations, B = dates.month_names, b = dates.month_abbreviations,
} do
    local sorted = {}
    for i, word in ipairs(words) do sorted[i] = word end
    table.sort(sorted, function(a, b) return #a > #b end)
    readable[code] = {}
    for i, word in ipairs(sorted) do readable[code][i] = any_case(word) end
end

local replaced = {c = "%a %b %d %H:%M:%S %Y", x = "%m/%d/%y", X = "%H:%M:%S"}

local function parts_of(format)
    format = format:gsub("%%([cxX])", replaced)
    local parts, at = {}, 1
    while at <= #format do
        local code = format:match("^%%(.)", at)
        local space = format:match("^%s+", at)
        if code == "%" then
            parts[#parts + 1] = {patterns = {"%%"}}
            at = at + 2
        elseif code then
            if not readable[code] then
                error(ValueError(("'%s' is a bad directive in format '%s'"):format(code, format)))
            end
            parts[#parts + 1] = {code = code, patterns = readable[code]}
            at = at + 2
        elseif space then
            parts[#parts + 1] = {patterns = {"%s+"}}
            at = at + #space
        else
            local character = format:sub(at, at)
            if character == "%" then error(ValueError(("stray %% in format '%s'"):format(format))) end
            parts[#parts + 1] = {patterns = {character:find("%w") and any_case(character) or "%" .. character}}
            at = at + 1
        end
    end
    return parts
end

-- Tries the patterns of part `number` on from `at`; gives where the last part ends, and fills `found` in.
local function match_parts(parts, number, text, at, found)
    local part = parts[number]
    if not part then return at end
    for _, pattern in ipairs(part.patterns) do
        local last = select(2, text:find("^" .. pattern, at))
        if last then
            local behind = match_parts(parts, number + 1, text, last + 1, found)
            if behind then
                if part.code then found[part.code] = text:sub(at, last) end
                return behind
            end
        end
    end
    return nil
end

local function index_of(words, word)
    for i, of in ipairs(words) do
        if of:lower() == word:lower() then return i end
    end
end

local function offset_of(text)
    if text == "Z" then return 0, 0, "UTC" end
    local sign, hours, minutes, rest = text:match("^([+-])(%d%d):?(%d%d):?(.*)$")
    local seconds, fraction = rest:match("^(%d*)%.?(%d*)$")
    local total = hours * 3600 + minutes * 60 + (tonumber(seconds) or 0)
    local micros = math.tointeger(tonumber((fraction .. "000000"):sub(1, 6))) or 0
    total = math.tointeger(total)
    if sign == "-" then return -total, -micros end
    return total, micros
end

-- The day that a week of the year and a day of the week tell.
local function day_of_week_number(year, week_number, of_week, starts_monday)
    local first = weekday(ordinal(year, 1, 1))
    if not starts_monday then
        first = (first + 1) % 7
        of_week = (of_week + 1) % 7
    end
    local of_week_0 = (7 - first) % 7
    if week_number == 0 then return 1 + of_week - first end
    return 1 + of_week_0 + 7 * (week_number - 1) + of_week
end

--- Reads a time by a format, as Python's strptime does: a table of year, month, day, hour, minute, second, microsecond,
--- wday, yday, and offset (seconds), offset_microseconds and zone where the text has them.
function dates.parse(text, format)
    local found = {}
    local behind = match_parts(parts_of(format), 1, text, 1, found)
    if not behind then
        error(ValueError(("time data '%s' does not match format '%s'"):format(text, format)))
    end
    if behind <= #text then error(ValueError("unconverted data remains: " .. text:sub(behind))) end
    local function number(code) return found[code] and math.tointeger(tonumber(found[code])) end

    local year, iso_year = number("Y"), number("G")
    if number("y") then year = number("y") + (number("y") <= 68 and 2000 or 1900) end
    local month = number("m") or found.B and index_of(dates.month_names, found.B)
        or found.b and index_of(dates.month_abbreviations, found.b) or 1
    local day = number("d") or 1
    local hour = number("H") or 0
    if number("I") then
        hour = number("I") % 12
        if found.p and found.p:lower() == "pm" then hour = hour + 12 end
    end
    local wday = found.A and index_of(dates.day_names, found.A) - 1
        or found.a and index_of(dates.day_abbreviations, found.a) - 1
    if number("w") then wday = (number("w") + 6) % 7 end
    if number("u") then wday = number("u") - 1 end
    local yday = number("j")
    local week_number = number("U") or number("W")
    if iso_year then
        if not number("V") or not wday then
            error(ValueError("ISO year directive '%G' must be used with the ISO week directive '%V' and a weekday "
                .. "directive ('%A', '%a', '%w', or '%u')."))
        elseif yday then
            error(ValueError("Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' "
                .. "instead."))
        end
    elseif number("V") then
        error(ValueError("ISO week directive '%V' is incompatible with the year directive '%Y' or needs '%G' and a "
            .. "weekday directive."))
    end
    year = year or (iso_year == nil and 1900 or nil)
    if not yday and wday then
        if week_number and year then
            yday = day_of_week_number(year, week_number, wday, number("U") == nil)
        elseif iso_year then
            local first = first_iso_monday(iso_year)
            local last_week = (first_iso_monday(iso_year + 1) - first) // 7
            if number("V") > last_week or number("V") < 1 then error(ValueError("Invalid week: " .. number("V"))) end
            year, month, day = date_of(first + (number("V") - 1) * 7 + wday)
        end
        if yday and yday <= 0 then
            year = year - 1
            yday = yday + (is_leap(year) and 366 or 365)
        end
    end
    if yday then year, month, day = date_of(ordinal(year, 1, 1) + yday - 1) end
    local offset, offset_microseconds, zone
    if found.z then offset, offset_microseconds, zone = offset_of(found.z) end
    if found.Z then zone = found.Z:upper() end
    return {
        year = year, month = month, day = day, hour = hour, minute = number("M") or 0, second = number("S") or 0,
        microsecond = found.f and math.tointeger(tonumber((found.f .. "00000"):sub(1, 6))) or 0, wday = wday,
        yday = yday, offset = offset, offset_microseconds = offset_microseconds, zone = zone, is_aware = found.z ~= nil,
    }
end

return dates
