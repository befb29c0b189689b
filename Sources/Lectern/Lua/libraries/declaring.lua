-- How the libraries that are written in Lua declare what programs call: by one line that tells names and types, and one
-- that tells what it does. Arguments are checked and placed by it, and the reference is made of it.
--
--   calendar.isleap(year: integer) -> boolean
--   datetime.date:strftime(format: string) -> string
--   csv.writer(file: any, delimiter?: string = ',', ...: string) -> csv.writer
--
-- A colon before the name makes it a method. Checked are the types boolean, integer, number, string, function and table,
-- and several of these with a | between; what has another name, the function checks by itself.

local host = ...

-- What the libraries find as globals: as it was before the program began, and in a plain table, as they read it often.
local stock = {raw_getmetatable = host.raw_getmetatable}
for name in ([[type error tostring tonumber next select pairs ipairs pcall rawget rawset rawequal rawlen getmetatable
    setmetatable class isinstance string table math os Exception TypeError ValueError KeyError IndexError AttributeError
    RuntimeError IOError NotImplementedError]]):gmatch("%S+") do
    stock[name] = host.environment[name]
end
host.stock = stock

local _ENV <const> = stock

local unpack, concat, insert = table.unpack, table.concat, table.insert
local math_type, tointeger, find, match = math.type, math.tointeger, string.find, string.match
local front, near = host.front, host.nearest

local words = {
    boolean = "a boolean", integer = "a whole number", number = "a number", string = "a string",
    ["function"] = "a function", table = "a table",
}

-- What stands between '=' and the end of a parameter. Other texts only tell people what the function does.
local function default_of(text)
    if text == "true" then return true end
    if text == "false" then return false end
    return tonumber(text) or match(text, "^'(.*)'$")
end

local function parameter_of(text)
    local name, mark, kind = match(text, "^([%w_.]+)(%??): (.+)$")
    local of, default = match(kind, "^(.-) = (.+)$")
    local parameter = {
        name = name, is_optional = mark == "?", text = of or kind, default_text = default,
        default = default and default_of(default), types = {}, words = {},
    }
    for one in string.gmatch(of or kind, "[^|]+") do
        if words[one] then
            parameter.types[one] = true
            insert(parameter.words, words[one])
        else
            parameter.is_any = true
            insert(parameter.words, "a " .. one)
        end
    end
    parameter.takes_table = parameter.is_any or parameter.types.table
    return parameter
end

--- For the host: the parts of a line that declares a function.
local function read(signature)
    local name, list, result = match(signature, "^([%w_.:]+)(%b())%s*(.*)$")
    local read = {
        name = name, parameters = {}, result = match(result, "^%-> (.+)$") or "", is_method = find(name, ":") ~= nil,
    }
    for text in string.gmatch(string.sub(list, 2, -2), "[^,]+") do
        local parameter = parameter_of(match(text, "^%s*(.-)$"))
        if parameter.name == "..." then read.more = parameter else insert(read.parameters, parameter) end
    end
    return read
end

local function names_of(parameters)
    local names = {}
    for i, parameter in ipairs(parameters) do names[i] = parameter.name end
    return names
end

local function got(value)
    if value == nil then return "nil" end
    local metatable = raw_getmetatable(value)
    local name = metatable and type(value) == "table" and rawget(metatable, "__name")
    return type(name) == "string" and "a " .. name or "a " .. type(value)
end

local function refuse(name, parameter, value)
    local expected = concat(parameter.words, " or ")
    if value == nil then
        error(TypeError(("argument '%s' of %s is missing: it must be %s"):format(parameter.name, name, expected)))
    end
    error(TypeError(("argument '%s' of %s must be %s, got %s"):format(parameter.name, name, expected, got(value))))
end

local function checked(name, parameter, value)
    if value == nil then
        if parameter.is_optional then return parameter.default end
        if parameter.is_any then return nil end
        refuse(name, parameter)
    end
    local types, kind = parameter.types, type(value)
    if kind == "number" then
        if types.number then return value end
        if types.integer then
            local whole = math_type(value) == "integer" and value or tointeger(value)
            if whole then return whole end
        end
    elseif types[kind] then
        return value
    end
    if parameter.is_any then return value end
    refuse(name, parameter, value)
end

-- Whether the last argument gives parameters by name, from number `first` on; refuses names that are none.
local function gives_names(declared, given, value)
    if type(value) ~= "table" or raw_getmetatable(value) then return false end
    local parameters = declared.parameters
    local own = parameters[given]
    if given == 1 and own and own.takes_table then return false end -- it is what the function is for
    local numbers, known, unknown = declared.numbers, false, nil
    for key in next, value do
        local number = numbers[key]
        if not number then
            unknown = key
        elseif number < given then
            error(TypeError(("%s got parameter '%s' twice: by position and by name"):format(declared.name, key)))
        else
            known = true
        end
    end
    if unknown == nil then return known or not (own and own.takes_table) end
    if not known and own and own.takes_table then return false end
    if type(unknown) ~= "string" then
        if own then refuse(declared.name, own, value) end
        return false
    end
    local meant = near(unknown, names_of(parameters))
    error(TypeError(("%s has no parameter '%s'; %s"):format(
        declared.name, unknown, meant and "did you mean '" .. meant .. "'?" or #parameters == 0 and "it takes none"
            or "it has " .. concat(names_of(parameters), ", "))))
end

local function compile(signature, f, class)
    local declared = read(signature)
    local name, parameters, more = match(declared.name, "[^:]+$"), declared.parameters, declared.more
    if not declared.is_method then name = declared.name end
    local count, offset = #parameters, class and 1 or 0
    declared.name, declared.numbers = name, {}
    for i, parameter in ipairs(parameters) do declared.numbers[parameter.name] = i end
    return function(...)
        local given = select("#", ...) - offset
        local arguments = {...}
        if class and not isinstance(arguments[1], class) then
            error(TypeError(("call %s with a colon: object:%s(…), not object.%s(…)"):format(name, name, name)))
        end
        if given > 0 and given <= count + 1 then
            local last = arguments[offset + given]
            if gives_names(declared, given, last) then
                arguments[offset + given] = nil
                for key, value in next, last do arguments[offset + declared.numbers[key]] = value end
                given = given - 1
            end
        end
        if given > count and not more then
            while given > count and arguments[offset + given] == nil do given = given - 1 end
            if given > count then
                local most = count == 0 and "no arguments" or ("at most %d argument%s (%s)"):format(
                    count, count == 1 and "" or "s", concat(names_of(parameters), ", "))
                error(TypeError(("%s takes %s, got %d"):format(name, most, given)))
            end
        end
        for i = 1, count do arguments[offset + i] = checked(name, parameters[i], arguments[offset + i]) end
        if more then
            for i = count + 1, given do arguments[offset + i] = checked(name, more, arguments[offset + i]) end
        end
        return f(unpack(arguments, 1, offset + (more and given > count and given or count)))
    end
end

local declarations = {}

--- declare(signature, documentation, f [, class]) gives f as programs call it. With a class, f is a method of its
--- instances.
local function declare(signature, documentation, f, class)
    insert(declarations, {signature, documentation})
    local call
    return front(function(...)
        -- Most of what a library has, a program never calls.
        call = call or compile(signature, f, class)
        return call(...)
    end)
end

local opened = {}

--- What a library's text returns. It runs once, when the library is asked for by a program or by another one.
local function open(name)
    local library = opened[name]
    if library == nil then
        library = host.load_library(name)(host)
        opened[name] = library
    end
    return library
end

host.library = {declare = declare, declarations = declarations, read = read, got = got, open = open}
