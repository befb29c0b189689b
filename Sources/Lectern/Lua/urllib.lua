-- urllib.request and urllib.error by Python's names, over http.

local host = ...

local type, error, tostring, pairs, ipairs = type, error, tostring, pairs, ipairs
local class, isinstance = class, isinstance
local getmetatable, select, next, min = getmetatable, select, next, math.min
local TypeError, IOError = TypeError, IOError
local lower, part, find, concat = string.lower, string.sub, string.find, table.concat
local near = host.nearest
local get = http.request
local FORM = "application/x-www-form-urlencoded"

--- The arguments of a call: by position, or the last ones by name in a table.
local function arguments(of, names, ...)
    local given, count = {}, select("#", ...)
    local values = {...}
    local last = values[count]
    if count > 0 and type(last) == "table" and last[1] == nil and not getmetatable(last) and next(last) ~= nil then
        local known = {}
        for _, name in ipairs(names) do known[name] = true end
        local isNamed = false
        for name in pairs(last) do isNamed = isNamed or known[name] end
        -- The third of Request is a table of headers; any other is of names.
        if isNamed or names[count] ~= "headers" then
            for name, value in pairs(last) do
                if not known[name] then
                    local hint = type(name) == "string" and near(name, names)
                    error(TypeError(("%s has no parameter '%s'; %s"):format(of, tostring(name),
                        hint and "did you mean '" .. hint .. "'?" or "it has " .. concat(names, ", "))), 3)
                end
                given[name] = value
            end
            count = count - 1
        end
    end
    if count > #names then
        error(TypeError(("%s takes at most %d arguments (%s), got %d"):format(of, #names, concat(names, ", "), count)), 3)
    end
    for i = 1, count do given[names[i]] = values[i] end
    return given
end

-- Errors

local URLError = class("URLError", IOError)
local HTTPError = class("HTTPError", URLError)

local function url_error(reason, detail)
    local problem = URLError("<urlopen error " .. (detail and reason .. ": " .. detail or reason) .. ">")
    problem.reason, problem.detail = reason, detail
    return problem
end

local function http_error(response)
    local problem = HTTPError(("HTTP Error %d: %s"):format(response.status, response.reason))
    problem.code, problem.status, problem.reason = response.status, response.status, response.reason
    problem.headers, problem.body, problem.url = response.headers, response.body, response.url
    return problem
end

local errors = {URLError = URLError, HTTPError = HTTPError}

-- Requests

local Request = class("Request")

local function set_header(request, name, value) request.headers[lower(name)] = {name, value} end

function Request:init(...)
    local given = arguments("Request", {"url", "data", "headers", "origin_req_host", "unverifiable", "method"}, ...)
    if type(given.url) ~= "string" then
        error(TypeError("argument 'url' of Request must be a string, got a " .. type(given.url)), 2)
    end
    if given.data ~= nil and type(given.data) ~= "string" then
        error(TypeError("argument 'data' of Request must be a string: urllib.parse.urlencode makes one of a table"), 2)
    end
    self.full_url, self.data, self.method, self.headers = given.url, given.data, given.method, {}
    for name, value in pairs(given.headers or {}) do set_header(self, name, value) end
end

--- Adds a header field; the last one of a name counts.
function Request:add_header(name, value) set_header(self, name, value) end

function Request:has_header(name) return self.headers[lower(name)] ~= nil end

function Request:get_header(name, default)
    local field = self.headers[lower(name)]
    if field then return field[2] end
    return default
end

function Request:get_method() return self.method or (self.data and "POST" or "GET") end

function Request:get_full_url() return self.full_url end

-- Responses

local Response = class("HTTPResponse")

function Response:init(answer)
    self.status, self.code, self.reason, self.msg = answer.status, answer.status, answer.reason, answer.reason
    self.headers, self.url, self.body, self.position = answer.headers, answer.url, answer.body, 1
end

--- read(size=nil) gives what is left, or at most so many bytes of it; '' at the end.
function Response:read(size)
    local body, first = self.body, self.position
    local last = size and size >= 0 and first + size - 1 or #body
    self.position = min(last, #body) + 1
    return part(body, first, last)
end

--- readline() gives a line with its end; '' at the end.
function Response:readline()
    local stop = find(self.body, "\n", self.position, true) or #self.body
    return self:read(stop - self.position + 1)
end

function Response:getcode() return self.status end
function Response:geturl() return self.url end
function Response:info() return self.headers end

function Response:getheader(name, default)
    local value = self.headers[name]
    if value == nil then return default end
    return value
end

--- Lets go of the body: nothing more is read.
function Response:close() self.body, self.position = "", 1 end

function Response:__close() self:close() end

--- for line in response do: the lines with their ends.
function Response:__call()
    local line = self:readline()
    if line ~= "" then return line end
end

--- urlopen(url, data=nil, timeout=nil): url is a string or a Request. Raises URLError when there is no answer, and HTTPError
--- when its status is 400 or more.
local function urlopen(...)
    local given = arguments("urlopen", {"url", "data", "timeout"}, ...)
    local request = given.url
    if type(request) == "string" then request = Request(request) end
    if not isinstance(request, Request) then
        error(TypeError("argument 'url' of urlopen must be a string or a Request, got a " .. type(request)), 2)
    end
    local data = given.data
    if data == nil then data = request.data end
    if data ~= nil and type(data) ~= "string" then
        error(TypeError("argument 'data' of urlopen must be a string: urllib.parse.urlencode makes one of a table"), 2)
    end
    local fields = {}
    for _, field in pairs(request.headers) do fields[field[1]] = field[2] end
    if data and not request:has_header("Content-Type") then fields["Content-Type"] = FORM end
    local method = request.method or (data and "POST" or "GET")
    local answer, reason, detail = get(method, request.full_url, {headers = fields, body = data, timeout = given.timeout})
    if not answer then error(url_error(reason, detail), 2) end
    if answer.status >= 400 then error(http_error(answer), 2) end
    return Response(answer)
end

local modules = host.modules
local request = {urlopen = urlopen, Request = Request}
modules["lectern.urllib.request"] = function() return request end
modules["lectern.urllib.error"] = function() return errors end
modules["lectern.urllib"] = function()
    return {request = request, error = errors, parse = modules["lectern.urllib.parse"]()}
end
