-- The times of day of datetime.

local host = ...
local _ENV <const> = host.stock

local library = host.library
local declare, got = library.declare, library.got
local dates, durations, iso_texts = library.open("date_fields"), library.open("durations"), library.open("iso_texts")
local tzinfo, offset_of, offset_text = durations.tzinfo, durations.offset_of, durations.offset_text

local time = class("datetime.time")
local times = {time = time}

local function check_time(hour, minute, second, microsecond, zone, fold)
    if hour < 0 or hour > 23 then error(ValueError("hour must be in 0..23")) end
    if minute < 0 or minute > 59 then error(ValueError("minute must be in 0..59")) end
    if second < 0 or second > 59 then error(ValueError("second must be in 0..59")) end
    if microsecond < 0 or microsecond > 999999 then error(ValueError("microsecond must be in 0..999999")) end
    if fold ~= 0 and fold ~= 1 then error(ValueError("fold must be either 0 or 1")) end
    if zone ~= nil and not isinstance(zone, tzinfo) then
        error(TypeError("tzinfo argument must be nil or of a tzinfo subclass, got " .. got(zone)))
    end
end

local function put_time(self, hour, minute, second, microsecond, zone, fold)
    check_time(hour, minute, second, microsecond, zone, fold)
    self.hour, self.minute, self.second, self.microsecond, self.tzinfo, self.fold =
        hour, minute, second, microsecond, zone, fold
    return self
end

time.init = declare(
    "datetime.time(hour?: integer = 0, minute?: integer = 0, second?: integer = 0, microsecond?: integer = 0, "
        .. "tzinfo?: datetime.tzinfo, fold?: integer = 0)",
    "A time of day.", put_time, time)

local time_metatable = raw_getmetatable(time())

local function new_time(hour, minute, second, microsecond, zone, fold)
    return put_time(setmetatable({}, time_metatable), hour, minute, second, microsecond, zone, fold or 0)
end

local function time_text(self, timespec)
    local text = ("%02d:%02d:%02d"):format(self.hour, self.minute, self.second)
    if timespec == nil or timespec == "auto" then
        return self.microsecond ~= 0 and text .. (".%06d"):format(self.microsecond) or text
    end
    if timespec == "hours" then return text:sub(1, 2) end
    if timespec == "minutes" then return text:sub(1, 5) end
    if timespec == "seconds" then return text end
    if timespec == "milliseconds" then return text .. (".%03d"):format(self.microsecond // 1000) end
    if timespec == "microseconds" then return text .. (".%06d"):format(self.microsecond) end
    error(ValueError(("Unknown timespec value '%s'; there are auto, hours, minutes, seconds, milliseconds and "
        .. "microseconds"):format(timespec)))
end

local function zoned(self, text, dt)
    local offset = offset_of(self.tzinfo, dt)
    return offset and text .. offset_text(offset, ":") or text
end

time.fromisoformat = declare(
    "datetime.time.fromisoformat(time_string: string) -> datetime.time", "Reads a time of ISO 8601, such as 12:30:05.",
    function(text)
        local read = iso_texts.read_time(text:match("^T?(.*)$"))
        if not read then error(ValueError(("Invalid isoformat string: '%s'"):format(text))) end
        return new_time(read.hour, read.minute, read.second, read.microsecond, read.zone)
    end)
time.isoformat = declare(
    "datetime.time:isoformat(timespec?: string = 'auto') -> string",
    "Writes the time; timespec is auto, hours, minutes, seconds, milliseconds or microseconds.",
    function(self, timespec) return zoned(self, time_text(self, timespec), nil) end, time)
time.strftime = declare(
    "datetime.time:strftime(format: string) -> string",
    "Writes the time by Python's directives; its date is 1900-01-01.",
    function(self, format)
        return dates.format({
            year = 1900, month = 1, day = 1, hour = self.hour, minute = self.minute, second = self.second,
            microsecond = self.microsecond, wday = 0, yday = 1,
            offset = self.tzinfo and offset_of(self.tzinfo) and offset_text(offset_of(self.tzinfo), ""),
            zone = self.tzinfo and self.tzinfo:tzname(nil),
        }, format)
    end, time)
time.replace = declare(
    "datetime.time:replace(hour?: integer, minute?: integer, second?: integer, microsecond?: integer, "
        .. "tzinfo?: datetime.tzinfo|boolean, fold?: integer) -> datetime.time",
    "Makes one with other values. tzinfo = false makes it one of no zone.",
    function(self, hour, minute, second, microsecond, zone, fold)
        if zone == nil then zone = self.tzinfo end
        return new_time(hour or self.hour, minute or self.minute, second or self.second,
            microsecond or self.microsecond, zone or nil, fold or self.fold)
    end, time)
time.utcoffset = declare(
    "datetime.time:utcoffset() -> datetime.timedelta|nil", "Tells the offset of its zone.",
    function(self) return offset_of(self.tzinfo, nil) end, time)

function time:__tostring() return zoned(self, time_text(self), nil) end

-- The microseconds since the begin of the day, and whether they are of UTC.
local function micros_of_time(self)
    local offset = offset_of(self.tzinfo, nil)
    local micros = ((self.hour * 60 + self.minute) * 60 + self.second) * 1000000 + self.microsecond
    return offset and micros - durations.total_micros(offset) or micros, offset ~= nil
end

local function compare_times(a, b)
    if not isinstance(a, time) or not isinstance(b, time) then
        error(TypeError("a time and " .. got(isinstance(a, time) and b or a) .. " have no order"))
    end
    local first, first_is_aware = micros_of_time(a)
    local second, second_is_aware = micros_of_time(b)
    if first_is_aware ~= second_is_aware then error(TypeError("can't compare offset-naive and offset-aware times")) end
    return first - second
end

function time.__eq(a, b)
    if not isinstance(a, time) or not isinstance(b, time) then return false end
    local first, first_is_aware = micros_of_time(a)
    local second, second_is_aware = micros_of_time(b)
    return first == second and first_is_aware == second_is_aware
end
function time.__lt(a, b) return compare_times(a, b) < 0 end
function time.__le(a, b) return compare_times(a, b) <= 0 end

time.min, time.max, time.resolution = new_time(0, 0, 0, 0), new_time(23, 59, 59, 999999), durations.of(0, 0, 1)

times.put, times.new, times.text, times.zoned = put_time, new_time, time_text, zoned

return times
