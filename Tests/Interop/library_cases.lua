-- Runs the cases of library_cases.py, which are in cases.txt, and compares what Python's libraries give here.
local libraries = {'base64', 'binascii', 'calendar', 'collections', 'csv', 'datetime', 'hashlib', 'hmac', 'random', 'struct',
    'time', 'uuid'}
for _, name in ipairs(libraries) do _G[name] = require(name) end

-- What library_cases.py makes of the same value.
local function show(value)
    if value == nil then return 'nil' end
    if type(value) == 'boolean' then return tostring(value) end
    if math.type(value) == 'integer' then return 'i' .. value end
    if type(value) == 'number' then return value ~= value and 'nan' or 'd' .. string.pack('>d', value):hex() end
    if type(value) == 'string' then return 's' .. value:hex() end
    local parts = {}
    for i = 1, value.n or #value do parts[i] = show(value[i]) end
    return '(' .. table.concat(parts, ' ') .. ')'
end

require('case_runner')(function(line)
    local text, expected = line:match('^%S+ (%x*) (%x*)$')
    expected = expected and string.fromhex(expected) or '?'
    local f = assert(load('return ' .. string.fromhex(text or '')))
    local ok, found = pcall(function() return show(f()) end)
    if not ok then return expected, 'e', found end
    return expected, found
end)
