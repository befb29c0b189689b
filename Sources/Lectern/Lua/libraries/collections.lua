-- Python's collections. What a program puts into one is in the table itself, so that reading costs nothing; what the
-- collection knows beside it is in a table of its own.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local set_access, class_of = host.set_access, host.class_of

local collections = {}

-- Of instances: what they know beside their content.
local private = setmetatable({}, {__mode = "k"})

-- MARK: What dictionaries have in common

local nothing = {} -- an argument that was not given

-- Gives a class the methods of a dictionary. `each(self)` iterates over keys and values.
local function define_dictionary(Class, name, each)
    local function method(signature, documentation, f)
        local short = signature:match("^[%w_]+")
        Class[short] = declare(("%s:%s"):format(name, signature), documentation, f, Class)
    end

    method("items() -> function", "Goes through keys and values: for key, value in d:items() do.", each)
    method("keys() -> function", "Goes through the keys.", function(self) return each(self) end)
    method("values() -> function", "Goes through the values.", function(self)
        local following, state, key = each(self)
        return function()
            local value
            key, value = following(state, key)
            return value
        end
    end)
    method("get(key: any, default?: any) -> any", "Gives the value of a key, or default.", function(self, key, default)
        local value = rawget(self, key)
        if value == nil then return default end
        return value
    end)
    method("pop(key: any, default?: any) -> any",
        "Removes a key and gives its value, or default. Without both: KeyError.",
        function(self, key, default)
            local value = rawget(self, key)
            if value == nil then
                if default == nil then error(KeyError(tostring(key))) end
                return default
            end
            self[key] = nil
            return value
        end)
    method("setdefault(key: any, default: any) -> any",
        "Gives the value of a key, which is default when there was none.",
        function(self, key, default)
            if rawget(self, key) == nil then self[key] = default end
            return rawget(self, key)
        end)
    method("clear()", "Removes all.", function(self)
        for key in each(self) do rawset(self, key, nil) end
    end)
end

-- Goes through what a program gives to fill a dictionary: a list of pairs, or a table.
local function fill(self, content, name)
    if content == nil then return end
    if type(content) ~= "table" then
        error(TypeError(("argument 'content' of %s must be a table or a list of pairs, got %s"):format(
            name, got(content))))
    end
    local metatable = raw_getmetatable(content)
    if #content > 0 and type(content[1]) == "table" and not (metatable and metatable.__pairs) then
        for _, pair in ipairs(content) do self[pair[1]] = pair[2] end
    else
        for key, value in pairs(content) do self[key] = value end
    end
end

-- A member of the class, for a name that the table does not have.
local function member(self, key) return class_of(self)[key] end

-- MARK: OrderedDict

local OrderedDict = class("OrderedDict")
collections.OrderedDict = OrderedDict

-- Keys in a ring: `after` and `before` lead from key to key, `nothing` is both ends.
local function unlink(order, key)
    local before, after = order.before[key], order.after[key]
    order.after[before], order.before[after] = after, before
    order.before[key], order.after[key] = nil, nil
end

local function link(order, key, at_begin)
    local before = at_begin and nothing or order.before[nothing]
    local after = order.after[before]
    order.before[key], order.after[key] = before, after
    order.after[before], order.before[after] = key, key
end

local function order_of(self)
    local order = private[self]
    if not order then
        order = {after = {[nothing] = nothing}, before = {[nothing] = nothing}}
        private[self] = order
    end
    return order
end

-- The key behind one that is still there. Keys whose value became nil have left.
local function next_key(self, order, key)
    local following = order.after[key]
    while following ~= nothing and rawget(self, following) == nil do
        local gone = following
        following = order.after[gone]
        unlink(order, gone)
    end
    return following
end

local function ordered(self)
    local order = order_of(self)
    local key = next_key(self, order, nothing)
    return function()
        -- The body of the loop may remove the key that it got.
        if key == nothing then return nil end
        local found = key
        local value = rawget(self, found)
        if value == nil then return nil end
        key = next_key(self, order, found)
        return found, value
    end
end

set_access(OrderedDict, member, function(self, key, value)
    local order = order_of(self)
    if order.after[key] ~= nil then unlink(order, key) end
    rawset(self, key, value)
    if value ~= nil then link(order, key) end
end)

