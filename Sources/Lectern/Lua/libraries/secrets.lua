-- Python's secrets: randomness that nobody can guess. In a simulated world it is that world's, so that runs repeat.

local host = ...
local _ENV <const> = host.stock

local declare = host.library.declare
local secret_bytes, encode, compare_digest = host.secret_bytes, host.base64_encode, host.compare_digest

local secrets = {DEFAULT_ENTROPY = 32}

local function bytes(name, nbytes)
    nbytes = nbytes or secrets.DEFAULT_ENTROPY
    if nbytes < 0 then error(ValueError(name .. ": nbytes must be 0 or more, got " .. nbytes)) end
    return secret_bytes(nbytes)
end

-- A whole number from 0 to 2^k - 1; k is at most 63.
local function bits(k)
    if k == 0 then return 0 end
    return string.unpack("<I8", secret_bytes(8)) >> (64 - k)
end

local function below(n)
    local k = 0
    while n >> k ~= 0 do k = k + 1 end
    local value
    repeat value = bits(k) until value < n
    return value
end

secrets.token_bytes = declare(
    "secrets.token_bytes(nbytes?: integer = 32) -> string", "Gives random bytes.",
    function(nbytes) return bytes("secrets.token_bytes", nbytes) end)

secrets.token_hex = declare(
    "secrets.token_hex(nbytes?: integer = 32) -> string", "Gives random bytes as two hexadecimal digits each.",
    function(nbytes) return bytes("secrets.token_hex", nbytes):hex() end)

secrets.token_urlsafe = declare(
    "secrets.token_urlsafe(nbytes?: integer = 32) -> string", "Gives random bytes in base64 that URLs may have.",
    function(nbytes)
        return (encode("secrets.token_urlsafe", bytes("secrets.token_urlsafe", nbytes), "-_"):gsub("=", ""))
    end)

secrets.randbelow = declare(
    "secrets.randbelow(exclusive_upper_bound: integer) -> integer",
    "Gives a whole number from 0 on that is below the bound.",
    function(bound)
        if bound <= 0 then error(ValueError("secrets.randbelow: Upper bound must be positive.")) end
        return below(bound)
    end)

secrets.randbits = declare(
    "secrets.randbits(k: integer) -> integer", "Gives a whole number of k random bits, at most 63.",
    function(k)
        if k < 0 or k > 63 then error(ValueError("secrets.randbits: k must be from 0 to 63, got " .. k)) end
        return bits(k)
    end)

secrets.choice = declare(
    "secrets.choice(seq: table|string) -> any", "Gives one of the elements of a list, or one of the bytes of a string.",
    function(seq)
        if #seq == 0 then error(IndexError("secrets.choice: Cannot choose from an empty sequence")) end
        local i = below(#seq) + 1
        if type(seq) == "string" then return seq:sub(i, i) end
        return seq[i]
    end)

secrets.compare_digest = declare(
    "secrets.compare_digest(a: string, b: string) -> boolean", "Does what hmac.compare_digest does.",
    function(a, b) return compare_digest(a, b) end)

return secrets
