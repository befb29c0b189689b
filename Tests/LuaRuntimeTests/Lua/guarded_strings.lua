-- What the guarded string library promises. Runs in a state whose `string` is the guarded one with default limits.

local function equal(actual, expected, what)
    if actual ~= expected then
        error(('%s: expected %q, got %q'):format(what or 'value', tostring(expected), tostring(actual)), 2)
    end
end

local function list_equal(actual, expected, what)
    equal(#actual, #expected, (what or 'list') .. ' length')
    for i = 1, #expected do
        equal(actual[i], expected[i], (what or 'list') .. ' item ' .. i)
    end
end

-- Calls f(...), which must fail, and returns the message without its position.
local function message_of(f, ...)
    local ok, message = pcall(f, ...)
    if ok then
        error('an error was expected', 2)
    end
    return message
end

local function fails(fragment, f, ...)
    local message = message_of(f, ...)
    if not message:find(fragment, 1, true) then
        error(('expected an error with %q, got %q'):format(fragment, message), 2)
    end
end

-- Patterns: the semantics of Lua's manual

equal(('hello world'):match('^(%w+)'), 'hello')
equal(select('#', ('k = v'):match('(%w+) = (%w+)')), 2)
equal(('abc'):find('b'), 2)
equal(('a.c'):find('.', 1, true), 2)
equal(('abc'):find('', 10), nil)
equal(('abc'):find('', 4), 4)
equal(('abc'):find('c', -1), 3)
equal(('THE (quick) fox'):find('%((%a+)%)'), 5)
equal(('THE (quick) fox'):match('%b()'), '(quick)')
equal(('say "x" twice'):match('%b""'), '"x"')
equal(('THE (quick) fox'):gsub('%f[%a]%a+', 'w'), 'w (w) w')
equal(('abc'):match('()b()'), 2)
equal(('abab'):match('(ab)%1'), 'ab')
equal(('a]b-c^'):gsub('[]%-^]', '.'), 'a.b.c.')
equal(('a\0'):find('%z'), 2)
equal(('x\0y'):find('\0', 1, true), 2)
equal(('x\0y'):match('[\0]y'), '\0y')
equal(('  trim  '):match('^%s*(.-)%s*$'), 'trim')
equal(('abc'):gsub('', '-'), '-a-b-c-')
equal(('abc'):gsub('%w', '%0%0', 2), 'aabbc')
equal(('abc'):gsub('(a)(b)', '%2%1%%'), 'ba%c')
equal(('$name is $age'):gsub('%$(%w+)', {name = 'Lua', age = 30}), 'Lua is 30')
equal(('abc'):gsub('%w', function(c) return c == 'b' and 'X' or nil end), 'aXc')
equal(select(2, ('abc'):gsub('%w', {})), 3)
equal(string.rep(5, 2), '55')

do
    local found = {}
    for k, v in ('a=1, b=2'):gmatch('(%w)=(%w)') do
        found[#found + 1] = k .. v
    end
    list_equal(found, {'a1', 'b2'}, 'gmatch')
    found = {}
    for w in ('one two three'):gmatch('%a+', 4) do
        found[#found + 1] = w
    end
    list_equal(found, {'two', 'three'}, 'gmatch with init')
end

-- A loop over gmatch may yield in its body.
do
    local task = coroutine.wrap(function()
        for w in ('a b c'):gmatch('%a') do
            coroutine.yield(w)
        end
        return 'end'
    end)
    equal(task() .. task() .. task() .. task(), 'abcend')
end

-- A callback of gsub keeps the subject alive, and its error comes through.
do
    local result = (('x'):rep(1000) .. 'y'):gsub('.', function(c)
        local garbage = ('z'):rep(5000)
        return c:upper() .. garbage:sub(1, 0)
    end)
    equal(result, ('X'):rep(1000) .. 'Y')
    fails('inner', function() return ('a'):gsub('a', function() error('inner') end) end)
    fails('invalid replacement value (a table)', string.gsub, 'a', 'a', function() return {} end)
end

fails("malformed pattern (ends with '%')", string.find, 'a', '%')
fails("malformed pattern (missing ']')", string.find, 'a', '[a')
fails("malformed pattern (missing ']')", string.find, 'a', '[]')
fails("malformed pattern (missing arguments to '%b')", string.find, 'a', '%b')
fails("missing '[' after '%f' in pattern", string.find, 'a', '%f')
fails('unfinished capture', string.match, 'a', '(a')
fails('invalid pattern capture', string.match, 'a', 'a)')
fails('invalid capture index %1', string.match, 'a', '%1')
fails('invalid capture index %2', string.gsub, 'a', 'a', '%2')
fails("invalid use of '%' in replacement string", string.gsub, 'a', 'a', '%x')
fails('too many captures', string.match, 'a', ('()'):rep(33))
fails('pattern too complex', string.match, ('a'):rep(300), ('a?'):rep(250))
fails('string/function/table expected', string.gsub, 'a', 'a')
fails('string expected', string.find, {}, 'a')

-- Patterns: the budget

-- The starts of a search that cannot succeed are the square of the subject's length here, and more.
fails('took more than', string.find, ('a'):rep(3000), '.-.-.-b')
fails("'.-.-.-b'", string.find, ('a'):rep(3000), '.-.-.-b')
fails("anchor it with '^'", string.match, ('a'):rep(3000), '.-.-.-b')
fails('took more than', string.gsub, ('a'):rep(3000), 'a*a*a*b', '')
fails('took more than', function() for _ in (('a'):rep(3000)):gmatch('a*a*a*b') do end end)
fails('\\x00\\xff.*.*.*.*b', string.find, '\0\255' .. ('a'):rep(500), '\0\255.*.*.*.*b')
fails("x...'", string.find, ('a'):rep(3000), '.-.-.-b' .. ('x'):rep(100))
fails('took more than', string.find, ('(a'):rep(100000), '[^x]%b()')

-- A long subject is no reason to fail.
do
    local line = 'key=value; other=thing\r\n'
    local long = line:rep(20000)
    equal(select(2, long:gsub('(%w+)=(%w+)', '%2=%1')), 40000)
    local count = 0
    for _ in long:gmatch('(.-)\r\n') do
        count = count + 1
    end
    equal(count, 20000)
    equal(long:find('absent'), nil)
    equal(long:find('a[b]sent'), nil)
    equal(#(long:gsub('%s+$', '')), #long - 2)
end

-- Neither is a buffer that does not hold a whole line yet, nor spaces in the middle of a text.
do
    local partial = ('x'):rep(300000)
    equal(partial:match('(.-)\r\n'), nil)
    equal(partial:match('([^\r\n]*)\r\n'), nil)
    equal(partial:match('()(%w+)='), nil)
    equal((('a' .. (' '):rep(100000) .. 'b'):gsub('%s+$', '')), 'a' .. (' '):rep(100000) .. 'b')
    equal(('aab=1'):match('(%w+)='), 'aab')
    equal(('xaab'):match('(a*)b'), 'aa')
    equal(('abcab'):match('(.-)c%1'), 'ab')
    equal(('zabcab'):match('(.-)c%1'), 'ab', 'a back-reference depends on where its capture starts')
end

-- Plain search is linear for any needle.
equal((('a'):rep(1000000)):find(('a'):rep(500000) .. 'b', 1, true), nil)

-- rep and format

equal(('ab'):rep(3), 'ababab')
equal(('ab'):rep(3, ', '), 'ab, ab, ab')
equal(('ab'):rep(1, ', '), 'ab')
equal(('ab'):rep(0), '')
equal(('ab'):rep(-1), '')
equal((''):rep(1e18 // 1 | 0), '')
equal((''):rep(4, '.'), '...')
equal(#('x'):rep(16 * 1024 * 1024), 16 * 1024 * 1024)
fails('resulting string too large', string.rep, 'x', 16 * 1024 * 1024 + 1)
fails("'rep' would make 20000000 bytes, the limit is 16777216", string.rep, 'ab', 10000000)
fails('resulting string too large', string.rep, 'x', math.maxinteger)
fails('resulting string too large', string.rep, 'xyz', math.maxinteger, 'abc')
fails('resulting string too large', string.rep, 'x', 10, ('y'):rep(4000000))

equal(('%d %5.2f %s %q %%'):format(3, 1.5, 'x', 'a\n'), '3  1.50 x "a\\\n" %')
equal(('%-5s|%5s|%.2s'):format('ab', 'cd', 'efg'), 'ab   |   cd|ef')
equal(('%s'):format(setmetatable({}, {__tostring = function() return 'object' end})), 'object')
equal(('%s %s'):format(nil, true), 'nil true')
equal(('%x %c %i'):format(255, 65, 7), 'ff A 7')
do
    local calls = 0
    local object = setmetatable({}, {__tostring = function() calls = calls + 1 return 'o' end})
    equal(('%s%5s'):format(object, object), 'o    o')
    equal(calls, 2, '__tostring runs once for each use')
end
do
    local big = ('x'):rep(6000000)
    equal(#('%s%s'):format(big, big), 12000000)
    fails('resulting string too large', string.format, '%s%s%s', big, big, big)
    fails("'format' would make", string.format, '%s%s%s', big, big, big)
    fails('resulting string too large', string.format, '%q', ('\0'):rep(9000000))
end
fails("#2 to 'format'", function() return string.format('%d', 'x') end)
fails('no value', string.format, '%s')
fails('invalid conversion', string.format, '%y', 1)
fails("__tostring' must return a string", string.format, '%s', setmetatable({}, {__tostring = function() return {} end}))

do
    local big = ('x'):rep(1000000)
    fails("'gsub' would make", string.gsub, ('a'):rep(20), 'a', big)
    fails("'gsub' would make", string.gsub, ('a'):rep(20), 'a', function() return big end)
    fails("'gsub' would make", string.gsub, big, '.*', '%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0')
end

-- partition, rpartition

local function three(a, b, c, ...)
    equal(select('#', ...), 0)
    return a .. '|' .. b .. '|' .. c
end

equal(three(('a\r\nb\r\nc'):partition('\r\n')), 'a|\r\n|b\r\nc')
equal(three(('a\r\nb\r\nc'):rpartition('\r\n')), 'a\r\nb|\r\n|c')
equal(three(('abc'):partition('x')), 'abc||')
equal(three(('abc'):rpartition('x')), '||abc')
equal(three((''):partition('x')), '||')
equal(three(('x'):partition('x')), '|x|')
equal(three(('aaaa'):rpartition('aa')), 'aa|aa|')
equal(three(('ab'):rpartition('abc')), '||ab')
equal(three(('a\0b'):partition('\0')), 'a|\0|b')
for length = 1, 20 do
    -- The last of several, wherever it stands.
    for at = 0, length - 1 do
        local text = ('-'):rep(at) .. 'ab' .. ('-'):rep(length - at)
        equal(#(('ab' .. text):rpartition('ab')), at + 2)
    end
end
do
    local before = (('a'):rep(1000000)):rpartition(('a'):rep(500000))
    equal(#before, 500000)
    equal((('a'):rep(1000000)):rpartition('b' .. ('a'):rep(500000)), '')
end
fails('empty separator', string.partition, 'a', '')
fails('empty separator', string.rpartition, 'a', '')
fails('string expected, got no value', string.partition, 'a')

-- split, splitlines

list_equal(('a,b,,c'):split(','), {'a', 'b', '', 'c'}, 'split')
list_equal(('a,b,,c'):split(',', 1), {'a', 'b,,c'}, 'split 1')
list_equal(('a,b'):split(',', 0), {'a,b'}, 'split 0')
list_equal(('a,b'):split(',', -1), {'a', 'b'}, 'split -1')
list_equal((''):split(','), {''}, 'split of nothing')
list_equal((','):split(','), {'', ''}, 'split of a separator')
list_equal(('a\r\nb'):split('\r\n'), {'a', 'b'}, 'split at two bytes')
list_equal((' a  b\tc\r\n'):split(), {'a', 'b', 'c'}, 'split at whitespace')
list_equal((' a  b c '):split(nil, 1), {'a', 'b c '}, 'split at whitespace once')
list_equal(('  a b '):split(nil, 0), {'a b '}, 'split at whitespace never')
list_equal((''):split(), {}, 'no words')
list_equal((' \v\f'):split(), {}, 'only whitespace')
fails('empty separator', string.split, 'a', '')
fails('number expected', string.split, 'a', ',', 'x')

list_equal(('a\nb\r\nc\rd'):splitlines(), {'a', 'b', 'c', 'd'}, 'splitlines')
list_equal(('a\n\nb\n'):splitlines(), {'a', '', 'b'}, 'splitlines with an empty one')
list_equal(('a\nb\r\n'):splitlines(true), {'a\n', 'b\r\n'}, 'splitlines keeping ends')
list_equal((''):splitlines(), {}, 'no lines')
list_equal(('\r'):splitlines(), {''}, 'an empty line')

-- strip

equal((' \t a b \r\n'):strip(), 'a b')
equal((' a '):lstrip(), 'a ')
equal((' a '):rstrip(), ' a')
equal(('xyaxy'):strip('yx'), 'a')
equal(('xyaxy'):lstrip('x'), 'yaxy')
equal(('\0\255a\255'):strip('\0\255'), 'a')
equal(('   '):strip(), '')
equal((''):strip(), '')
equal((' a'):strip(''), ' a')

-- startswith, endswith

equal(('Pwr1'):startswith('Pwr'), true)
equal(('Pwr1'):startswith('pwr'), false)
equal(('Pwr1'):startswith(''), true)
equal(('Pwr1'):startswith('Pwr12'), false)
equal(('Pwr1'):startswith({'Vol', 'Pwr'}), true)
equal(('Pwr1'):startswith({}), false)
equal(('Pwr1'):startswith('wr', 2), true)
equal(('Pwr1'):startswith('1', -1), true)
equal(('Pwr1'):startswith('', 5), true)
equal(('Pwr1'):startswith('', 6), false)
equal(('ok\r\n'):endswith('\r\n'), true)
equal(('ok'):endswith({'x', 'k'}), true)
equal(('k'):endswith('ok'), false)
fails('string or list of strings expected', string.startswith, 'a', nil)
fails('string or list of strings expected', string.startswith, 'a', nil, 100)
fails('string expected at index 2 of the list, got boolean', string.endswith, 'a', {'x', true})

-- replace, join

equal(('a-b-c'):replace('-', '+'), 'a+b+c')
equal(('a-b-c'):replace('-', '+', 1), 'a+b-c')
equal(('a-b-c'):replace('-', '+', 0), 'a-b-c')
equal(('a-b-c'):replace('-', ''), 'abc')
equal(('ab'):replace('', '-'), '-a-b-')
equal(('ab'):replace('', '-', 2), '-a-b')
equal((''):replace('', 'x'), 'x')
equal(('aaa'):replace('aa', 'b'), 'ba')
equal(('a.c'):replace('.', '%0'), 'a%0c')
fails("'replace' would make", string.replace, ('a'):rep(1000), 'a', ('b'):rep(20000))

equal((', '):join({'a', 'b', 3}), 'a, b, 3')
equal((', '):join({}), '')
equal((''):join({'a'}), 'a')
equal(('-'):join(setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return 'i' .. i end})), 'i1-i2')
fails('string expected at index 2 of the list, got nil', string.join, ',', setmetatable({'a'}, {__len = function() return 2 end}))
fails('table expected', string.join, ',', 'abc')
do
    local big, list = ('x'):rep(5000000), {}
    for i = 1, 4 do
        list[i] = big
    end
    fails("'join' would make", string.join, ',', list)
end

-- hex, fromhex

equal(('\0\x7f\xff A'):hex(), '007fff2041')
equal((''):hex(), '')
equal(string.fromhex('007fFF 41\n'), '\0\x7f\xffA')
equal(('0d0a'):fromhex(), '\r\n')
equal(string.fromhex(''), '')
equal(string.fromhex('  '), '')
fails('not a hexadecimal digit at position 4', string.fromhex, '00 g0')
fails('not a hexadecimal digit at position 2', string.fromhex, '0x41')
fails('not a hexadecimal digit at position 2', string.fromhex, '0 0')
fails('a second hexadecimal digit is missing at position 4', string.fromhex, '414')
fails("'hex' would make", string.hex, ('x'):rep(9000000))

-- An error names the function as the program calls it, and `self` is not counted.
fails("bad argument #1 to 'partition'", function() return ('a'):partition({}) end)
fails("bad argument #1 to 'split'", function() return ('a'):split('') end)
