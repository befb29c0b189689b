-- Python's uuid.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local pack, unpack = string.pack, string.unpack

local UUID = class("UUID")
local uuid = {UUID = UUID}

-- With the version and the variant of RFC 4122 put in.
local function of_bytes(bytes, version)
    if version then
        local high, low = unpack(">I8I8", bytes)
        high = high & ~0xF000 | version << 12
        low = low & 0x3FFFFFFFFFFFFFFF | -0x8000000000000000
        bytes = pack(">I8I8", high, low)
    end
    return UUID({bytes = bytes})
end

local function digits_of(text)
    local digits = text:lower():gsub("^urn:", ""):gsub("^uuid:", ""):gsub("^{", ""):gsub("}$", ""):gsub("-", "")
    if #digits ~= 32 or digits:find("%X") then error(ValueError("badly formed hexadecimal UUID string")) end
    return digits
end

UUID.init = declare(
    "uuid.UUID(hex?: string, bytes?: string, bytes_le?: string)",
    "A UUID of 32 hexadecimal digits, with hyphens, braces or urn:uuid: or without; or of 16 bytes.",
    function(self, hex, bytes, bytes_le)
        if (hex and 1 or 0) + (bytes and 1 or 0) + (bytes_le and 1 or 0) ~= 1 then
            error(TypeError("uuid.UUID needs one of hex, bytes and bytes_le"))
        end
        local given = bytes or bytes_le
        if given and #given ~= 16 then
            error(ValueError(("%s is not a 16-char string"):format(bytes and "bytes" or "bytes_le")))
        end
        if bytes_le then
            local a, b, c = unpack("<I4I2I2", bytes_le)
            bytes = pack(">I4I2I2", a, b, c) .. bytes_le:sub(9)
        end
        self.bytes = bytes or string.fromhex(digits_of(hex))
        self.hex = self.bytes:hex()
        self.time_low, self.time_mid, self.time_hi_version, self.clock_seq_hi_variant, self.clock_seq_low =
            unpack(">I4I2I2BB", self.bytes)
        self.node = unpack(">I6", self.bytes, 11)
        self.clock_seq = (self.clock_seq_hi_variant & 0x3F) << 8 | self.clock_seq_low
        self.time = (self.time_hi_version & 0x0FFF) << 48 | self.time_mid << 32 | self.time_low
        self.fields = {
            self.time_low, self.time_mid, self.time_hi_version, self.clock_seq_hi_variant, self.clock_seq_low,
            self.node,
        }
        local a, b, c = unpack(">I4I2I2", self.bytes)
        self.bytes_le = pack("<I4I2I2", a, b, c) .. self.bytes:sub(9)
        self.urn = "urn:uuid:" .. tostring(self)
        local high = self.clock_seq_hi_variant
        self.variant = high < 0x80 and uuid.RESERVED_NCS or high < 0xC0 and uuid.RFC_4122
            or high < 0xE0 and uuid.RESERVED_MICROSOFT or uuid.RESERVED_FUTURE
        if self.variant == uuid.RFC_4122 then self.version = self.time_hi_version >> 12 end
    end, UUID)

uuid.RESERVED_NCS, uuid.RFC_4122 = "reserved for NCS compatibility", "specified in RFC 4122"
uuid.RESERVED_MICROSOFT, uuid.RESERVED_FUTURE = "reserved for Microsoft compatibility", "reserved for future definition"

function UUID:__tostring()
    local hex = self.hex
    return table.concat({hex:sub(1, 8), hex:sub(9, 12), hex:sub(13, 16), hex:sub(17, 20), hex:sub(21)}, "-")
end

local function both(a, b)
    if not isinstance(a, UUID) or not isinstance(b, UUID) then
        error(TypeError(("%s and %s have no order"):format(got(a), got(b))))
    end
end

function UUID.__eq(a, b) return isinstance(a, UUID) and isinstance(b, UUID) and a.bytes == b.bytes end
function UUID.__lt(a, b) both(a, b) return a.hex < b.hex end
function UUID.__le(a, b) both(a, b) return a.hex <= b.hex end

local function of_name(algorithm, version)
    return function(namespace, name)
        if not isinstance(namespace, UUID) then
            error(TypeError("argument 'namespace' must be a UUID, got " .. got(namespace)))
        end
        local digest = host.new_digest(algorithm)
        digest:update(namespace.bytes)
        digest:update(name)
        return of_bytes(digest:result():sub(1, 16), version)
    end
end

uuid.NAMESPACE_DNS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
uuid.NAMESPACE_URL = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
uuid.NAMESPACE_OID = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
uuid.NAMESPACE_X500 = UUID("6ba7b814-9dad-11d1-80b4-00c04fd430c8")

local node, last_time -- of uuid1: no two are made of the same time

uuid.getnode = declare(
    "uuid.getnode() -> integer",
    "Gives a random number of 48 bits that stands for this machine as long as the program runs.",
    function()
        -- The bit that says that it is the address of no network card.
        node = node or unpack(">I6", host.secret_bytes(6)) | 0x010000000000
        return node
    end)

uuid.uuid1 = declare(
    "uuid.uuid1(node?: integer, clock_seq?: integer) -> uuid.UUID", "Makes a UUID of the time, and of a random node.",
    function(given, clock_seq)
        local time = host.wall_clock_nanoseconds() // 100 + 0x01b21dd213814000
        if last_time and time <= last_time then time = last_time + 1 end
        last_time = time
        clock_seq = clock_seq or unpack(">I2", host.secret_bytes(2))
        return of_bytes(pack(">I4I2I2I2I6", time & 0xFFFFFFFF, time >> 32 & 0xFFFF, time >> 48 & 0x0FFF,
            clock_seq & 0x3FFF, (given or uuid.getnode()) & 0xFFFFFFFFFFFF), 1)
    end)
uuid.uuid3 = declare(
    "uuid.uuid3(namespace: uuid.UUID, name: string) -> uuid.UUID", "Makes a UUID of a name by MD5.", of_name("md5", 3))
uuid.uuid4 = declare(
    "uuid.uuid4() -> uuid.UUID", "Makes a random UUID.", function() return of_bytes(host.secret_bytes(16), 4) end)
uuid.uuid5 = declare(
    "uuid.uuid5(namespace: uuid.UUID, name: string) -> uuid.UUID",
    "Makes a UUID of a name by SHA-1.",
    of_name("sha1", 5))

return uuid
