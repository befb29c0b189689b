-- Classes: what `class` does, and how host classes look to a program.
--
-- A class is a table of members, flattened when it is defined: a derived class holds copies of what its bases have, so
-- a call is one look-up. A member that is added to a base later is handed on to its derived classes.

local host = ...

-- Programs may use the names of these for globals of their own.
local type, error, tostring, next, select = type, error, tostring, next, select
local setmetatable, rawget, rawset, rawequal, pcall = setmetatable, rawget, rawset, rawequal, pcall
local number_type = math.type
local TypeError, AttributeError, RuntimeError = TypeError, AttributeError, RuntimeError
local raw_getmetatable = debug.getmetatable
host.raw_getmetatable = raw_getmetatable
local near, related, front = host.nearest, host.related, host.front
local methods = host.hints.methods -- function -> its name in a program's class: for errors of a call with a dot

local CLASS = {} -- the key under which an instance's metatable names its class
local MOST_NAMES = 1000 -- that are compared with one that is not there
local infos = setmetatable({}, {__mode = "k"}) -- class -> what is known of it

local function is_metamethod(name)
    return type(name) == "string" and name:sub(1, 2) == "__" and name ~= "__index" and name ~= "__newindex"
end

local function construct(class, ...)
    local info = infos[class]
    local self = setmetatable({}, info.metatable)
    local init = class.init
    if init then init(self, ...) end
    if info.id and not host.has_handle(self) then
        error(RuntimeError(("class '%s' derives from %s, but its init did not call %s.init(self, ...)"):format(
            info.name, info.host_name, info.host_name)), 2)
    end
    return self
end

-- Only for those that have a host class: each call of C in C counts, and there may be no more than 200, so a tree of plain
-- instances would soon be too deep.
local construct_with_host = front(construct)

-- An error is known by its kind, also before its init has said why, and when it never does.
local function construct_error(class, ...)
    local self = setmetatable({kind = infos[class].name, message = ""}, infos[class].metatable)
    class.init(self, ...)
    return self
end

local function define_member(class, name, value)
    rawset(class, name, value)
    local info = infos[class]
    if type(value) == "function" and not info.is_host then methods[value] = name end
    if is_metamethod(name) then info.metatable[name] = value end
    for derived in next, info.derived do
        if rawget(derived, name) == nil then derived[name] = value end
    end
end

