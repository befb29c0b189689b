-- deque of collections: a list that grows and shrinks at both ends.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local set_access, class_of = host.set_access, host.class_of

return function(collections, private)
    local deque = class("deque")
    collections.deque = deque

    -- The place of element number `index` among the values; a negative one counts from the end.
    local function place(queue, index)
        local whole = math.tointeger(index)
        local count = queue.last - queue.first + 1
        if not whole or whole == 0 or whole > count or whole < -count then return nil end
        return whole > 0 and queue.first + whole - 1 or queue.last + whole + 1
    end

    set_access(deque, function(self, key)
        if type(key) ~= "number" then return class_of(self)[key] end
        local queue = private[self]
        local at = place(queue, key)
        return at and queue[at]
    end, function(self, key, value)
        local queue = private[self]
        local at = type(key) == "number" and place(queue, key)
        if type(key) ~= "number" then
            rawset(self, key, value)
        elseif not at or value == nil then
            error(IndexError("deque index out of range: " .. tostring(key)))
        else
            queue[at] = value
        end
    end)

    local function check_value(value)
        if value == nil then error(TypeError("a deque holds no nil")) end
    end

    local function append(queue, value)
        check_value(value)
        if queue.most == 0 then return end
        queue.last = queue.last + 1
        queue[queue.last] = value
        if queue.most and queue.last - queue.first + 1 > queue.most then
            queue[queue.first] = nil
            queue.first = queue.first + 1
        end
    end

    local function append_left(queue, value)
        check_value(value)
        if queue.most == 0 then return end
        queue.first = queue.first - 1
        queue[queue.first] = value
        if queue.most and queue.last - queue.first + 1 > queue.most then
            queue[queue.last] = nil
            queue.last = queue.last - 1
        end
    end

    -- Calls f with each element of a list, a deque or a string.
    local function each(of, f)
        if type(of) == "string" then
            for byte in of:gmatch(".") do f(byte) end
        elseif type(of) == "table" then
            for i = 1, #of do f(of[i]) end
        elseif type(of) == "function" then
            for value in of do f(value) end
        else
            error(TypeError("a deque is filled from a list, a string or an iterator, got " .. got(of)))
        end
    end

    deque.init = declare(
        "collections.deque(iterable?: table|string|function, maxlen?: integer)",
        "A list that grows and shrinks at both ends. With maxlen, an element that is one too many drops the one at "
            .. "the other end.",
        function(self, iterable, maxlen)
            if maxlen and maxlen < 0 then error(ValueError("maxlen must be non-negative")) end
            local queue = {first = 1, last = 0, most = maxlen}
            private[self] = queue
            rawset(self, "maxlen", maxlen)
            if iterable ~= nil then each(iterable, function(value) append(queue, value) end) end
        end, deque)

    function deque:__len()
        local queue = private[self]
        return queue.last - queue.first + 1
    end

    function deque:__pairs()
        local queue, index = private[self], 0
        return function()
            index = index + 1
            local value = queue[queue.first + index - 1]
            if value ~= nil then return index, value end
        end
    end

    function deque.__eq(a, b)
        if not isinstance(a, deque) or not isinstance(b, deque) or #a ~= #b then return false end
        for i = 1, #a do
            if a[i] ~= b[i] then return false end
        end
        return true
    end

    function deque:__tostring()
        local parts = {}
        for i = 1, #self do
            local value = self[i]
            parts[i] = type(value) == "string" and ("'%s'"):format(value) or tostring(value)
        end
        return ("deque([%s]%s)"):format(
            table.concat(parts, ", "), self.maxlen and ", maxlen=" .. self.maxlen or "")
    end

    local function method(signature, documentation, f)
        deque[signature:match("^[%w_]+")] = declare("collections.deque:" .. signature, documentation, f, deque)
    end

    local function take_last(self)
        local queue = private[self]
        if queue.last < queue.first then error(IndexError("pop from an empty deque")) end
        local value = queue[queue.last]
        queue[queue.last] = nil
        queue.last = queue.last - 1
        return value
    end

    local function take_first(self)
        local queue = private[self]
        if queue.last < queue.first then error(IndexError("pop from an empty deque")) end
        local value = queue[queue.first]
        queue[queue.first] = nil
        queue.first = queue.first + 1
        return value
    end

    method("append(x: any)", "Adds an element at the end.", function(self, x) append(private[self], x) end)
    method("appendleft(x: any)", "Adds an element at the begin.", function(self, x) append_left(private[self], x) end)
    method("pop() -> any", "Removes the last element and gives it; IndexError when there is none.", take_last)
    method("popleft() -> any", "Removes the first element and gives it; IndexError when there is none.", take_first)
    method("extend(iterable: table|string|function)", "Adds each element at the end.", function(self, iterable)
        if rawequal(iterable, self) then iterable = self:copy() end
        each(iterable, function(value) append(private[self], value) end)
    end)
    method("extendleft(iterable: table|string|function)", "Adds each element at the begin, the last one first.",
        function(self, iterable)
            if rawequal(iterable, self) then iterable = self:copy() end
            each(iterable, function(value) append_left(private[self], value) end)
        end)
    method("clear()", "Removes all.", function(self)
        private[self] = {first = 1, last = 0, most = private[self].most}
    end)
    method("copy() -> collections.deque", "Makes one of the same content.", function(self)
        return class_of(self)(self, private[self].most)
    end)
    method("count(x: any) -> integer", "Counts the elements that are equal to x.", function(self, x)
        local count = 0
        for i = 1, #self do
            if self[i] == x then count = count + 1 end
        end
        return count
    end)
    method("index(x: any) -> integer", "Tells the number of the first element that is equal to x; ValueError for none.",
        function(self, x)
            for i = 1, #self do
                if self[i] == x then return i end
            end
            error(ValueError(tostring(x) .. " is not in deque"))
        end)
    method("insert(i: integer, x: any)", "Puts x before element number i.", function(self, i, x)
        check_value(x)
        local count = #self
        if private[self].most and count >= private[self].most then
            error(IndexError("deque already at its maximum size"))
        end
        if i < 0 then i = i + count + 1 end
        if i < 1 then i = 1 end
        if i > count + 1 then i = count + 1 end
        local queue = private[self]
        table.move(queue, queue.first + i - 1, queue.last, queue.first + i)
        queue[queue.first + i - 1] = x
        queue.last = queue.last + 1
    end)
    method("remove(x: any)", "Removes the first element that is equal to x; ValueError for none.", function(self, x)
        local queue = private[self]
        for i = queue.first, queue.last do
            if queue[i] == x then
                table.move(queue, i + 1, queue.last + 1, i)
                queue.last = queue.last - 1
                return
            end
        end
        error(ValueError("deque.remove(x): x not in deque"))
    end)
    method("reverse()", "Turns the order around.", function(self)
        local queue = private[self]
        local first, last = queue.first, queue.last
        while first < last do
            queue[first], queue[last] = queue[last], queue[first]
            first, last = first + 1, last - 1
        end
    end)
    method("rotate(n?: integer = 1)", "Moves n elements from the end to the begin; a negative n the other way.",
        function(self, n)
            local queue, count = private[self], #self
            if count < 2 then return end
            n = n % count
            if n == 0 then return end
            local values = table.move(queue, queue.first, queue.last, 1, {})
            for i = 1, count do queue[queue.first + (i - 1 + n) % count] = values[i] end
        end)
end
