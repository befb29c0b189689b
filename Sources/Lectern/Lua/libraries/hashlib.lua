-- Python's hashlib, and what hmac has in common with it. The system's OpenSSL computes; a digest of the host's is kept
-- in each object.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local new_digest, copy_digest, derive_block = host.new_digest, host.copy_digest, host.derive_block

local hashlib = {}

--- A class of objects that take bytes and give their digest.
local function define(name, documented)
    local Digest = class(name)
    function Digest:init(digest, algorithm, shown)
        self.digest_of, self.algorithm = digest, algorithm
        self.name, self.digest_size, self.block_size = shown, digest:sizes()
    end

    function Digest:__tostring() return ("<%s object>"):format(self.name) end

    Digest.update = declare(
        documented .. ":update(data: string)", "Takes more bytes.",
        function(self, data) self.digest_of:update(data) end, Digest)
    Digest.digest = declare(
        documented .. ":digest() -> string", "Gives the digest of all that was taken, as bytes. More may be taken.",
        function(self) return self.digest_of:result() end, Digest)
    Digest.hexdigest = declare(
        documented .. ":hexdigest() -> string", "Gives the digest of all that was taken, as small hexadecimal digits.",
        function(self) return self.digest_of:result():hex() end, Digest)
    Digest.copy = declare(
        documented .. ":copy() -> " .. documented, "Makes one that has taken the same and goes on by itself.",
        function(self) return Digest(copy_digest(self.digest_of), self.algorithm, self.name) end, Digest)
    return Digest
end

local names = {
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512",
}
local known = {}
for _, name in ipairs(names) do known[name] = name end
-- OpenSSL's names, which hashlib.new takes as well.
for _, name in ipairs({"sha224", "sha256", "sha384", "sha512"}) do known[name:gsub("sha", "sha-")] = name end
known["sha-1"] = "sha1"

--- The algorithm that a program means by a name, or a ValueError.
local function algorithm_of(name)
    local algorithm = known[name:lower()] or known[name:lower():gsub("-", "_")]
    if algorithm then return algorithm end
    error(ValueError(("unsupported hash type %s; there are %s"):format(name, table.concat(names, ", "))))
end

local Hash = define("Hash", "hashlib.Hash")

local function make(algorithm, data)
    local digest = new_digest(algorithm)
    if data then digest:update(data) end
    return Hash(digest, algorithm, algorithm)
end

hashlib.Hash = Hash
hashlib.algorithms_available, hashlib.algorithms_guaranteed = {}, {}
for _, name in ipairs(names) do
    hashlib.algorithms_available[name], hashlib.algorithms_guaranteed[name] = true, true
    hashlib[name] = declare(
        ("hashlib.%s(data?: string, usedforsecurity?: boolean = true) -> hashlib.Hash"):format(name),
        ("Begins a digest by %s%s."):format(
            name:upper():gsub("_", "-"), (name == "md5" or name == "sha1") and ", which is not secure" or ""),
        function(data) return make(name, data) end)
end

hashlib.new = declare(
    "hashlib.new(name: string, data?: string, usedforsecurity?: boolean = true) -> hashlib.Hash",
    "Begins a digest by the name of its algorithm. Raises ValueError for an unknown one.",
    function(name, data) return make(algorithm_of(name), data) end)

hashlib.pbkdf2_hmac = declare(
    "hashlib.pbkdf2_hmac(hash_name: string, password: string, salt: string, iterations: integer, dklen?: integer) "
        .. "-> string",
    "Makes a key of a password by RFC 8018. Each 1,000 iterations take about 1 ms.",
    function(hash_name, password, salt, iterations, dklen)
        local algorithm = algorithm_of(hash_name)
        if iterations < 1 then error(ValueError("hashlib.pbkdf2_hmac: iterations must be 1 or more")) end
        local base = new_digest(algorithm, password)
        local size = base:sizes()
        dklen = dklen or size
        if dklen < 1 or dklen > 65536 then error(ValueError("hashlib.pbkdf2_hmac: dklen must be from 1 to 65536")) end
        local blocks = {}
        for block = 1, (dklen + size - 1) // size do
            blocks[block] = derive_block(base, salt .. string.pack(">I4", block), iterations)
        end
        return table.concat(blocks):sub(1, dklen)
    end)

--- For hmac.
host.library.define_digest, host.library.algorithm_of = define, algorithm_of

--- The algorithm that a program gives as hmac's digestmod: a name, or a function of hashlib.
function host.library.digestmod_of(digestmod)
    if type(digestmod) == "string" then return algorithm_of(digestmod) end
    for _, name in ipairs(names) do
        if hashlib[name] == digestmod then return name end
    end
    error(TypeError(
        "argument 'digestmod' must be the name of an algorithm or a function of hashlib, got " .. got(digestmod)))
end

return hashlib
