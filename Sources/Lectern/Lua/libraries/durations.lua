-- timedelta, tzinfo and timezone of datetime.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local math_type, tointeger, modf, floor = math.type, math.tointeger, math.modf, math.floor

local MICROS_A_SECOND, MICROS_A_DAY, MOST_DAYS = 1000000, 86400000000, 999999999

local durations = {}
local timedelta = class("datetime.timedelta")
durations.timedelta = timedelta
local timedelta_metatable = raw_getmetatable(timedelta())

--- The nearest whole number; of two that are equally near the even one.
local function round_even(value)
    local whole = floor(value)
    local rest = value - whole
    if rest > 0.5 or rest == 0.5 and whole % 2 ~= 0 then whole = whole + 1 end
    return tointeger(whole)
end

durations.round_even = round_even

-- MARK: timedelta

--- A duration of whole numbers in any range.
local function normal(days, seconds, microseconds)
    seconds = seconds + microseconds // MICROS_A_SECOND
    days = days + seconds // 86400
    if days > MOST_DAYS or days < -MOST_DAYS then
        error(ValueError(("days=%d; must have magnitude <= 999999999"):format(days)))
    end
    local self = setmetatable({}, timedelta_metatable)
    self.days, self.seconds, self.microseconds = days, seconds % 86400, microseconds % MICROS_A_SECOND
    return self
end

durations.of = normal

-- Each unit in microseconds, in the order in which CPython adds them up.
local units = {
    {"microseconds", 1}, {"milliseconds", 1000}, {"seconds", 1000000}, {"minutes", 60000000}, {"hours", 3600000000},
    {"days", MICROS_A_DAY}, {"weeks", 7 * MICROS_A_DAY},
}

