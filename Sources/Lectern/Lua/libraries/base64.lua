-- Python's base64. The bytes are taken apart in C.

local host = ...
local _ENV <const> = host.stock

local declare = host.library.declare
local encode, decode = host.base64_encode, host.base64_decode
local binascii_error = host.library.open("binascii").Error

local base64 = {}

local function decoded(name, s, altchars, validate)
    local data, problem = decode(s, validate, altchars)
    if not data then error(binascii_error(("%s: %s"):format(name, problem))) end
    return data
end

base64.b64encode = declare(
    "base64.b64encode(s: string, altchars?: string) -> string",
    "Writes bytes in base64. altchars are two characters for + and /.",
    function(s, altchars) return encode("base64.b64encode", s, altchars) end)

base64.b64decode = declare(
    "base64.b64decode(s: string, altchars?: string, validate?: boolean = false) -> string",
    "Reads base64. Other characters are skipped, with validate they raise binascii.Error, as wrong padding does.",
    function(s, altchars, validate) return decoded("base64.b64decode", s, altchars, validate) end)

base64.standard_b64encode = declare(
    "base64.standard_b64encode(s: string) -> string", "Does what b64encode does with + and /.",
    function(s) return encode("base64.standard_b64encode", s) end)

base64.standard_b64decode = declare(
    "base64.standard_b64decode(s: string) -> string", "Does what b64decode does with + and /.",
    function(s) return decoded("base64.standard_b64decode", s) end)

base64.urlsafe_b64encode = declare(
    "base64.urlsafe_b64encode(s: string) -> string", "Does what b64encode does with - and _, which URLs may have.",
    function(s) return encode("base64.urlsafe_b64encode", s, "-_") end)

base64.urlsafe_b64decode = declare(
    "base64.urlsafe_b64decode(s: string) -> string", "Does what b64decode does with - and _.",
    function(s) return decoded("base64.urlsafe_b64decode", s, "-_") end)

base64.encodebytes = declare(
    "base64.encodebytes(s: string) -> string", "Writes base64 in lines of 76 characters, as mails have it.",
    function(s)
        local lines, count = {}, 0
        for i = 1, #s, 57 do
            count = count + 1
            lines[count] = encode("base64.encodebytes", s:sub(i, i + 56)) .. "\n"
        end
        return table.concat(lines)
    end)

base64.decodebytes = declare(
    "base64.decodebytes(s: string) -> string", "Reads base64 in lines.",
    function(s) return decoded("base64.decodebytes", s) end)

base64.b16encode = declare(
    "base64.b16encode(s: string) -> string", "Writes bytes as capital hexadecimal digits.",
    function(s) return s:hex():upper() end)

base64.b16decode = declare(
    "base64.b16decode(s: string, casefold?: boolean = false) -> string",
    "Reads hexadecimal digits, small ones with casefold only. Raises binascii.Error for anything else.",
    function(s, casefold)
        if s:find(casefold and "[^0-9A-Fa-f]" or "[^0-9A-F]") then
            error(binascii_error("base64.b16decode: Non-base16 digit found"))
        end
        if #s % 2 == 1 then error(binascii_error("base64.b16decode: Odd-length string")) end
        return string.fromhex(s)
    end)

return base64
