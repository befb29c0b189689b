-- What of Python's time is written in Lua: it is added to the host's sleep and time. The host's clock and zone are
-- asked.

local host = ...
local _ENV <const> = host.stock

local library = host.library
local declare, got = library.declare, library.got
local dates = library.open("date_fields")

local time = {struct_time = dates.StructTime}

time.time_ns = declare(
    "time.time_ns() -> integer", "Tells the time of the system's clock in nanoseconds since 1970-01-01 00:00:00 UTC.",
    function() return host.wall_clock_nanoseconds() end)

for name, documentation in next, {
    monotonic = "Tells a time in seconds that never goes back, for measuring how long something takes.",
    perf_counter = "Tells the same as monotonic.",
    process_time = "Tells the same as monotonic: a program has no processor of its own.",
} do
    time[name] = declare(
        ("time.%s() -> number"):format(name), documentation, function() return host.monotonic_nanoseconds() / 1e9 end)
end

for _, name in ipairs({"monotonic_ns", "perf_counter_ns", "process_time_ns"}) do
    time[name] = declare(
        ("time.%s() -> integer"):format(name), ("Tells %s in nanoseconds."):format(name:sub(1, -4)),
        function() return host.monotonic_nanoseconds() end)
end

local function now() return host.wall_clock_nanoseconds() // 1000000000 end

local MOST_SECONDS = 253402300799 -- the end of the year 9999

local function seconds_of(name, secs)
    if secs == nil then return now() end
    local whole = math.tointeger(math.floor(secs))
    if not whole or whole > MOST_SECONDS or whole < -62135596800 then
        error(ValueError(("%s: the time must be in the years 1 to 9999"):format(name)))
    end
    return whole
end

local function offset_name(seconds) return os.date("%Z", seconds) end

local function local_time(seconds)
    local offset, isdst = dates.local_offset(seconds)
    local year, month, day, hour, minute, second = dates.fields_of(seconds + offset)
    return dates.struct_time(
        year, month, day, hour, minute, second, isdst and 1 or 0, offset_name(seconds), offset)
end

local function utc(seconds)
    local year, month, day, hour, minute, second = dates.fields_of(seconds)
    return dates.struct_time(year, month, day, hour, minute, second, 0, "UTC", 0)
end

time.localtime = declare(
    "time.localtime(secs?: number) -> time.struct_time",
    "Gives the local time of seconds since 1970, by default of now.",
    function(secs) return local_time(seconds_of("time.localtime", secs)) end)
time.gmtime = declare(
    "time.gmtime(secs?: number) -> time.struct_time", "Gives the time in UTC of seconds since 1970, by default of now.",
    function(secs) return utc(seconds_of("time.gmtime", secs)) end)

-- The nine numbers of a struct_time or a list.
local function fields(name, t)
    local values = {}
    for i = 1, 9 do
        local value = t[i]
        values[i] = type(value) == "number" and math.tointeger(value)
        if not values[i] then
            error(TypeError(("%s: a time is a struct_time or a list of 9 whole numbers, got %s as number %d")
                :format(name, got(value), i)))
        end
    end
    return values
end

local function checked(name, t)
    local values = fields(name, t)
    local year, month, day, hour, minute, second, _, yday = table.unpack(values)
    -- 0 stands for 1, as in Python.
    if month == 0 then month = 1 end
    if day == 0 then day = 1 end
    local function refuse(what) error(ValueError(("%s: %s out of range"):format(name, what))) end
    if year < 1 or year > 9999 then refuse("year") end
    if month < 1 or month > 12 then refuse("month") end
    if day < 1 or day > 31 then refuse("day of month") end
    if hour < 0 or hour > 23 then refuse("hour") end
    if minute < 0 or minute > 59 then refuse("minute") end
    if second < 0 or second > 61 then refuse("seconds") end
    if yday < 0 or yday > 366 then refuse("day of year") end
    return {
        year = year, month = month, day = day, hour = hour, minute = minute, second = second, wday = values[7] % 7,
        yday = yday == 0 and 1 or yday, isdst = values[9],
    }
