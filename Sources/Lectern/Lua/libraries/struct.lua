-- Python's struct: binary records by its format language. Numbers are read and written by Lua's own string.pack, one at
-- a time, so that what is wrong with a value can be said in Python's words.

local host = ...
local _ENV <const> = host.stock

local declare, open_ended = host.library.declare, math.maxinteger
local pack, unpack, rep, sub, byte = string.pack, string.unpack, string.rep, string.sub, string.byte
local concat, huge, tointeger, math_type = table.concat, math.huge, math.tointeger, math.type

local struct_error = class("struct.error", Exception)
local struct = {error = struct_error}

local MOST_VALUES = 100000 -- of one call: they are all on the stack
local MOST_BYTES = 1 << 40 -- of a record; no string is as long

local function fail(text, ...) error(struct_error(text:format(...))) end

-- Each code with its size in the two modes: of the machine (@) and of the standard.
local sizes = {
    x = {1, 1}, c = {1, 1}, b = {1, 1}, B = {1, 1}, ["?"] = {1, 1}, h = {2, 2}, H = {2, 2}, i = {4, 4}, I = {4, 4},
    l = {8, 4}, L = {8, 4}, q = {8, 8}, Q = {8, 8}, n = {8}, N = {8}, e = {2, 2}, f = {4, 4}, d = {8, 8}, s = {1, 1},
    p = {1, 1}, P = {8},
}
local signed = {b = true, h = true, i = true, l = true, q = true, n = true}
local unsigned = {B = true, H = true, I = true, L = true, Q = true, N = true, P = true}