OrderedDict.init = declare(
    "collections.OrderedDict(content?: table)",
    "A table that keeps the order in which its keys came: pairs goes by it. content is a list of pairs, or a table.",
    function(self, content) fill(self, content, "OrderedDict") end, OrderedDict)
function OrderedDict:__pairs() return ordered(self) end
function OrderedDict:__len()
    local count = 0
    for _ in ordered(self) do count = count + 1 end
    return count
end
function OrderedDict.__eq(a, b)
    if not isinstance(a, OrderedDict) or not isinstance(b, OrderedDict) then return false end
    local of_a, of_b = ordered(a), ordered(b)
    while true do
        local key, value = of_a()
        local other_key, other_value = of_b()
        if key ~= other_key or value ~= other_value then return false end
        if key == nil then return true end
    end
end

define_dictionary(OrderedDict, "collections.OrderedDict", ordered)

OrderedDict.update = declare(
    "collections.OrderedDict:update(content: table)", "Takes all of a table or a list of pairs.",
    function(self, content) fill(self, content, "update") end, OrderedDict)
OrderedDict.copy = declare(
    "collections.OrderedDict:copy() -> collections.OrderedDict", "Makes one of the same content.",
    function(self) return class_of(self)(self) end, OrderedDict)

local function end_key(self, last)
    local order = order_of(self)
    if not last then return next_key(self, order, nothing) end
    local key = order.before[nothing]
    while key ~= nothing and rawget(self, key) == nil do
        unlink(order, key)
        key = order.before[nothing]
    end
    return key
end

OrderedDict.popitem = declare(
    "collections.OrderedDict:popitem(last?: boolean = true) -> any",
    "Removes the last pair, or with false the first, and gives key and value.",
    function(self, last)
        local key = end_key(self, last)
        if key == nothing then error(KeyError("dictionary is empty")) end
        local value = rawget(self, key)
        rawset(self, key, nil)
        unlink(order_of(self), key)
        return key, value
    end, OrderedDict)
OrderedDict.move_to_end = declare(
    "collections.OrderedDict:move_to_end(key: any, last?: boolean = true)",
    "Makes a key the last one, or with false the first.",
    function(self, key, last)
        if key == nil or rawget(self, key) == nil then error(KeyError(tostring(key))) end
        local order = order_of(self)
        unlink(order, key)
        link(order, key, not last)
    end, OrderedDict)

-- MARK: defaultdict

local defaultdict = class("defaultdict")
collections.defaultdict = defaultdict

set_access(defaultdict, function(self, key)
    local of = member(self, key)
    if of ~= nil then return of end
    local factory = private[self]
    if not factory then return nil end
    local value = factory()
    rawset(self, key, value)
    return value
end, nil)

defaultdict.init = declare(
    "collections.defaultdict(default_factory?: function|table, content?: table)",
    "A table in which a key that is missing gets what the function or class gives, as soon as it is read.",
    function(self, factory, content)
        private[self] = factory
        fill(self, content, "defaultdict")
    end, defaultdict)

local function plainly(self) return next, self, nil end

define_dictionary(defaultdict, "collections.defaultdict", plainly)

-- MARK: Counter

local Counter = class("Counter")
collections.Counter = Counter

set_access(Counter, function(self, key)
    local of = member(self, key)
    if of ~= nil then return of end
    return 0
end, nil)

local function count_all(self, content, sign)
    if content == nil then return end
    local function add(key, count) rawset(self, key, (rawget(self, key) or 0) + sign * count) end
    if type(content) == "string" then
        for byte in content:gmatch(".") do add(byte, 1) end
    elseif #content > 0 then
        for _, value in ipairs(content) do add(value, 1) end
    else
        for key, count in next, content do add(key, count) end
    end
end

Counter.init = declare(
    "collections.Counter(content?: table|string)",
    "Counts the elements of a list or the bytes of a string. A key that is missing is 0. A table of counts is taken "
        .. "as it is.",
    function(self, content)
        private[self] = true
        count_all(self, content, 1)
    end, Counter)

define_dictionary(Counter, "collections.Counter", plainly)

Counter.update = declare(
    "collections.Counter:update(content: table|string)", "Counts more.",
    function(self, content) count_all(self, content, 1) end, Counter)
Counter.subtract = declare(
    "collections.Counter:subtract(content: table|string)", "Counts down.",
    function(self, content) count_all(self, content, -1) end, Counter)
