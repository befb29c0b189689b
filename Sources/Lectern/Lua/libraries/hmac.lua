-- Python's hmac. The system's OpenSSL computes.

local host = ...
local _ENV <const> = host.stock

local library, new_digest, compare_digest = host.library, host.new_digest, host.compare_digest
local declare = library.declare

library.open("hashlib")

local hmac = {}
local Hmac = library.define_digest("HMAC", "hmac.HMAC")
hmac.HMAC = Hmac

hmac.new = declare(
    "hmac.new(key: string, msg?: string, digestmod: string|function) -> hmac.HMAC",
    "Begins a digest with a key. digestmod is the name of an algorithm, 'sha256' for instance, or hashlib.sha256.",
    function(key, msg, digestmod)
        local algorithm = library.digestmod_of(digestmod)
        local digest = new_digest(algorithm, key)
        if msg then digest:update(msg) end
        return Hmac(digest, algorithm, "hmac-" .. algorithm)
    end)

hmac.digest = declare(
    "hmac.digest(key: string, msg: string, digest: string|function) -> string",
    "Gives the digest of bytes with a key.",
    function(key, msg, digest)
        local code = new_digest(library.digestmod_of(digest), key)
        code:update(msg)
        return code:result()
    end)

hmac.compare_digest = declare(
    "hmac.compare_digest(a: string, b: string) -> boolean",
    "Tells whether two strings are equal, in a time that does not tell how much of them is.",
    function(a, b) return compare_digest(a, b) end)

return hmac
