-- Python's binascii. The bytes are taken apart in C.

local host = ...
local _ENV <const> = host.stock

local declare = host.library.declare
local encode, decode, crc32, crc_hqx = host.base64_encode, host.base64_decode, host.crc32, host.crc_hqx

local binascii_error = class("binascii.Error", ValueError)
local binascii = {Error = binascii_error}

local function unhexlify(name)
    return function(hexstr)
        if #hexstr % 2 == 1 then error(binascii_error(name .. ": Odd-length string")) end
        if hexstr:find("%X") then error(binascii_error(name .. ": Non-hexadecimal digit found")) end
        return string.fromhex(hexstr)
    end
end

local function hexlify(data, sep, bytes_per_sep)
    if sep == nil or bytes_per_sep == 0 then return data:hex() end
    return data:hex(sep, bytes_per_sep)
end

binascii.hexlify = declare(
    "binascii.hexlify(data: string, sep?: string, bytes_per_sep?: integer = 1) -> string",
    "Writes bytes as small hexadecimal digits, with sep between groups of bytes_per_sep bytes, counted from the end.",
    hexlify)
binascii.b2a_hex = declare(
    "binascii.b2a_hex(data: string, sep?: string, bytes_per_sep?: integer = 1) -> string",
    "Does what hexlify does.",
    hexlify)
binascii.unhexlify = declare(
    "binascii.unhexlify(hexstr: string) -> string",
    "Reads hexadecimal digits. Raises binascii.Error for anything else.",
    unhexlify("binascii.unhexlify"))
binascii.a2b_hex = declare(
    "binascii.a2b_hex(hexstr: string) -> string", "Does what unhexlify does.", unhexlify("binascii.a2b_hex"))

binascii.b2a_base64 = declare(
    "binascii.b2a_base64(data: string, newline?: boolean = true) -> string",
    "Writes bytes in base64, with a line end behind it unless newline is false.",
    function(data, newline) return encode("binascii.b2a_base64", data) .. (newline and "\n" or "") end)

binascii.a2b_base64 = declare(
    "binascii.a2b_base64(data: string, strict_mode?: boolean = false) -> string",
    "Reads base64; with strict_mode nothing else may be in it.",
    function(data, strict_mode)
        local result, problem = decode(data, strict_mode)
        if not result then error(binascii_error("binascii.a2b_base64: " .. problem)) end
        return result
    end)

binascii.crc32 = declare(
    "binascii.crc32(data: string, value?: integer = 0) -> integer",
    "Computes the CRC-32 of zip and PNG. value goes on from that of the data before.",
    function(data, value) return crc32(data, value) end)

binascii.crc_hqx = declare(
    "binascii.crc_hqx(data: string, value: integer) -> integer",
    "Computes the 16-bit CRC of CCITT. value goes on from that of the data before, and is 0 at first.",
    function(data, value) return crc_hqx(data, value) end)

return binascii
