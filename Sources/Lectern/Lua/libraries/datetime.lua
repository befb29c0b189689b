-- Python's datetime: dates, times of day, and both in one. The host's clock and zone are asked, so that a simulated world
-- has its own.

local host = ...
local _ENV <const> = host.stock

local library = host.library
local declare, got = library.declare, library.got
local dates, durations = library.open("date_fields"), library.open("durations")
local iso_texts, times = library.open("iso_texts"), library.open("times_of_day")
local timedelta, timezone, tzinfo = durations.timedelta, durations.timezone, durations.tzinfo
local offset_of, offset_text = durations.offset_of, durations.offset_text
local put_time, new_time, time_text, zoned = times.put, times.new, times.text, times.zoned
local ordinal, date_of, month_length = dates.ordinal, dates.date_of, dates.month_length
local tointeger, floor, modf = math.tointeger, math.floor, math.modf

local MINYEAR, MAXYEAR = 1, 9999
local LAST_DAY = ordinal(MAXYEAR, 12, 31)

local date = class("datetime.date")
local time = times.time
local datetime = class("datetime.datetime", date)

local module = {
    date = date, time = time, datetime = datetime, timedelta = timedelta, timezone = timezone, tzinfo = tzinfo,
    MINYEAR = MINYEAR, MAXYEAR = MAXYEAR, UTC = timezone.utc,
}

local function is_date(value) return isinstance(value, date) end
local function is_datetime(value) return isinstance(value, datetime) end

-- MARK: Checks

local function check_date(year, month, day)
    if year < MINYEAR or year > MAXYEAR then error(ValueError(("year %d is out of range"):format(year))) end
    if month < 1 or month > 12 then error(ValueError("month must be in 1..12")) end
    if day < 1 or day > month_length(year, month) then error(ValueError("day is out of range for month")) end
end

local function check_ordinal(number)
    if number < 1 or number > LAST_DAY then error(ValueError("date value out of range")) end
    return number
end

-- MARK: Making

local function put_date(self, year, month, day)
    check_date(year, month, day)
    self.year, self.month, self.day = year, month, day
    return self
end

date.init = declare(
    "datetime.date(year: integer, month: integer, day: integer)", "A date of the Gregorian calendar.", put_date, date)

datetime.init = declare(
    "datetime.datetime(year: integer, month: integer, day: integer, hour?: integer = 0, minute?: integer = 0, "
        .. "second?: integer = 0, microsecond?: integer = 0, tzinfo?: datetime.tzinfo, fold?: integer = 0)",
    "A date with a time of day. Without tzinfo it is naive: of no zone, and taken for the local one where that "
        .. "matters.",
    function(self, year, month, day, hour, minute, second, microsecond, zone, fold)
        put_date(self, year, month, day)
        put_time(self, hour, minute, second, microsecond, zone, fold)
    end, datetime)

-- Without a look at arguments that the libraries have made themselves.
local metatables = {}
for _, of in ipairs({date, datetime}) do metatables[of] = raw_getmetatable(of(1, 1, 1)) end

local function new_date(year, month, day)
    return put_date(setmetatable({}, metatables[date]), year, month, day)
end

local function new_datetime(year, month, day, hour, minute, second, microsecond, zone, fold)
    local self = put_date(setmetatable({}, metatables[datetime]), year, month, day)
    return put_time(self, hour, minute, second, microsecond, zone, fold or 0)
end

