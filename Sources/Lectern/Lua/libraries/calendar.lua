-- Python's calendar: what programs reckon with; it draws no calendars.

local host = ...
local _ENV <const> = host.stock

local declare = host.library.declare
local dates = host.library.open("date_fields")

local calendar = {
    MONDAY = 0, TUESDAY = 1, WEDNESDAY = 2, THURSDAY = 3, FRIDAY = 4, SATURDAY = 5, SUNDAY = 6,
    day_name = {}, day_abbr = {}, month_name = {}, month_abbr = {},
}

-- Months are numbered from 1 on here as there, days of the week from 0 on.
for i = 1, 7 do
    calendar.day_name[i - 1], calendar.day_abbr[i - 1] = dates.day_names[i], dates.day_abbreviations[i]
end
for i = 1, 12 do
    calendar.month_name[i], calendar.month_abbr[i] = dates.month_names[i], dates.month_abbreviations[i]
end
calendar.month_name[0], calendar.month_abbr[0] = "", ""

local first_weekday = 0

local function check_month(year, month)
    if year < 1 or year > 9999 then error(ValueError(("year %d is out of range"):format(year))) end
    if month < 1 or month > 12 then error(ValueError(("bad month number %d; must be 1-12"):format(month))) end
end

local function weekday(year, month, day)
    check_month(year, month)
    if day < 1 or day > dates.month_length(year, month) then error(ValueError("day is out of range for month")) end
    return dates.weekday(dates.ordinal(year, month, day))
end

calendar.isleap = declare(
    "calendar.isleap(year: integer) -> boolean", "Tells whether a year has 366 days.",
    function(year) return dates.is_leap(year) end)
calendar.leapdays = declare(
    "calendar.leapdays(y1: integer, y2: integer) -> integer", "Counts the leap years from y1 on and before y2.",
    function(y1, y2)
        local function before(year) return (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400 end
        return before(y2) - before(y1)
    end)
calendar.weekday = declare(
    "calendar.weekday(year: integer, month: integer, day: integer) -> integer",
    "Tells the day of the week, 0 for Monday.",
    weekday)
calendar.monthrange = declare(
    "calendar.monthrange(year: integer, month: integer) -> integer, integer",
    "Tells the day of the week of the first of a month, 0 for Monday, and how many days it has.",
    function(year, month) return weekday(year, month, 1), dates.month_length(year, month) end)
calendar.setfirstweekday = declare(
    "calendar.setfirstweekday(firstweekday: integer)", "Sets with which day monthcalendar begins weeks.",
    function(day)
        if day < 0 or day > 6 then
            error(ValueError(("bad weekday number %d; must be 0 (Monday) to 6 (Sunday)"):format(day)))
        end
        first_weekday = day
    end)
calendar.firstweekday = declare(
    "calendar.firstweekday() -> integer", "Tells with which day monthcalendar begins weeks.",
    function() return first_weekday end)
calendar.monthcalendar = declare(
    "calendar.monthcalendar(year: integer, month: integer) -> integer[][]",
    "Gives a month as a list of weeks, each a list of 7 days. Days of other months are 0.",
    function(year, month)
        local before = (weekday(year, month, 1) - first_weekday) % 7
        local last, weeks, day = dates.month_length(year, month), {}, 1 - before
        while day <= last do
            local week = {}
            for i = 1, 7 do
                week[i] = day >= 1 and day <= last and day or 0
                day = day + 1
            end
            weeks[#weeks + 1] = week
        end
        return weeks
    end)
calendar.timegm = declare(
    "calendar.timegm(tuple: table) -> integer",
    "Gives the seconds since 1970 of a time in UTC, such as time.gmtime gives.",
    function(t)
        local values = {}
        for i = 1, 6 do
            values[i] = type(t[i]) == "number" and math.tointeger(t[i])
            if not values[i] then error(TypeError("calendar.timegm: a time has 6 whole numbers or more")) end
        end
        check_month(values[1], values[2])
        return dates.seconds_of(values[1], values[2], 1, 0, 0, 0) + (values[3] - 1) * 86400 + values[4] * 3600
            + values[5] * 60 + values[6]
    end)

return calendar