local function member_names(info)
    local names = {}
    for class in next, info.ancestors do
        for name in next, class do if type(name) == "string" then names[#names + 1] = name end end
    end
    return names
end

local function unknown_member(class, name)
    local info = infos[class]
    if not info.id or type(name) ~= "string" then return nil end
    local hint = near(name, member_names(info))
    if hint then
        error(AttributeError(("class %s has no '%s'; did you mean '%s'?"):format(info.name, name, hint)), 2)
    end
    return nil
end

local class_metatable_fields = {
    __call = construct,
    __newindex = define_member,
    __index = unknown_member,
    __metatable = "class",
}

local function install(class, info)
    infos[class] = info
    local metatable = {__name = "class", __tostring = function() return "<class " .. info.name .. ">" end}
    for name, value in next, class_metatable_fields do metatable[name] = value end
    if info.id then metatable.__call = construct_with_host end
    if info.is_error then metatable.__call = construct_error end
    setmetatable(class, metatable)
    info.ancestors[class] = true
    info.metatable[CLASS] = class
    info.metatable.__name = info.name
    info.metatable.__metatable = info.name
    return class
end

--- For the host: makes a declared class. It has declared members only, those that base has, too, included.
function host.define_class(name, class, accessors, id, describe, base)
    local metatable = host.instance_metatable(class, accessors, id, false)
    metatable.__tostring = describe
    install(class, {
        name = name, host_name = name, is_host = true, id = id, accessors = accessors, metatable = metatable,
        describe = describe, ancestors = {}, derived = setmetatable({}, {__mode = "k"}),
    })
    local of = base and infos[base]
    if of then
        for ancestor in next, of.ancestors do infos[class].ancestors[ancestor] = true end
        of.derived[class] = true
    end
    return class, metatable
end

local function field(object, name)
    return object[name]
end

--- The names that may have been meant where neither a handler nor what it handles has one.
local function names_of(target, interface)
    local names = {}
    local function add(name)
        if type(name) == "string" and #names < MOST_NAMES then names[#names + 1] = name end
    end
    for _, object in next, {target, interface} do
        host.each_name(object, add)
        local metatable = raw_getmetatable(object)
        local info = metatable and infos[rawget(metatable, CLASS)]
        for member in next, info and info.accessors or {} do add(member) end
    end
    return names
end

--- For the host: reads a name that a handler does not have from what it handles, and from the interface that this has.
--- Nothing there: the problem, if the handler has one that explains it, is the error.
function host.read_through(handler, target, name, problem)
    local interface
    local found, value = pcall(field, target, name)
    if not found then error(problem and AttributeError(problem) or value, 2) end
    if value == nil and not host.events_of(target) then
        interface = target.Interface
        if interface ~= nil then
            found, value = pcall(field, interface, name)
            if not found then error(problem and AttributeError(problem) or value, 2) end
            if value ~= nil then target = interface end
        end
    end
    if value == nil then
        if problem then error(AttributeError(problem), 2) end
        local outer, inner = raw_getmetatable(handler), raw_getmetatable(target)
        local meant = related(name, names_of(target, interface))
        error(AttributeError(("neither the %s nor its %s has '%s'%s"):format(
            outer and outer.__name or "handler", inner and inner.__name or type(target), tostring(name),
            meant and "; did you mean " .. meant .. "?" or "")), 2)
    end
    if type(value) ~= "function" then return value end
    return function(self, ...)
        if rawequal(self, handler) then return value(target, ...) end
        return value(self, ...)
    end
end

--- For the host: the names of an instance's events, as keys; nil for what is no instance of a class with events.
function host.events_of(object)
    local metatable = raw_getmetatable(object)
    local info = metatable and infos[rawget(metatable, CLASS)]
    if not info or not info.id then return nil end
    local events = info.events
    if not events then
        events = {}
        for name, code in next, info.accessors do
            if code & 1 == 1 then events[name] = true end
        end
        for class in next, info.ancestors do
            for name in next, infos[class].added_events or {} do events[name] = true end
        end
        info.events = events
    end
    return events
end

--- For the host: instances of a class and of those derived from it have one more event. Its handler is the field of that
--- name, and whoever added it calls that.
function host.add_event(class, name)
    local info = infos[class]
    info.added_events = info.added_events or {}
    info.added_events[name] = true
end

--- For the host: calls f with every name that an object has, by itself or from its class or prototypes.
function host.each_name(object, f)
    local seen = {}
    while type(object) == "table" and not seen[object] do
        seen[object] = true
        for name in next, object do f(name) end
        local metatable = raw_getmetatable(object)
        object = metatable and (rawget(metatable, CLASS) or rawget(metatable, "__index"))
        if object and infos[object] then
            for name in next, object do f(name) end
            return
        end
    end
end

--- For the host: the name of an instance's class.
function host.class_name(object)
    return raw_getmetatable(object).__name
end

--- For the host: instances of a class read what they lack by index(self, key), and take what is new by
--- newindex(self, key, value). So do those of classes that are derived from it later.
function host.set_access(class, index, newindex)
    local info = infos[class]
    info.index, info.newindex = index, newindex
    info.metatable.__index, info.metatable.__newindex = index, newindex
end

--- For the host: the class of an instance; nil for what is none.
function host.class_of(object)
    local metatable = raw_getmetatable(object)
    return metatable and rawget(metatable, CLASS)
end

--- class(name, base, ...) makes a class. Its instances are tables; `init(self, ...)` fills a new one. Members of an
--- earlier base win over those of a later one. At most one line of bases leads to a host class.
function class(name, ...)
    if type(name) ~= "string" then
        error(TypeError("class(name, base, ...): name must be a string, got a " .. type(name)), 2)
    end
    local bases, count = {...}, select("#", ...)
    local new, accessors = {}, {}
    local info = {name = name, ancestors = {}, derived = setmetatable({}, {__mode = "k"})}
    for i = 1, count do
        local base = bases[i]
        local of = base ~= nil and infos[base]
        if not of then
            error(TypeError(("class '%s': base %d must be a class, got a %s"):format(name, i, type(base))), 2)
        end
        if of.id then
            if info.id and info.id ~= of.id then
                error(TypeError(("class '%s' derives from both %s and %s; an object has one interface: keep the other "
                    .. "in a field"):format(name, info.host_name, of.host_name)), 2)
            end
            info.id, info.host_name, info.describe = of.id, of.host_name, of.describe
        end
        info.is_error = info.is_error or of.is_error
        if not info.index then info.index, info.newindex = of.index, of.newindex end
    end
    if info.id and info.is_error then
        error(TypeError(("class '%s' derives from both %s and an error; keep the interface in a field"):format(
            name, info.host_name)), 2)
    end
    for i = count, 1, -1 do
        local base = bases[i]
        local of = infos[base]
        for key, value in next, base do new[key] = value end
        for key, value in next, of.accessors or {} do accessors[key] = value end
        for ancestor in next, of.ancestors do info.ancestors[ancestor] = true end
        of.derived[new] = true
    end
    if info.id then
        info.accessors = accessors
        info.metatable = host.instance_metatable(new, accessors, info.id, true)
        info.metatable.__tostring = info.describe
    elseif info.is_error then
        info.metatable = host.error_metatable(new)
    else
        info.metatable = {__index = info.index or new, __newindex = info.newindex}
    end
    for key, value in next, new do
        if is_metamethod(key) then info.metatable[key] = value end
    end
    return install(new, info)
end

class = front(class)

-- The kinds of errors, and of which other one each is.
local kinds_of_errors = {
    Exception = false, TypeError = "Exception", ValueError = "Exception", IOError = "Exception",
    AttributeError = "Exception", KeyError = "Exception", IndexError = "Exception", RuntimeError = "Exception",
    ImportError = "Exception", FileNotOpenError = "Exception", ConnectionError = "IOError", TimeoutError = "IOError",
    PermissionError = "IOError", NotImplementedError = "RuntimeError",
}
local kinds = {} -- name -> the global of that name
local plain_error = raw_getmetatable(Exception())

local function take_message(self, message)
    self.message = message == nil and "" or tostring(message)
end

for name, of in next, kinds_of_errors do
    local kind = _ENV[name]
    kinds[name] = kind
    rawset(kind, "init", take_message)
    local ancestors = {[kind] = true}
    while of do ancestors[_ENV[of]], of = true, kinds_of_errors[of] end
    infos[kind] = {
        name = name, is_error = true, is_host = true, metatable = plain_error, ancestors = ancestors,
        derived = setmetatable({}, {__mode = "k"}),
    }
end

-- What has no class, by Python's names.
local python_types = {
    str = function(value) return type(value) == "string" end,
    bool = function(value) return type(value) == "boolean" end,
    int = function(value) return number_type(value) == "integer" end,
    float = function(value) return number_type(value) == "float" end,
}
python_types.bytes = python_types.str

local function is_instance(object, of, class)
    if of and of.ancestors[class] then return true end
    local test = python_types[class]
    return test ~= nil and test(object)
end

--- isinstance(object, class) tells whether object was made by class or by one derived from it. A list of classes asks for
--- any of them; 'str', 'bytes', 'int', 'float' and 'bool' stand for what has no class.
function isinstance(object, class)
    local metatable = raw_getmetatable(object)
    local of
    if metatable == plain_error then
        of = infos[kinds[rawget(object, "kind")]]
    elseif metatable then
        of = infos[rawget(metatable, CLASS)]
    end
    if type(class) == "table" and not infos[class] and not raw_getmetatable(class) then
        for i = 1, #class do
            if is_instance(object, of, class[i]) then return true end
        end
        return false
    end
    return is_instance(object, of, class)
end