Counter.total = declare(
    "collections.Counter:total() -> number", "Adds the counts up.",
    function(self)
        local sum = 0
        for _, count in next, self do sum = sum + count end
        return sum
    end, Counter)
Counter.most_common = declare(
    "collections.Counter:most_common(n?: integer) -> table",
    "Gives a list of {key, count}, the most frequent first; of equal ones in the order of the keys.",
    function(self, n)
        local list = {}
        for key, count in next, self do list[#list + 1] = {key, count} end
        table.sort(list, function(a, b)
            if a[2] ~= b[2] then return a[2] > b[2] end
            if type(a[1]) ~= type(b[1]) then return type(a[1]) < type(b[1]) end
            return (type(a[1]) == "number" or type(a[1]) == "string") and a[1] < b[1]
        end)
        if n then
            for i = #list, n < 0 and 1 or n + 1, -1 do list[i] = nil end
        end
        return list
    end, Counter)

-- MARK: namedtuple

local function names_of(field_names)
    local names = {}
    if type(field_names) == "string" then
        for name in field_names:gmatch("[^%s,]+") do names[#names + 1] = name end
    else
        for i, name in ipairs(field_names) do names[i] = name end
    end
    local seen = {}
    for _, name in ipairs(names) do
        if type(name) ~= "string" or not name:find("^%a[%w_]*$") then
            error(ValueError(("Type names and field names must be valid identifiers: '%s'"):format(tostring(name))))
        end
        if seen[name] then error(ValueError(("Encountered duplicate field name: '%s'"):format(name))) end
        seen[name] = true
    end
    return names
end

collections.namedtuple = declare(
    "collections.namedtuple(typename: string, field_names: table|string) -> table",
    "Makes a class of lists whose elements have names, too: local Point = collections.namedtuple('Point', 'x y').",
    function(typename, field_names)
        local names = names_of(field_names)
        local Tuple = class(typename)
        local places = {}
        for i, name in ipairs(names) do places[name] = i end
        set_access(Tuple, function(self, key)
            local place = places[key]
            if place then return rawget(self, place) end
            return member(self, key)
        end, function(_, key)
            error(AttributeError(("can't set '%s': the fields of a %s stay as they are"):format(
                tostring(key), typename)))
        end)
        -- Whether the last argument has fields by their names.
        local function has_names(value)
            if type(value) ~= "table" or raw_getmetatable(value) or next(value) == nil then return false end
            for key in next, value do
                if not places[key] then return false end
            end
            return true
        end
        function Tuple:init(...)
            local values, given = {...}, select("#", ...)
            if given > 0 and has_names(values[given]) then
                local named = values[given]
                values[given], given = nil, given - 1
                for name, value in next, named do values[places[name]] = value end
            end
            if given > #names then
                error(TypeError(("%s takes at most %d arguments (%s), got %d"):format(
                    typename, #names, table.concat(names, ", "), given)))
            end
            for i, name in ipairs(names) do
                if values[i] == nil then
                    error(TypeError(("%s: the argument '%s' is missing"):format(typename, name)))
                end
                rawset(self, i, values[i])
            end
        end
        Tuple._fields = names
        function Tuple:_asdict()
            local result = {}
            for i, name in ipairs(names) do result[name] = rawget(self, i) end
            return result
        end
        function Tuple:_replace(changes)
            local values = {}
            for i = 1, #names do values[i] = rawget(self, i) end
            for name, value in next, changes do
                if not places[name] then
                    error(ValueError(("Got unexpected field names: '%s'"):format(tostring(name))))
                end
                values[places[name]] = value
            end
            return class_of(self)(table.unpack(values, 1, #names))
        end
        function Tuple._make(list) return Tuple(table.unpack(list, 1, #names)) end
        function Tuple:__tostring()
            local parts = {}
            for i, name in ipairs(names) do
                local value = rawget(self, i)
                parts[i] = name .. "=" .. (type(value) == "string" and ("'%s'"):format(value) or tostring(value))
            end
            return ("%s(%s)"):format(typename, table.concat(parts, ", "))
        end
        function Tuple.__eq(a, b)
            if rawlen(a) ~= rawlen(b) then return false end
            for i = 1, rawlen(a) do
                if rawget(a, i) ~= rawget(b, i) then return false end
            end
            return true
        end
        return Tuple
    end)

host.library.open("deque")(collections, private)

return collections