local function take_units(self, values)
    local days, micros, left = 0, 0, 0.0
    local function add(whole, factor)
        -- What is larger is no duration in any unit, and too large to be reckoned with.
        if not whole or whole > 100000000000000000 or whole < -100000000000000000 then
            error(ValueError("timedelta: the duration is too long"))
        end
        if factor % MICROS_A_DAY == 0 then
            days = days + whole * (factor // MICROS_A_DAY)
        else
            local a_day = MICROS_A_DAY // factor
            days, micros = days + whole // a_day, micros + whole % a_day * factor
        end
    end
    for _, unit in ipairs(units) do
        local value, factor = values[unit[1]], unit[2]
        if math_type(value) == "integer" then
            add(value, factor)
        elseif value then
            local whole, fraction = modf(value)
            add(tointeger(whole), factor)
            local micro, rest = modf(factor * fraction)
            micros, left = micros + tointeger(micro), left + rest
        end
    end
    if left ~= 0 then
        local nearest = floor(left + 0.5)
        if left < 0 then nearest = -floor(-left + 0.5) end
        if nearest - left == 0.5 or left - nearest == 0.5 then
            local odd = micros & 1
            local half = (left + odd) * 0.5
            nearest = 2.0 * (half < 0 and -floor(-half + 0.5) or floor(half + 0.5)) - odd
        end
        micros = micros + tointeger(nearest)
    end
    local result = normal(days, 0, micros)
    self.days, self.seconds, self.microseconds = result.days, result.seconds, result.microseconds
end

durations.zero = normal(0, 0, 0)

timedelta.init = declare(
    "datetime.timedelta(days?: number = 0, seconds?: number = 0, microseconds?: number = 0, milliseconds?: number = 0, "
        .. "minutes?: number = 0, hours?: number = 0, weeks?: number = 0)",
    "A duration: datetime.timedelta({hours = 1, minutes = 30}).",
    function(self, days, seconds, microseconds, milliseconds, minutes, hours, weeks)
        take_units(self, {
            days = days, seconds = seconds, microseconds = microseconds, milliseconds = milliseconds, minutes = minutes,
            hours = hours, weeks = weeks,
        })
    end, timedelta)

local function is_duration(value) return isinstance(value, timedelta) end

-- Whether the two are durations, of which one at least is.
local function both(a, b, operation)
    if is_duration(a) and is_duration(b) then return end
    error(TypeError(("a timedelta and %s have no %s"):format(got(is_duration(a) and b or a), operation)))
end

local function compare(a, b)
    return a.days ~= b.days and a.days - b.days or a.seconds ~= b.seconds and a.seconds - b.seconds
        or a.microseconds - b.microseconds
end

local function total_micros(t)
    if t.days > 106000000 or t.days < -106000000 then
        error(ValueError("timedelta: the duration is too long for this operation"))
    end
    return t.days * MICROS_A_DAY + t.seconds * MICROS_A_SECOND + t.microseconds
end

durations.total_micros = total_micros

timedelta.total_seconds = declare(
    "datetime.timedelta:total_seconds() -> number", "Tells the duration in seconds, with fractions.",
    function(self) return ((self.days * 86400 + self.seconds) * 1000000 + self.microseconds) / 1000000 end, timedelta)

function timedelta.__eq(a, b) return is_duration(a) and is_duration(b) and compare(a, b) == 0 end
function timedelta.__lt(a, b) both(a, b, "order") return compare(a, b) < 0 end
function timedelta.__le(a, b) both(a, b, "order") return compare(a, b) <= 0 end
function timedelta.__unm(a) return normal(-a.days, -a.seconds, -a.microseconds) end

function timedelta.__add(a, b)
    if durations.add_to_date and not is_duration(b) then return durations.add_to_date(b, a) end
    both(a, b, "sum")
    return normal(a.days + b.days, a.seconds + b.seconds, a.microseconds + b.microseconds)
end

function timedelta.__sub(a, b)
    both(a, b, "difference")
    return normal(a.days - b.days, a.seconds - b.seconds, a.microseconds - b.microseconds)
end

local function scaled(duration, factor)
    if math_type(factor) == "integer" then
        if factor > 1000000000000 or factor < -1000000000000 then
            error(ValueError("timedelta: the duration is too long"))
        end
        local seconds = duration.seconds * factor
        return normal(duration.days * factor, seconds, duration.microseconds * factor)
    end
    local whole = round_even(total_micros(duration) * factor)
    if not whole then error(ValueError("timedelta: the duration is too long")) end
    return normal(0, 0, whole)
end

function timedelta.__mul(a, b)
    if type(a) == "number" then return scaled(b, a) end
    if type(b) == "number" then return scaled(a, b) end
    both(a, b, "product")
    error(TypeError("two timedeltas have no product"))
end

-- The nearest whole number to a quotient of whole numbers; of two the even one.
local function divided(above, below)
    if below < 0 then above, below = -above, -below end
    local whole, rest = above // below, above % below
    if rest > below - rest or rest == below - rest and whole % 2 ~= 0 then whole = whole + 1 end
    return whole
end

local function check_divisor(value)
    if value == 0 then error(ValueError("division of a timedelta by zero")) end
    return value
end

function timedelta.__div(a, b)
    if type(b) == "number" then
        check_divisor(b)
        if math_type(b) == "integer" then return normal(0, 0, divided(total_micros(a), b)) end
        return normal(0, 0, round_even(total_micros(a) / b))
    end
    both(a, b, "quotient")
    return total_micros(a) / check_divisor(total_micros(b))
end

function timedelta.__idiv(a, b)
    if math_type(b) == "integer" then return normal(0, 0, total_micros(a) // check_divisor(b)) end
    both(a, b, "quotient")
    return total_micros(a) // check_divisor(total_micros(b))
end

function timedelta.__mod(a, b)
    both(a, b, "remainder")
    return normal(0, 0, total_micros(a) % check_divisor(total_micros(b)))
end

function timedelta:__tostring()
    local text = ("%d:%02d:%02d"):format(self.seconds // 3600, self.seconds // 60 % 60, self.seconds % 60)
    if self.microseconds ~= 0 then text = text .. (".%06d"):format(self.microseconds) end
    if self.days == 0 then return text end
    return ("%d day%s, %s"):format(self.days, (self.days == 1 or self.days == -1) and "" or "s", text)
end

timedelta.min, timedelta.max = normal(-MOST_DAYS, 0, 0), normal(MOST_DAYS, 86399, 999999)
timedelta.resolution = normal(0, 0, 1)

-- MARK: Zones

local tzinfo = class("datetime.tzinfo")
local timezone = class("datetime.timezone", tzinfo)
durations.tzinfo, durations.timezone = tzinfo, timezone

-- What a class of a program's own does not say.
function tzinfo:utcoffset() error(NotImplementedError("a tzinfo needs a method utcoffset(self, dt)")) end
function tzinfo:tzname() error(NotImplementedError("a tzinfo needs a method tzname(self, dt)")) end
function tzinfo:dst() return nil end

--- An offset as people write it: +02:00.
function durations.offset_text(offset, separator)
    local micros = total_micros(offset)
    local sign = "+"
    if micros < 0 then sign, micros = "-", -micros end
    local seconds = micros // MICROS_A_SECOND
    local text = ("%s%02d%s%02d"):format(sign, seconds // 3600, separator, seconds // 60 % 60)
    if micros % 60000000 ~= 0 then text = text .. ("%s%02d"):format(separator, seconds % 60) end
    if micros % MICROS_A_SECOND ~= 0 then text = text .. (".%06d"):format(micros % MICROS_A_SECOND) end
    return text
end

timezone.init = declare(
    "datetime.timezone(offset: datetime.timedelta, name?: string)",
    "A zone of a fixed offset, less than a day. datetime.timezone.utc is UTC.",
    function(self, offset, name)
        if not is_duration(offset) then
            error(TypeError("argument 'offset' of datetime.timezone must be a timedelta, got " .. got(offset)))
        end
        if compare(offset, normal(1, 0, 0)) >= 0 or compare(offset, normal(-1, 0, 0)) <= 0 then
            error(ValueError("datetime.timezone: the offset must be less than a day, got " .. tostring(offset)))
        end
        self.offset, self.name = offset, name
    end, timezone)

timezone.utcoffset = declare(
    "datetime.timezone:utcoffset(dt?: datetime.datetime) -> datetime.timedelta", "Tells the offset from UTC.",
    function(self) return self.offset end, timezone)
timezone.tzname = declare(
    "datetime.timezone:tzname(dt?: datetime.datetime) -> string",
    "Tells the zone's name, by default such as UTC+02:00.",
    function(self)
        if self.name then return self.name end
        if total_micros(self.offset) == 0 then return "UTC" end
        return "UTC" .. durations.offset_text(self.offset, ":")
    end, timezone)
timezone.dst = declare(
    "datetime.timezone:dst(dt?: datetime.datetime) -> nil", "A fixed offset knows no daylight saving time.",
    function() return nil end, timezone)

function timezone.__eq(a, b)
    return isinstance(a, timezone) and isinstance(b, timezone) and compare(a.offset, b.offset) == 0
end
function timezone:__tostring() return (self:tzname()) end

timezone.utc = timezone(durations.zero)

--- The offset that a zone tells for a time; nil for none.
function durations.offset_of(zone, dt)
    if zone == nil then return nil end
    local offset = zone:utcoffset(dt)
    if offset ~= nil and not is_duration(offset) then
        error(TypeError("utcoffset of a tzinfo must return a timedelta or nil, got " .. got(offset)))
    end
    return offset
end

return durations
