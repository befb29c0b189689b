-- Reads dates and times of ISO 8601, as fromisoformat of datetime takes them.

local host = ...
local _ENV <const> = host.stock

local durations = host.library.open("durations")
local tointeger = math.tointeger

local iso_texts = {}

local function whole(text) return tointeger(tonumber(text)) end

--- Year, month and day that a text begins with, and where they end; nil for none. iso_date makes them of a week.
function iso_texts.read_date(text, iso_date)
    local year, week, day, behind = text:match("^(%d%d%d%d)%-W(%d%d)%-(%d)()")
    if not year then year, week, day, behind = text:match("^(%d%d%d%d)W(%d%d)(%d)()") end
    if not year then year, week, day, behind = text:match("^(%d%d%d%d)%-?W(%d%d)()()") end
    if year then
        local y, m, d = iso_date(whole(year), whole(week), type(day) == "string" and whole(day) or 1)
        return y, m, d, behind
    end
    local month
    year, month, day, behind = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)()")
    if not year then year, month, day, behind = text:match("^(%d%d%d%d)(%d%d)(%d%d)()") end
    if not year then return nil end
    return whole(year), whole(month), whole(day), behind
end

-- Hours, minutes, seconds and microseconds of a text that is nothing else; nil for none.
local function read_clock(text)
    local hour, rest = text:match("^(%d%d)(.*)$")
    if not hour then return nil end
    local minute, second, fraction = 0, 0, nil
    local separator = rest:sub(1, 1) == ":" and ":" or ""
    local digits, behind = rest:match("^" .. separator .. "(%d%d)(.*)$")
    if digits then
        minute, rest = digits, behind
        digits, behind = rest:match("^" .. separator .. "(%d%d)(.*)$")
        if digits then
            second, rest = digits, behind
            digits, behind = rest:match("^[.,](%d+)(.*)$")
            if digits then fraction, rest = digits, behind end
        end
    end
    if rest ~= "" then return nil end
    local micros = fraction and whole((fraction .. "00000"):sub(1, 6)) or 0
    return whole(hour), whole(minute), whole(second), micros
end

local function read_zone(text)
    if text == "Z" then return durations.timezone.utc end
    local hour, minute, second, micros = read_clock(text:sub(2))
    if not hour then return nil end
    local sign = text:sub(1, 1) == "-" and -1 or 1
    local offset = durations.of(0, sign * (hour * 3600 + minute * 60 + second), sign * micros)
    return offset == durations.zero and durations.timezone.utc or durations.timezone(offset)
end

--- The fields of a time of day with its zone, as a table; nil when it is none.
function iso_texts.read_time(text)
    local clock, zone = text:match("^([%d:.,]*)([Z+-].*)$")
    local hour, minute, second, micros = read_clock(clock or text)
    if not hour then return nil end
    local read = {hour = hour, minute = minute, second = second, microsecond = micros}
    if zone then
        read.zone = read_zone(zone)
        if not read.zone then return nil end
    end
    return read
end

return iso_texts