--- A datetime of seconds since 1970 that are taken for UTC.
local function at_wall(seconds, microsecond, zone, fold)
    check_ordinal(seconds // 86400 + dates.UNIX_EPOCH)
    local year, month, day, hour, minute, second = dates.fields_of(seconds)
    return new_datetime(year, month, day, hour, minute, second, microsecond, zone, fold)
end

local function wall_of(self)
    return dates.seconds_of(self.year, self.month, self.day, self.hour, self.minute, self.second)
end

--- A time of the local zone at an instant, with the fold of the hour that comes twice.
local function at_local(instant, microsecond)
    local offset = dates.local_offset(instant)
    local before = dates.local_offset(instant - 86400)
    local fold = 0
    if offset < before then
        local probe = instant + offset - before
        if probe + dates.local_offset(probe) == instant + offset then fold = 1 end
    end
    return at_wall(instant + offset, microsecond, nil, fold)
end

-- Seconds and microseconds of a number of seconds, rounded as CPython does.
local function instant_of(timestamp)
    local whole, fraction = modf(timestamp)
    local micros = durations.round_even(fraction * 1000000)
    whole = tointeger(whole)
    if not whole or whole > 1 << 40 or whole < -(1 << 40) then
        error(ValueError("timestamp out of range: " .. tostring(timestamp)))
    end
    return whole + micros // 1000000, micros % 1000000
end

local function now_instant()
    local nanoseconds = host.wall_clock_nanoseconds()
    return nanoseconds // 1000000000, nanoseconds % 1000000000 // 1000
end

-- Before that of date, which would be handed on.
function datetime:__tostring() return self:isoformat(" ") end

-- MARK: date

date.today = declare(
    "datetime.date.today() -> datetime.date", "Tells the local date.",
    function()
        local instant = now_instant()
        return new_date(dates.fields_of(instant + dates.local_offset(instant)))
    end)
date.fromtimestamp = declare(
    "datetime.date.fromtimestamp(timestamp: number) -> datetime.date", "Makes the local date of seconds since 1970.",
    function(timestamp)
        local instant = floor(timestamp)
        return new_date(dates.fields_of(instant + dates.local_offset(instant)))
    end)
date.fromordinal = declare(
    "datetime.date.fromordinal(ordinal: integer) -> datetime.date",
    "Makes the date of a day's number; 1 is the first of the year 1.",
    function(number) return new_date(date_of(check_ordinal(number))) end)

local function iso_date(year, week, day)
    if year < MINYEAR or year > MAXYEAR then error(ValueError(("Year is out of range: %d"):format(year))) end
    local first = dates.first_iso_monday(year)
    if week < 1 or week > (dates.first_iso_monday(year + 1) - first) // 7 then
        error(ValueError(("Invalid week: %d"):format(week)))
    end
    if day < 1 or day > 7 then error(ValueError(("Invalid weekday: %d (range is [1, 7])"):format(day))) end
    return date_of(check_ordinal(first + (week - 1) * 7 + day - 1))
end

date.fromisocalendar = declare(
    "datetime.date.fromisocalendar(year: integer, week: integer, day: integer) -> datetime.date",
    "Makes the date of an ISO year, week and day; 1 is Monday.",
    function(year, week, day) return new_date(iso_date(year, week, day)) end)
date.fromisoformat = declare(
    "datetime.date.fromisoformat(date_string: string) -> datetime.date",
    "Reads a date of ISO 8601, such as 2024-02-29.",
    function(text)
        local year, month, day, behind = iso_texts.read_date(text, iso_date)
        if not year or behind <= #text then error(ValueError(("Invalid isoformat string: '%s'"):format(text))) end
        return new_date(year, month, day)
    end)

local function number_of(self) return ordinal(self.year, self.month, self.day) end

date.toordinal = declare(
    "datetime.date:toordinal() -> integer",
    "Tells the number of the day; 1 is the first of the year 1.",
    number_of, date)
date.weekday = declare(
    "datetime.date:weekday() -> integer", "Tells the day of the week, 0 for Monday.",
    function(self) return dates.weekday(number_of(self)) end, date)
date.isoweekday = declare(
    "datetime.date:isoweekday() -> integer", "Tells the day of the week, 1 for Monday.",
    function(self) return dates.weekday(number_of(self)) + 1 end, date)
date.isocalendar = declare(
    "datetime.date:isocalendar() -> integer, integer, integer", "Tells the ISO year, week and day of the week.",
    function(self) return dates.iso_of(number_of(self)) end, date)

local function date_text(self) return ("%04d-%02d-%02d"):format(self.year, self.month, self.day) end

date.isoformat = declare("datetime.date:isoformat() -> string", "Writes the date as 2024-02-29.", date_text, date)
date.ctime = declare(
    "datetime.date:ctime() -> string", "Writes date and time as Thu Feb 29 00:00:00 2024.",
    function(self)
        return ("%s %s %2d %02d:%02d:%02d %04d"):format(
            dates.day_abbreviations[dates.weekday(number_of(self)) + 1], dates.month_abbreviations[self.month],
            self.day, self.hour or 0, self.minute or 0, self.second or 0, self.year)
    end, date)

local function texts_of(self)
    local number = number_of(self)
    local fields = {
        year = self.year, month = self.month, day = self.day, hour = self.hour or 0, minute = self.minute or 0,
        second = self.second or 0, microsecond = self.microsecond, wday = dates.weekday(number),
        yday = dates.day_of_year(self.year, self.month, self.day),
    }
    if self.tzinfo then
        local offset = offset_of(self.tzinfo, self)
        fields.offset, fields.zone = offset and offset_text(offset, ""), self.tzinfo:tzname(self)
    end
    return fields
end

date.strftime = declare(
    "datetime.date:strftime(format: string) -> string",
    "Writes date and time by Python's directives, with English names.",
    function(self, format) return dates.format(texts_of(self), format) end, date)

local function tuple(self, isdst)
    return dates.struct_time(
        self.year, self.month, self.day, self.hour or 0, self.minute or 0, self.second or 0, isdst)
end

date.timetuple = declare(
    "datetime.date:timetuple() -> time.struct_time", "Gives the fields as those functions of time take them.",
    function(self)
        local dst = self.tzinfo and self.tzinfo:dst(self)
        return tuple(self, dst and (durations.total_micros(dst) ~= 0 and 1 or 0) or -1)
    end, date)
date.replace = declare(
    "datetime.date:replace(year?: integer, month?: integer, day?: integer) -> datetime.date",
    "Makes one with other values: d:replace({day = 1}).",
    function(self, year, month, day) return new_date(year or self.year, month or self.month, day or self.day) end, date)

function date:__tostring() return date_text(self) end

-- MARK: datetime

datetime.now = declare(
    "datetime.datetime.now(tz?: datetime.tzinfo) -> datetime.datetime",
    "Tells the time: the local one, or that of a zone.",
    function(tz)
        local instant, micros = now_instant()
        if tz == nil then return at_local(instant, micros) end
        return at_wall(instant, micros, timezone.utc):astimezone(tz)
    end)
datetime.today = declare(
    "datetime.datetime.today() -> datetime.datetime", "Tells the local time.",
    function() return at_local(now_instant()) end)
datetime.utcnow = declare(
    "datetime.datetime.utcnow() -> datetime.datetime", "Tells the time in UTC, as a naive one.",
    function()
        local instant, micros = now_instant()
        return at_wall(instant, micros)
    end)
datetime.fromtimestamp = declare(
    "datetime.datetime.fromtimestamp(timestamp: number, tz?: datetime.tzinfo) -> datetime.datetime",
    "Makes the time of seconds since 1970: the local one, or that of a zone.",
    function(timestamp, tz)
        local instant, micros = instant_of(timestamp)
        if tz == nil then return at_local(instant, micros) end
        return at_wall(instant, micros, timezone.utc):astimezone(tz)
    end)
datetime.utcfromtimestamp = declare(
    "datetime.datetime.utcfromtimestamp(timestamp: number) -> datetime.datetime",
    "Makes the time in UTC of seconds since 1970, as a naive one.",
    function(timestamp) return at_wall(instant_of(timestamp)) end)
datetime.fromordinal = declare(
    "datetime.datetime.fromordinal(ordinal: integer) -> datetime.datetime", "Makes the begin of the day of a number.",
    function(number)
        local year, month, day = date_of(check_ordinal(number))
        return new_datetime(year, month, day, 0, 0, 0, 0)
    end)
datetime.fromisocalendar = declare(
    "datetime.datetime.fromisocalendar(year: integer, week: integer, day: integer) -> datetime.datetime",
    "Makes the begin of the day of an ISO year, week and day; 1 is Monday.",
    function(year, week, day)
        local y, m, d = iso_date(year, week, day)
        return new_datetime(y, m, d, 0, 0, 0, 0)
    end)
datetime.combine = declare(
    "datetime.datetime.combine(date: datetime.date, time: datetime.time, tzinfo?: datetime.tzinfo) -> "
        .. "datetime.datetime",
    "Makes one of a date and a time of day.",
    function(day, of_day, zone)
        if not is_date(day) then error(TypeError("argument 'date' of combine must be a date, got " .. got(day))) end
        if not isinstance(of_day, time) then
            error(TypeError("argument 'time' of combine must be a time, got " .. got(of_day)))
        end
        return new_datetime(day.year, day.month, day.day, of_day.hour, of_day.minute, of_day.second, of_day.microsecond,
            zone or of_day.tzinfo, of_day.fold)
    end)
datetime.fromisoformat = declare(
    "datetime.datetime.fromisoformat(date_string: string) -> datetime.datetime",
    "Reads a time of ISO 8601, such as 2024-02-29T12:30:05+01:00.",
    function(text)
        local year, month, day, behind = iso_texts.read_date(text, iso_date)
        local read
        if year and behind > #text then
            read = {hour = 0, minute = 0, second = 0, microsecond = 0}
        elseif year and behind < #text then
            local separator = text:match("^[%z\1-\127\194-\244][\128-\191]*", behind) or " "
            read = iso_texts.read_time(text:sub(behind + #separator))
        end
        if not read then error(ValueError(("Invalid isoformat string: '%s'"):format(text))) end
        return new_datetime(year, month, day, read.hour, read.minute, read.second, read.microsecond, read.zone)
    end)
datetime.strptime = declare(
    "datetime.datetime.strptime(date_string: string, format: string) -> datetime.datetime",
    "Reads a time by Python's directives, with English names.",
    function(text, format)
        local t = dates.parse(text, format)
        local zone
        if t.is_aware then
            zone = timezone(durations.of(0, t.offset, t.offset_microseconds), t.zone)
            if t.offset == 0 and t.offset_microseconds == 0 and t.zone == "UTC" then zone = timezone.utc end
        end
        return new_datetime(t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond, zone)
    end)

datetime.date = declare(
    "datetime.datetime:date() -> datetime.date", "Gives the date.",
    function(self) return new_date(self.year, self.month, self.day) end, datetime)
datetime.time = declare(
    "datetime.datetime:time() -> datetime.time", "Gives the time of day, of no zone.",
    function(self) return new_time(self.hour, self.minute, self.second, self.microsecond, nil, self.fold) end, datetime)
datetime.timetz = declare(
    "datetime.datetime:timetz() -> datetime.time", "Gives the time of day with its zone.",
    function(self) return new_time(self.hour, self.minute, self.second, self.microsecond, self.tzinfo, self.fold) end,
    datetime)
datetime.replace = declare(
    "datetime.datetime:replace(year?: integer, month?: integer, day?: integer, hour?: integer, minute?: integer, "
        .. "second?: integer, microsecond?: integer, tzinfo?: datetime.tzinfo|boolean, fold?: integer) -> "
        .. "datetime.datetime",
    "Makes one with other values: t:replace({hour = 8}). tzinfo = false makes it a naive one.",
    function(self, year, month, day, hour, minute, second, microsecond, zone, fold)
        if zone == nil then zone = self.tzinfo end
        return new_datetime(year or self.year, month or self.month, day or self.day, hour or self.hour,
            minute or self.minute, second or self.second, microsecond or self.microsecond, zone or nil,
            fold or self.fold)
    end, datetime)
datetime.utcoffset = declare(
    "datetime.datetime:utcoffset() -> datetime.timedelta|nil", "Tells the offset of its zone; nil of a naive one.",
    function(self) return offset_of(self.tzinfo, self) end, datetime)
datetime.tzname = declare(
    "datetime.datetime:tzname() -> string|nil", "Tells the name of its zone.",
    function(self) return self.tzinfo and self.tzinfo:tzname(self) end, datetime)
datetime.dst = declare(
    "datetime.datetime:dst() -> datetime.timedelta|nil", "Tells what daylight saving time adds, if its zone knows.",
    function(self) return self.tzinfo and self.tzinfo:dst(self) end, datetime)
datetime.isoformat = declare(
    "datetime.datetime:isoformat(sep?: string = 'T', timespec?: string = 'auto') -> string",
    "Writes the time as 2024-02-29T12:30:05; timespec is that of time.isoformat.",
    function(self, sep, timespec)
        return zoned(self, date_text(self) .. sep .. time_text(self, timespec), self)
    end, datetime)

--- The seconds since 1970, and the microseconds beside them.
local function instant_of_datetime(self)
    local offset = offset_of(self.tzinfo, self)
    if not offset then return dates.instant_of(wall_of(self), self.fold), self.microsecond end
    local micros = self.microsecond - offset.microseconds
    return wall_of(self) - offset.days * 86400 - offset.seconds + micros // 1000000, micros % 1000000
end

datetime.timestamp = declare(
    "datetime.datetime:timestamp() -> number", "Tells the seconds since 1970. A naive time is a local one.",
    function(self)
        local instant, micros = instant_of_datetime(self)
        if self.tzinfo and offset_of(self.tzinfo, self) then return (instant * 1000000 + micros) / 1000000 end
        return instant + micros / 1000000
    end, datetime)
datetime.utctimetuple = declare(
    "datetime.datetime:utctimetuple() -> time.struct_time", "Gives the fields of the same instant in UTC.",
    function(self)
        local offset = offset_of(self.tzinfo, self)
        local seconds = wall_of(self) - (offset and offset.days * 86400 + offset.seconds or 0)
        local year, month, day, hour, minute, second = dates.fields_of(seconds)
        return dates.struct_time(year, month, day, hour, minute, second, 0)
    end, datetime)
datetime.astimezone = declare(
    "datetime.datetime:astimezone(tz?: datetime.tzinfo) -> datetime.datetime",
    "Gives the same instant in another zone, by default the local one.",
    function(self, tz)
        local instant, micros = instant_of_datetime(self)
        if tz == nil then
            local offset = dates.local_offset(instant)
            tz = timezone(durations.of(0, offset, 0), os.date("%Z", instant))
        end
        local utc = at_wall(instant, micros, tz)
        if type(tz.fromutc) == "function" then return tz:fromutc(utc) end
        local offset = offset_of(tz, utc) or durations.zero
        local shifted = micros + offset.microseconds
        return at_wall(instant + offset.days * 86400 + offset.seconds + shifted // 1000000, shifted % 1000000, tz)
    end, datetime)

-- MARK: Arithmetic

local function add(a, b, sign)
    local days = sign * b.days
    if not is_datetime(a) then
        return new_date(date_of(check_ordinal(number_of(a) + days)))
    end
    local micros = a.microsecond + sign * b.microseconds
    local seconds = wall_of(a) + days * 86400 + sign * b.seconds + micros // 1000000
    return at_wall(seconds, micros % 1000000, a.tzinfo)
end

--- For sums that begin with a timedelta.
function durations.add_to_date(a, b)
    if not is_date(a) or not isinstance(b, timedelta) then
        error(TypeError(("%s and %s have no sum"):format(got(a), got(b))))
    end
    return add(a, b, 1)
end

function date.__add(a, b)
    if is_date(b) then a, b = b, a end
    return durations.add_to_date(a, b)
end

-- What tells two times apart: days, seconds and microseconds, of UTC when both know it.
local function difference(a, b)
    local seconds = wall_of(a) - wall_of(b)
    local first, second
    if not rawequal(a.tzinfo, b.tzinfo) then
        first, second = offset_of(a.tzinfo, a), offset_of(b.tzinfo, b)
        if not first ~= not second then return nil end
    end
    local micros = a.microsecond - b.microsecond
    if first then
        seconds = seconds - (first.days - second.days) * 86400 - (first.seconds - second.seconds)
        micros = micros - first.microseconds + second.microseconds
    end
    return seconds, micros
end

function date.__sub(a, b)
    if is_date(a) and isinstance(b, timedelta) then return add(a, b, -1) end
    if is_datetime(a) and is_datetime(b) then
        local seconds, micros = difference(a, b)
        if not seconds then error(TypeError("can't subtract offset-naive and offset-aware datetimes")) end
        return durations.of(0, seconds, micros)
    end
    if not is_date(a) or not is_date(b) or is_datetime(a) ~= is_datetime(b) then
        error(TypeError(("%s and %s have no difference"):format(got(a), got(b))))
    end
    return durations.of(number_of(a) - number_of(b), 0, 0)
end

local function compare_dates(a, b)
    if not is_date(a) or not is_date(b) or is_datetime(a) ~= is_datetime(b) then
        error(TypeError(("can't compare %s to %s"):format(got(a), got(b))))
    end
    if not is_datetime(a) then return number_of(a) - number_of(b) end
    local seconds, micros = difference(a, b)
    if not seconds then error(TypeError("can't compare offset-naive and offset-aware datetimes")) end
    return seconds * 1000000 + micros
end

function date.__eq(a, b)
    if not is_date(a) or not is_date(b) or is_datetime(a) ~= is_datetime(b) then return false end
    if not is_datetime(a) then return number_of(a) == number_of(b) end
    local seconds, micros = difference(a, b)
    return seconds ~= nil and seconds * 1000000 + micros == 0
end
function date.__lt(a, b) return compare_dates(a, b) < 0 end
function date.__le(a, b) return compare_dates(a, b) <= 0 end

date.min, date.max, date.resolution = new_date(1, 1, 1), new_date(9999, 12, 31), durations.of(1, 0, 0)
datetime.min, datetime.max = new_datetime(1, 1, 1, 0, 0, 0, 0), new_datetime(9999, 12, 31, 23, 59, 59, 999999)
datetime.resolution = durations.of(0, 0, 1)

return module