local function fields_of(format)
    local order, at = sub(format, 1, 1), 2
    if not order:find("[@=<>!]") then order, at = "@", 1 end
    local is_native = order == "@"
    local lua_order = (order == ">" or order == "!") and ">" or "<"
    local mode = is_native and 1 or 2
    local fields, size, values = {}, 0, 0
    while at <= #format do
        local digits, code, behind = format:match("^(%d*)([^%d%s])()", at)
        if not code then
            behind = format:match("^%s+()", at)
            if not behind then fail("repeat count given without format specifier") end
        else
            local of = sizes[code] and sizes[code][mode]
            if not of then fail("bad char in struct format: '%s'", code) end
            local count = digits == "" and 1 or #digits < 16 and tointeger(digits) or fail("overflow in item count")
            if is_native and size % of ~= 0 then
                fields[#fields + 1] = {code = "x", count = of - size % of}
                size = size + of - size % of
            end
            size = size + count * of
            if size > MOST_BYTES then fail("total struct size too long") end
            local is_text = code == "s" or code == "p"
            if code ~= "x" then values = values + (is_text and 1 or count) end
            local field = {code = code, count = count, size = of, is_text = is_text}
            if signed[code] then
                field.lua, field.low, field.high = lua_order .. "i" .. of, -1 << (of * 8 - 1), ~(-1 << (of * 8 - 1))
            elseif unsigned[code] then
                field.lua = lua_order .. "I" .. of
                -- 64 bits without a sign are Lua's integers with the same bits.
                field.low, field.high = of == 8 and math.mininteger or 0, of == 8 and open_ended or (1 << (of * 8)) - 1
            elseif code == "f" or code == "d" then
                field.lua = lua_order .. code
            elseif code == "e" then
                field.lua = lua_order .. "I2"
            end
            fields[#fields + 1] = field
        end
        at = behind
    end
    return {format = format, fields = fields, size = size, values = values}
end

-- The formats used last: a program has few.
local known, known_count = {}, 0

local function compile(format)
    local compiled = known[format]
    if not compiled then
        compiled = fields_of(format)
        if known_count == 64 then known, known_count = {}, 0 end
        known[format], known_count = compiled, known_count + 1
    end
    return compiled
end

-- MARK: Numbers

-- A float of 16 bits, rounded to the nearest even one.
local function half_bits(value)
    local bits = unpack(">I8", pack(">d", value))
    local sign = bits >> 63 << 15
    local exponent, fraction = (bits >> 52 & 0x7FF) - 1023, 1 + (bits & 0xFFFFFFFFFFFFF) / 0x10000000000000
    if value ~= value then return sign | 0x7E00 end
    if value == huge or value == -huge then return sign | 0x7C00 end
    if exponent < -25 then return sign end
    if exponent < -14 then
        fraction, exponent = fraction * 2.0 ^ (14 + exponent), 0
    else
        fraction, exponent = fraction - 1, exponent + 15
    end
    local scaled = fraction * 1024
    local whole = scaled // 1 | 0
    local rest = scaled - whole
    if rest > 0.5 or rest == 0.5 and whole % 2 == 1 then whole = whole + 1 end
    local result = (exponent << 10) + whole
    if result >= 0x7C00 then error(ValueError("struct.pack: float too large to pack with e format")) end
    return sign | result
end

local function half_of(bits)
    local exponent, fraction = bits >> 10 & 31, bits & 1023
    local value
    if exponent == 0 then
        value = fraction / 1024 * 2.0 ^ -14
    elseif exponent == 31 then
        value = fraction == 0 and huge or huge - huge
    else
        value = (1 + fraction / 1024) * 2.0 ^ (exponent - 15)
    end
    return bits >> 15 == 1 and -value or value
end

-- MARK: Writing

local function packed_float(field, value)
    if type(value) ~= "number" then fail("required argument is not a float") end
    value = value * 1.0
    if field.code == "e" then return pack(field.lua, half_bits(value)) end
    local text = pack(field.lua, value)
    if field.code == "f" and value - value == 0 and unpack(field.lua, text) - unpack(field.lua, text) ~= 0 then
        error(ValueError("struct.pack: float too large to pack with f format"))
    end
    return text
end

local function packed_text(field, value)
    if type(value) ~= "string" then fail("argument for '%s' must be a string", field.code) end
    local count = field.count
    if field.code == "s" then return sub(value, 1, count) .. rep("\0", count - #value) end
    if count == 0 then return "" end
    local kept = #value
    if kept > count - 1 then kept = count - 1 end
    return string.char(kept > 255 and 255 or kept) .. sub(value, 1, kept) .. rep("\0", count - 1 - kept)
end

local function packed(field, value)
    local code = field.code
    if field.low then
        local whole = math_type(value) == "integer" and value or type(value) == "number" and tointeger(value)
        if not whole then fail("required argument is not an integer") end
        if whole < field.low or whole > field.high then
            fail("'%s' format requires %d <= number <= %d", code, field.low, field.high)
        end
        return pack(field.lua, whole)
    end
    if field.is_text then return packed_text(field, value) end
    if code == "?" then return value and value ~= 0 and "\1" or "\0" end
    if code == "c" then
        if type(value) ~= "string" or #value ~= 1 then fail("char format requires a string of length 1") end
        return value
    end
    return packed_float(field, value)
end

local function write(compiled, ...)
    local given = select("#", ...)
    if given ~= compiled.values then
        fail("pack expected %d items for packing (got %d)", compiled.values, given)
    end
    local values, pieces, next_value = {...}, {}, 1
    for _, field in ipairs(compiled.fields) do
        if field.code == "x" then
            pieces[#pieces + 1] = rep("\0", field.count)
        else
            for _ = 1, field.is_text and 1 or field.count do
                pieces[#pieces + 1] = packed(field, values[next_value])
                next_value = next_value + 1
            end
        end
    end
    return concat(pieces)
end

-- MARK: Reading

local function read_text(field, data, at)
    if field.code == "s" then return sub(data, at, at + field.count - 1) end
    if field.count == 0 then return "" end
    local length = byte(data, at)
    return sub(data, at + 1, at + (length < field.count and length or field.count - 1))
end

-- The values of a record that begins at a position.
local function read(compiled, data, at)
    if compiled.values > MOST_VALUES then
        fail("a record of %d values; at most %d can be unpacked at once", compiled.values, MOST_VALUES)
    end
    local values, count = {}, 0
    for _, field in ipairs(compiled.fields) do
        local code = field.code
        if code == "x" then
            at = at + field.count
        elseif field.is_text then
            count = count + 1
            values[count] = read_text(field, data, at)
            at = at + field.count
        else
            for _ = 1, field.count do
                count = count + 1
                if field.lua then
                    local value = unpack(field.lua, data, at)
                    values[count] = code == "e" and half_of(value) or value
                elseif code == "?" then
                    values[count] = byte(data, at) ~= 0
                else
                    values[count] = sub(data, at, at)
                end
                at = at + field.size
            end
        end
    end
    return table.unpack(values, 1, count)
end

local function read_all(compiled, data)
    if #data ~= compiled.size then fail("unpack requires a buffer of %d bytes", compiled.size) end
    return read(compiled, data, 1)
end

local function read_from(compiled, data, offset)
    if offset < 0 then
        if offset + #data < 0 then fail("offset %d out of range for %d-byte buffer", offset, #data) end
        offset = offset + #data
    end
    if #data - offset < compiled.size then
        fail(
            "unpack_from requires a buffer of at least %d bytes for unpacking %d bytes at offset %d (actual buffer size is "
                .. "%d)",
            offset + compiled.size, compiled.size, offset, #data)
    end
    return read(compiled, data, offset + 1)
end

local function records(compiled, data)
    if compiled.size == 0 then fail("cannot iteratively unpack with a struct of length 0") end
    if #data % compiled.size ~= 0 then
        fail("iterative unpacking requires a buffer of a multiple of %d bytes", compiled.size)
    end
    local at = 1
    return function()
        if at > #data then return nil end
        local begin = at
        at = at + compiled.size
        return read(compiled, data, begin)
    end
end

-- MARK: What programs call

struct.calcsize = declare(
    "struct.calcsize(format: string) -> integer", "Tells how many bytes a record has.",
    function(format) return compile(format).size end)

struct.pack = declare(
    "struct.pack(format: string, ...: any) -> string",
    "Writes values as a record. Raises struct.error for what does not fit.",
    function(format, ...) return write(compile(format), ...) end)

struct.unpack = declare(
    "struct.unpack(format: string, data: string) -> any",
    "Reads a record that is all of the data: local a, b = struct.unpack('>HH', data). Raises struct.error for "
        .. "another length.",
    function(format, data) return read_all(compile(format), data) end)

struct.unpack_from = declare(
    "struct.unpack_from(format: string, data: string, offset?: integer = 0) -> any",
    "Reads a record behind the first offset bytes. More may follow it.",
    function(format, data, offset) return read_from(compile(format), data, offset) end)

struct.iter_unpack = declare(
    "struct.iter_unpack(format: string, data: string) -> function",
    "Reads one record after the other: for a, b in struct.iter_unpack('>HH', data) do.",
    function(format, data) return records(compile(format), data) end)

local Struct = class("Struct")
struct.Struct = Struct

Struct.init = declare(
    "struct.Struct(format: string)", "A format that is read once.",
    function(self, format)
        self.compiled = compile(format)
        self.format, self.size = format, self.compiled.size
    end, Struct)

function Struct:__tostring() return ("Struct('%s')"):format(self.format) end

Struct.pack = declare(
    "struct.Struct:pack(...: any) -> string", "Writes values as a record; see struct.pack.",
    function(self, ...) return write(self.compiled, ...) end, Struct)
Struct.unpack = declare(
    "struct.Struct:unpack(data: string) -> any", "Reads a record; see struct.unpack.",
    function(self, data) return read_all(self.compiled, data) end, Struct)
Struct.unpack_from = declare(
    "struct.Struct:unpack_from(data: string, offset?: integer = 0) -> any", "Reads a record; see struct.unpack_from.",
    function(self, data, offset) return read_from(self.compiled, data, offset) end, Struct)
Struct.iter_unpack = declare(
    "struct.Struct:iter_unpack(data: string) -> function", "Reads one record after the other; see struct.iter_unpack.",
    function(self, data) return records(self.compiled, data) end, Struct)

return struct