end

local function zone_of(t)
    local offset = rawget(t, "tm_gmtoff")
    if not offset then return "", "" end
    local minutes = offset < 0 and -offset // 60 or offset // 60
    return ("%s%02d%02d"):format(offset < 0 and "-" or "+", minutes // 60, minutes % 60), rawget(t, "tm_zone")
end

time.mktime = declare(
    "time.mktime(t: table) -> number",
    "Gives the seconds since 1970 of a local time; its last number tells of two equal ones.",
    function(t)
        local values = fields("time.mktime", t)
        local months = values[1] * 12 + values[2] - 1
        local year, month = months // 12, months % 12 + 1
        if year < 1 or year > 9999 then error(ValueError("time.mktime: year out of range")) end
        local wall = dates.seconds_of(year, month, 1, 0, 0, 0)
            + ((values[3] - 1) * 24 + values[4]) * 3600 + values[5] * 60 + values[6]
        local instant = dates.instant_of(wall, 0)
        if values[9] >= 0 then
            local later = dates.instant_of(wall, 1)
            local _, isdst = dates.local_offset(instant)
            if isdst ~= (values[9] > 0) then instant = later end
        end
        return instant + 0.0
    end)

time.strftime = declare(
    "time.strftime(format: string, t?: table) -> string",
    "Writes a time by Python's directives, with English names; by default the local time of now.",
    function(format, t)
        t = t or local_time(now())
        local of = checked("time.strftime", t)
        of.offset, of.zone = zone_of(t)
        return dates.format(of, format)
    end)

time.strptime = declare(
    "time.strptime(string: string, format?: string = '%a %b %d %H:%M:%S %Y') -> time.struct_time",
    "Reads a time by Python's directives, with English names.",
    function(text, format)
        local t = dates.parse(text, format)
        if t.day > dates.month_length(t.year, t.month) then error(ValueError("day is out of range for month")) end
        local is_utc = t.zone == "UTC" or t.zone == "GMT"
        local result = dates.struct_time(
            t.year, t.month, t.day, t.hour, t.minute, t.second, is_utc and 0 or -1, t.zone, t.offset)
        -- What the text says of the day is believed, as in Python.
        if t.wday then result[7], result.tm_wday = t.wday, t.wday end
        if t.yday then result[8], result.tm_yday = t.yday, t.yday end
        return result
    end)

local function ascii(name, t)
    local of = checked(name, t)
    return ("%s %s %2d %02d:%02d:%02d %d"):format(dates.day_abbreviations[of.wday + 1],
        dates.month_abbreviations[of.month], of.day, of.hour, of.minute, of.second, of.year)
end

time.asctime = declare(
    "time.asctime(t?: table) -> string", "Writes a time as Thu Feb 29 12:30:05 2024; by default the local time of now.",
    function(t) return ascii("time.asctime", t or local_time(now())) end)
time.ctime = declare(
    "time.ctime(secs?: number) -> string",
    "Writes the local time of seconds since 1970, by default of now, as asctime does.",
    function(secs) return ascii("time.ctime", local_time(seconds_of("time.ctime", secs))) end)

-- The zone's two offsets, as this year has them.
local year = dates.fields_of(now())
local january, july = dates.seconds_of(year, 1, 1, 0, 0, 0), dates.seconds_of(year, 7, 1, 0, 0, 0)
local first, first_is_dst = dates.local_offset(january)
local second, second_is_dst = dates.local_offset(july)
local standard, daylight = january, july
if first_is_dst and not second_is_dst then standard, daylight = july, january end
time.daylight = (first_is_dst or second_is_dst) and 1 or 0
time.timezone = -(standard == january and first or second)
time.altzone = time.daylight == 1 and -(daylight == january and first or second) or time.timezone
time.tzname = {offset_name(standard), offset_name(time.daylight == 1 and daylight or standard)}

return time
