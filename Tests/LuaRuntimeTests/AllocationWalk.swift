import Glibc

/// The programs whose every allocation is refused once. `LECTERN_TEST_ALLOCATION_WALK=full` adds the longer ones.
///
/// Each ends by printing what `pause('w')` returned.
enum AllocationWalk {
    static var programs: [String] {
        guard let text = getenv("LECTERN_TEST_ALLOCATION_WALK"), String(cString: text) == "full" else { return [short] }
        return [short, classes, coroutines, textWork, errors]
    }

    private static let short = """
        local t = {}
        for i = 1, 20 do t[i] = {name = 'n' .. i, f = function() return i end} end
        local co = coroutine.wrap(function(a) local b = coroutine.yield(a .. 'x') return b end)
        co('p')
        co('q')
        pcall(error, {})
        pcall(error, ValueError('v'))
        local C = class('C')
        function C:init(n) self.n = n end
        for i = 1, 5 do C(i) end
        local s = ('a,b,c'):gsub('%w', function(c) return c:upper() end)
        print(s, select('#', table.unpack(t)))
        setmetatable({}, {__gc = function() end})
        print(pause('w'))
        """

    private static let classes = """
        local Base, Other = class('Base'), class('Other')
        function Base:init(name) self.name = name end
        function Base:describe() return 'Base ' .. self.name end
        function Other:greet() return 'hello ' .. self.name end
        local Derived = class('Derived', Base, Other)
        function Derived:init(name) Base.init(self, name) self.list = {} end
        function Derived.__add(a, b) return Derived(a.name .. b.name) end
        local sum = Derived('a') + Derived('b')
        for i = 1, 10 do sum.list[i] = sum:describe() .. i .. sum:greet() end
        function Base:later() return 'added' end
        print(#table.concat(sum.list), sum:later(), isinstance(sum, Other))
        print(pause('w'))
        """

    private static let coroutines = """
        local function numbers(n)
            return coroutine.wrap(function()
                local guard <close> = setmetatable({}, {__close = function() end})
                for i = 1, n do coroutine.yield(i) end
            end)
        end
        local total = 0
        for a in numbers(4) do for b in numbers(3) do total = total + a * b end end
        local open = {}
        for i = 1, 5 do
            open[i] = coroutine.create(function(...) coroutine.yield(...) end)
            coroutine.resume(open[i], i, 'text ' .. i, {})
        end
        for i = 1, 5 do coroutine.close(open[i]) end
        print(total)
        print(coroutine.wrap(function() return pause('w') end)())
        """

    private static let textWork = """
        local words = {}
        for word in ('the quick brown fox jumps over the lazy dog'):gmatch('%a+') do words[#words + 1] = word end
        table.sort(words, function(a, b) return a < b end)
        local text = (', '):join(words):replace('fox', 'cat')
        local head, tail = text:match('^(%a+), (.*)$')
        local packed = string.pack('>I2s1', 7, head)
        print(string.format('%-10s|%5.2f|%q', head, 1.5, tail:sub(1, 5)), packed:hex(), #text:split(','))
        print((load('return ' .. #text) or type)(1), tostring({}):startswith('table'))
        print(pause('w'))
        """

    private static let errors = """
        local function fail(n) if n == 0 then error({code = n}) end fail(n - 1) end
        for i = 1, 3 do
            print(pcall(fail, i))
            print(xpcall(fail, debug.traceback, i))
            print(pcall(error, IOError('line ' .. i)))
            print(pcall(string.rep))
            print(select(2, pcall(function() local x = nil; return x.y end)))
        end
        print(pause('w'))
        """
}
