-- Runs the cases of format_cases.py, which are in cases.txt, and compares what the methods give.
local named = {__tostring = function() return 'TABLE' end}
local value
local function read_table(text, at)
    local t = setmetatable({}, named)
    while at <= #text and text:sub(at, at) ~= '/' do
        local key, item
        key, at = value(text, at)
        item, at = value(text, at + 1)
        t[key], at = item, at + 1
    end
    return t, at
end
-- The value at a position of the text, and the position behind it.
function value(text, at)
    local kind = text:sub(at, at)
    if kind == 'm' then return read_table(text, at + 1) end
    local rest = text:match('^[%x-]*', at + 1)
    local behind = at + 1 + #rest
    if kind == 'n' then return nil, behind end
    if kind == 't' or kind == 'f' then return kind == 't', behind end
    if kind == 'i' then return math.tointeger(rest) or tonumber(rest), behind end
    if kind == 'd' then return (string.unpack('>d', string.fromhex(rest))), behind end
    return string.fromhex(rest), behind
end
local function answer(method, text, arguments, expected)
    local list, count = {}, 0
    if arguments ~= '-' then
        for argument in arguments:gmatch('[^;]+') do
            count = count + 1
            list[count] = value(argument, 1)
        end
    end
    local ok, result = pcall(string[method], value(text, 1), table.unpack(list, 1, count))
    if ok then return 's' .. result:hex() end
    if type(result) == 'table' then return 'e' .. result.kind, result end
    -- A text that is too large here ends before a mistake that comes behind it.
    if result:find('resulting string too large', 1, true) and expected:sub(1, 1) == 'e' then return expected end
    return 'e' .. result, result
end
require('case_runner')(function(line)
    local method, text, arguments, expected = line:match('^(%S+) (%S+) (%S+) (%S+)$')
    return expected, answer(method, text, arguments, expected)
end)
