-- Compares the guarded pattern functions with the stock ones on random patterns and subjects. The stock functions come in
-- the global table `stock`; without it there is nothing to compare with, and the script says so by returning false.

local stock = stock
if not stock then
    return false
end

-- A generator of its own: the same cases on every machine.
local seed = 20240229
local function random(n)
    seed = (seed * 6364136223846793005 + 1442695040888963407)
    return (seed >> 33) % n + 1
end

local function pick(list)
    return list[random(#list)]
end

local alphabet = {'a', 'b', 'c', 'A', '1', ' ', '(', ')', ']', '-', '^', '\0', '\r', '\n', '\255', '%', '.'}
local atoms = {
    'a', 'b', 'c', 'A', '1', ' ', '.', '%a', '%d', '%s', '%w', '%W', '%p', '%c', '%x', '%l', '%u', '%g', '%z', '%%', '%.', '%-',
    '[ab]', '[^a]', '[a-c]', '[%a1]', '[]a]', '[^]]', '[%]-]', '[a-]', '[-a]', '[^%s]', '[a-%a]', '[%', '[', '[]', '[^', '\0', '\255',
    '(', ')', '()', '(', ')', '(a', 'b)', '%1', '%2', '%0', '%b()', '%bab', '%b', '%baa', '%f[a]', '%f[%w]', '%f[^%w]', '%f', '%',
    '$', '^', ']', '-', '*', '[%a-z]', '[z-a]', '.-', '.*', '(.-)', '(.*)', '(.+)', '(a*)', '(%w+)', '(.-)a', '%9',
}
local repetitions = {'', '', '', '', '*', '+', '-', '?'}
local templates = {'', 'x', '%0', '%1', '<%1>', '%2%1', '%%', '%', '%a', '%9', '[%0%0]', 5}

local function subject()
    local text = ''
    for _ = 1, random(14) - 1 do
        text = text .. pick(alphabet)
    end
    return text
end

local function pattern()
    local text = random(5) == 1 and '^' or ''
    for _ = 1, random(6) do
        text = text .. pick(atoms) .. pick(repetitions)
    end
    return random(8) == 1 and text .. '$' or text
end

local function without_position(message)
    return (stock.gsub(message, '^[^ ]+:%d+: ', ''))
end

local function show(ok, ...)
    local text = tostring(ok)
    for i = 1, select('#', ...) do
        local value = select(i, ...)
        if not ok then
            value = without_position(value)
        end
        text = text .. ' ' .. (type(value) == 'string' and stock.format('%q', value) or tostring(value))
    end
    return text
end

-- Runs a function that errors name by how it is called: both variants are called as a field named alike.
local function run(library, name, ...)
    local f = library[name]
    return show(pcall(function(...) return f(...) end, ...))
end

local function gmatch_all(library, text, p, init)
    local found = {}
    for a, b in library.gmatch(text, p, init) do
        found[#found + 1] = tostring(a) .. '\1' .. tostring(b)
        if #found > 100 then
            break
        end
    end
    return table.concat(found, '\2')
end

local failures, matches, errors = {}, 0, 0

local function compare(what, expected, actual, text, p)
    if expected ~= actual and #failures < 5 then
        failures[#failures + 1] = stock.format('%s %q %q: stock %s, guarded %s', what, text, p, expected, actual)
    end
    if stock.sub(expected, 1, 4) == 'true' then
        matches = matches + (expected ~= 'true nil' and 1 or 0)
    else
        errors = errors + 1
    end
end

local function each_replacement()
    local count = 0
    local values = {'r', false, 12, 'long', 1.5}
    return function(...)
        count = count + 1
        return values[count % 5 + 1]
    end
end

local cases = differential_cases or 40000
for _ = 1, cases do
    local text, p = subject(), pattern()
    local init = random(3) == 1 and random(30) - 15 or nil
    compare('find', run(stock, 'find', text, p, init), run(string, 'find', text, p, init), text, p)
    compare('match', run(stock, 'match', text, p, init), run(string, 'match', text, p, init), text, p)
    compare('find plain', run(stock, 'find', text, p, init, true), run(string, 'find', text, p, init, true), text, p)
    compare('gmatch', show(pcall(gmatch_all, stock, text, p, init)), show(pcall(gmatch_all, string, text, p, init)), text, p)
    local most = random(4) == 1 and random(4) - 2 or nil
    local template = pick(templates)
    compare('gsub', run(stock, 'gsub', text, p, template, most), run(string, 'gsub', text, p, template, most), text, p)
    compare('gsub function', run(stock, 'gsub', text, p, each_replacement(), most),
        run(string, 'gsub', text, p, each_replacement(), most), text, p)
    compare('gsub table', run(stock, 'gsub', text, p, {a = 'X', b = false, [1] = 'one'}, most),
        run(string, 'gsub', text, p, {a = 'X', b = false, [1] = 'one'}, most), text, p)
    local count = random(6) - 2
    compare('rep', run(stock, 'rep', text, count, p), run(string, 'rep', text, count, p), text, p)
end

if #failures > 0 then
    error(table.concat(failures, '\n'))
end
-- Cases that all fail to match, or all raise, would compare nothing.
assert(matches > cases and errors > cases / 10, 'the random patterns have become useless')
return true
