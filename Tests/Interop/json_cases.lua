-- Runs the cases of json_cases.py, which are in cases.txt, and compares what json.loads and json.dumps give.
local json = require('json')

local function arguments(text)
    local indent, ascii, separators = text:match('^(.-);(.);(.*)$')
    local comma, colon = separators:match('^(%x+),(%x+)$')
    return {
        sort_keys = true, ensure_ascii = ascii == 't',
        indent = indent:sub(1, 1) == 'i' and math.tointeger(tonumber(indent:sub(2)))
            or indent:sub(1, 1) == 's' and string.fromhex(indent:sub(2)) or nil,
        separators = comma and {string.fromhex(comma), string.fromhex(colon)} or nil,
    }
end

require('case_runner')(function(line)
    local given, text, expected = line:match('^(%S+) t(%x*) (%S+)$')
    local ok, found = pcall(function() return json.dumps(json.loads(string.fromhex(text)), arguments(given)):hex() end)
    if not ok then return expected, 'e', found end
    return expected, found
end)
