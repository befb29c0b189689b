-- What of http is best said in Lua: iterators, and the calls of json, which are those of Lectern whatever the program has
-- made of the name.

local host = ...

local next_item, header = host.http_next, host.http_header

local exports = {decode = json.decode}
local encode = json.encode

function exports.encode(draft, value) return draft:send(encode(value)) end

-- Lines and events alike: the stream knows which of them it gives.
local function items(stream)
    return function() return next_item(stream) end
end

exports.lines, exports.events = items, items

--- for name, value in pairs(response.headers) do: the fields as they came.
function HttpHeaders.__pairs(headers)
    local i = 0
    return function()
        i = i + 1
        return header(headers, i)
    end
end

--- local stream <close> = http.stream(url): the stream is closed at the end of the block.
function HttpStream.__close(stream) stream:close() end

--- local session <close> = http.session{…}: the session is closed at the end of the block.
function HttpSession.__close(session) session:close() end

return exports
