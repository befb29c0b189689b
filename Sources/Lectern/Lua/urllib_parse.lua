-- urllib.parse by Python's names: how bytes stand in URLs, and the parts of a URL.

local host = ...

local type, error, tostring, tonumber, pairs, ipairs, setmetatable = type, error, tostring, tonumber, pairs, ipairs, setmetatable
local TypeError, ValueError = TypeError, ValueError
local concat, sort, char, pattern_signs = table.concat, table.sort, string.char, "[%]%^%-%%]"
local raw_gsub, format, byte, lower = string.gsub, string.format, string.byte, string.lower
local match, find, part = string.match, string.find, string.sub

local parse = {}

local function text_of(value, name, of)
    local kind = type(value)
    if kind == "string" then return value end
    if kind == "number" or kind == "boolean" then return tostring(value) end
    error(TypeError(("argument '%s' of %s must be a string, got a %s"):format(name, of, kind)), 3)
end

local function escape(c) return format("%%%02X", byte(c)) end

local function quoted(text, safe)
    return (raw_gsub(text, "[^%w_.~%-" .. raw_gsub(safe, pattern_signs, "%%%0") .. "]", escape))
end

--- quote(string, safe='/') escapes what may not stand in a URL.
function parse.quote(text, safe)
    return quoted(text_of(text, "string", "quote"), text_of(safe or "/", "safe", "quote"))
end

--- quote_plus(string, safe='') does so with '+' for spaces, as forms have it.
function parse.quote_plus(text, safe)
    local escaped = quoted(text_of(text, "string", "quote_plus"), text_of(safe or "", "safe", "quote_plus") .. " ")
    return (raw_gsub(escaped, " ", "+"))
end

local function unquoted(text)
    return (raw_gsub(text, "%%(%x%x)", function(digits) return char(tonumber(digits, 16)) end))
end

--- unquote(string) takes '%xx' for the byte that it stands for.
function parse.unquote(text) return unquoted(text_of(text, "string", "unquote")) end

--- unquote_plus(string) takes '+' for a space, too.
function parse.unquote_plus(text)
    return unquoted((raw_gsub(text_of(text, "string", "unquote_plus"), "%+", " ")))
end

--- urlencode(query): names and values as a query. A table by name is written in the order of the names; a list of {name,
--- value} as it is. A value that is a list gives its name several times.
function parse.urlencode(query)
    if type(query) ~= "table" then
        error(TypeError("argument 'query' of urlencode must be a table, got a " .. type(query)), 2)
    end
    local pieces = {}
    local function add(name, value)
        pieces[#pieces + 1] = parse.quote_plus(text_of(name, "query", "urlencode")) .. "="
            .. parse.quote_plus(text_of(value, "query", "urlencode"))
    end
    if query[1] ~= nil then
        for _, pair in ipairs(query) do
            if type(pair) ~= "table" then error(TypeError("a list for urlencode has pairs: {name, value}"), 2) end
            add(pair[1], pair[2])
        end
        return concat(pieces, "&")
    end
    local names, values = {}, {}
    for name, value in pairs(query) do
        name = text_of(name, "query", "urlencode")
        names[#names + 1], values[name] = name, value
    end
    sort(names)
    for _, name in ipairs(names) do
        local value = values[name]
        if type(value) == "table" then
            for _, each in ipairs(value) do add(name, each) end
        else
            add(name, value)
        end
    end
    return concat(pieces, "&")
end

--- parse_qsl(query) gives a list of {name, value}; those without a value are left out.
function parse.parse_qsl(query)
    local pairs_of = {}
    for piece in text_of(query, "qs", "parse_qsl"):gmatch("[^&]+") do
        local name, value = match(piece, "^([^=]*)=(.+)$")
        if name then pairs_of[#pairs_of + 1] = {parse.unquote_plus(name), parse.unquote_plus(value)} end
    end
    return pairs_of
end

--- parse_qs(query) gives a table of lists of values by name.
function parse.parse_qs(query)
    local values = {}
    for _, pair in ipairs(parse.parse_qsl(query)) do
        local list = values[pair[1]] or {}
        list[#list + 1] = pair[2]
        values[pair[1]] = list
    end
    return values
end

local Parts = {}

local function parts_of(url)
    local parts = {scheme = "", netloc = "", path = "", params = "", query = "", fragment = ""}
    local rest = url
    local scheme, behind = match(rest, "^(%a[%w+.%-]*):(.*)$")
    if scheme then parts.scheme, rest = lower(scheme), behind end
    local at = find(rest, "#", 1, true)
    if at then parts.fragment, rest = part(rest, at + 1), part(rest, 1, at - 1) end
    at = find(rest, "?", 1, true)
    if at then parts.query, rest = part(rest, at + 1), part(rest, 1, at - 1) end
    local place, path = match(rest, "^//([^/]*)(.*)$")
    if place then parts.netloc, rest = place, path end
    parts.path = rest
    local user, name = match(parts.netloc, "^(.*)@([^@]*)$")
    name = name or parts.netloc
    if user then
        parts.username = match(user, "^([^:]*)")
        parts.password = match(user, "^[^:]*:(.*)$")
    end
    local literal, port = match(name, "^%[([^%]]*)%]:?(%d*)$")
    if not literal then literal, port = match(name, "^([^:]*):?(.*)$") end
    if literal and literal ~= "" then parts.hostname = lower(literal) end
    if port and port ~= "" then
        parts.port = match(port, "^%d+$") and tonumber(port)
        if not parts.port or parts.port > 65535 then
            error(ValueError("the port of the URL is no number from 0 to 65535"), 3)
        end
    end
    return parts
end

--- The URL that the parts make.
function Parts.geturl(parts)
    local url = parts.path
    if parts.params ~= "" then url = url .. ";" .. parts.params end
    if parts.netloc ~= "" then
        if url ~= "" and part(url, 1, 1) ~= "/" then url = "/" .. url end
        url = "//" .. parts.netloc .. url
    end
    if parts.scheme ~= "" then url = parts.scheme .. ":" .. url end
    if parts.query ~= "" then url = url .. "?" .. parts.query end
    if parts.fragment ~= "" then url = url .. "#" .. parts.fragment end
    return url
end

local result = {__index = Parts, __tostring = Parts.geturl, __name = "ParseResult", __metatable = "ParseResult"}

--- urlsplit(url) gives scheme, netloc, path, query, fragment, hostname, port, username and password.
function parse.urlsplit(url)
    return setmetatable(parts_of(text_of(url, "url", "urlsplit")), result)
end

--- urlparse(url) gives params, too: what follows ';' in the last part of the path.
function parse.urlparse(url)
    local parts = parts_of(text_of(url, "url", "urlparse"))
    local path, params = match(parts.path, "^(.*);([^;/]*)$")
    if path then parts.path, parts.params = path, params end
    return setmetatable(parts, result)
end

host.modules["lectern.urllib.parse"] = function() return parse end
