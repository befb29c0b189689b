-- event: the decorator of the mimicked environment as a function.

local host = ...

-- Programs may use the names of these for globals of their own.
local type, error, tostring, next, select, ipairs = type, error, tostring, next, select, ipairs
local rawget, getmetatable, math, table = rawget, getmetatable, math, table
local TypeError, AttributeError = TypeError, AttributeError
local near = host.nearest

-- What event was given, as its messages show it.
local function shown(value)
    if value == nil then return "nil" end
    if type(value) == "string" then return ("the string '%s'"):format(#value > 40 and value:sub(1, 40) .. "…" or value) end
    if getmetatable(value) == "class" then return "a class" end
    return "a " .. type(value)
end

local function mistake(text, ...) error(TypeError(text:format(...)), 3) end

local function set(object, name, f)
    local known = host.events_of(object)
    if known and not known[name] then
        local names = {}
        for event in next, known do names[#names + 1] = event end
        table.sort(names)
        local hint = near(name, names)
        error(AttributeError(("%s has no event '%s'; %s"):format(host.class_name(object), tostring(name),
            hint and ("did you mean '" .. hint .. "'?") or ("it has " .. table.concat(names, ", ")))), 3)
    end
    object[name] = f
end

-- The highest whole number among the keys of a table: the length of a list that may have holes.
local function last_index(list)
    local last = 0
    for key in next, list do
        if math.type(key) == "integer" and key > last then last = key end
    end
    return last
end

local function is_list(value)
    return type(value) == "table" and not host.events_of(value) and getmetatable(value) ~= "class"
        and last_index(value) > 0
end

-- Calls use with each element of a list, and raises for one that is not of the type.
local function check_list(list, what, expected, of_type)
    for i = 1, last_index(list) do
        local value = rawget(list, i)
        if value == nil then
            mistake("event: element %d of the list of %s is nil: is it defined above this line?", i, what)
        end
        if type(value) ~= of_type or getmetatable(value) == "class" then
            mistake("event: element %d of the list of %s must be %s, got %s", i, what, expected, shown(value))
        end
    end
    return list
end

local function check_objects(objects, names)
    if is_list(objects) then return check_list(objects, "objects", "an object", "table") end
    if objects == nil then
        mistake("event needs an object as its first argument, and got nil: is it defined above this line?")
    end
    if type(objects) == "table" and getmetatable(objects) ~= "class" then return {objects} end
    if type(objects) == "string" and type(names) == "table" and not is_list(names) then
        mistake("event takes the object first and the name of the event second: event(object, '%s', f)", objects)
    end
    mistake("event needs an object or a list of objects as its first argument, got %s", shown(objects))
end

local function check_names(names)
    if type(names) == "string" then return {names} end
    if is_list(names) then return check_list(names, "names", "a string", "string") end
    mistake("event needs the name of an event or a list of names as its second argument, got %s",
        type(names) == "table" and next(names) == nil and "an empty list" or shown(names))
end

local function check_function(f, place)
    if f == nil then mistake("event needs a function as %s, and got nil: is it defined above this line?", place) end
    if type(f) ~= "function" and type(f) ~= "table" then
        mistake("event needs a function as %s, got %s", place, shown(f))
    end
end

local function connect(objects, names, f)
    for _, object in ipairs(objects) do
        for _, name in ipairs(names) do set(object, name, f) end
    end
    return f
end

--- event(objects, names, f) sets f as the handler of every name of every object, and returns f.
--- event(objects, names)(f) does the same.
function event(objects, names, ...)
    objects = check_objects(objects, names)
    names = check_names(names)
    if select("#", ...) == 0 then
        return function(f)
            check_function(f, "the argument of event(…)(f)")
            return connect(objects, names, f)
        end
    end
    local f = ...
    check_function(f, "its third argument")
    return connect(objects, names, f)
end

event = host.front(event)
