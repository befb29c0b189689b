-- Python's random: the Mersenne Twister, seeded and read as CPython does, so that a seed gives the same numbers there
-- and here.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local log, sqrt, cos, sin, pi = math.log, math.sqrt, math.cos, math.sin, math.pi
local floor, tointeger = math.floor, math.tointeger

local N, M, MASK = 624, 397, 0xFFFFFFFF

local Random = class("Random")
local random = {Random = Random}

-- MARK: The generator

local function seed_by_number(state, number)
    state[0] = number & MASK
    for i = 1, N - 1 do
        state[i] = (1812433253 * (state[i - 1] ~ state[i - 1] >> 30) + i) & MASK
    end
    state.index = N
end

-- key: a list of numbers of 32 bits, the lowest one first.
local function seed_by_list(state, key)
    seed_by_number(state, 19650218)
    local i, j = 1, 0
    for _ = 1, N > #key and N or #key do
        state[i] = ((state[i] ~ (state[i - 1] ~ state[i - 1] >> 30) * 1664525) + key[j + 1] + j) & MASK
        i, j = i + 1, j + 1
        if i >= N then state[0], i = state[N - 1], 1 end
        if j >= #key then j = 0 end
    end
    for _ = 1, N - 1 do
        state[i] = ((state[i] ~ (state[i - 1] ~ state[i - 1] >> 30) * 1566083941) - i) & MASK
        i = i + 1
        if i >= N then state[0], i = state[N - 1], 1 end
    end
    state[0] = 0x80000000
end

local function refill(state)
    for i = 0, N - 1 do
        local y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7FFFFFFF
        state[i] = state[(i + M) % N] ~ y >> 1 ~ ((y & 1) * 0x9908B0DF)
    end
    state.index = 0
end

local function next_word(state)
    if state.index >= N then refill(state) end
    local y = state[state.index]
    state.index = state.index + 1
    y = y ~ y >> 11
    y = y ~ y << 7 & 0x9D2C5680
    y = y ~ y << 15 & 0xEFC60000
    return y ~ y >> 18
end

local function next_float(state)
    local a, b = next_word(state) >> 5, next_word(state) >> 6
    return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0)
end

-- k bits, at most 64: a negative number then is one of Python's above the largest of Lua.
local function next_bits(state, k)
    if k <= 32 then return next_word(state) >> (32 - k) end
    local low = next_word(state)
    return low | next_word(state) >> (64 - k) << 32
end

local function below(state, n)
    local k = 0
    while n >> k ~= 0 do k = k + 1 end
    local value
    repeat value = next_bits(state, k) until value >= 0 and value < n
    return value
end

-- A number as CPython takes it apart: 32 bits at a time, of its amount.
local function key_of_integer(number)
    if number < 0 then number = -number end
    local key = {number & MASK}
    if number >> 32 ~= 0 then key[2] = number >> 32 end
    return key
end

-- A text as CPython takes it: with its SHA-512 behind it, as one number.
local function key_of_text(text)
    local digest = host.new_digest("sha512")
    digest:update(text)
    local bytes = text .. digest:result()
    bytes = ("\0"):rep(-#bytes % 4) .. bytes
    local key = {}
    for at = #bytes - 3, 1, -4 do key[#key + 1] = string.unpack(">I4", bytes, at) end
    while #key > 1 and key[#key] == 0 do key[#key] = nil end
    return key
end

local function seed(state, a)
    state.next_gauss = nil
    if a == nil then
        seed_by_list(state, {string.unpack("<I4I4I4I4", host.random_bytes(16))})
    elseif type(a) == "string" then
        seed_by_list(state, key_of_text(a))
    elseif type(a) == "number" then
        seed_by_list(state, key_of_integer(tointeger(a) or string.unpack("<i8", string.pack("<d", a))))
    else
        error(TypeError("argument 'a' of random.seed must be a number or a string, got " .. got(a)))
    end
end

local states = setmetatable({}, {__mode = "k"})

local function state_of(self)
    local state = states[self]
    if not state then
        state = {}
        states[self] = state
        seed(state)
    end
    return state
end

-- MARK: What programs call

local shared = Random()

-- Declares a function of the module and the method of Random.
local function define(signature, documentation, f)
    local name = signature:match("^[%w_]+")
    Random[name] = declare("random.Random:" .. signature, documentation, function(self, ...)
        return f(state_of(self), ...)
    end, Random)
    random[name] = declare("random." .. signature, documentation, function(...) return f(state_of(shared), ...) end)
end

Random.init = declare(
    "random.Random(x?: number|string)", "A generator of its own, seeded with x.",
    function(self, x) if x ~= nil then seed(state_of(self), x) end end, Random)

local function fail(name, text) error(ValueError(("random.%s: %s"):format(name, text))) end

define("seed(a?: number|string)",
    "Begins anew: the same whole number or string gives the same numbers as in Python. Without it they are others "
        .. "each time.",
    seed)
define("random() -> number", "Gives a number from 0 on that is below 1.", next_float)
define("getrandbits(k: integer) -> integer", "Gives a whole number of k random bits, at most 63.", function(state, k)
    if k < 0 or k > 63 then fail("getrandbits", "k must be from 0 to 63, got " .. k) end
    if k == 0 then return 0 end
    return next_bits(state, k)
end)
define("randbytes(n: integer) -> string", "Gives n random bytes.", function(state, n)
    if n < 0 then fail("randbytes", "n must be 0 or more") end
    local words, count = {}, 0
    for left = n, 1, -4 do
        count = count + 1
        words[count] = left >= 4 and string.pack("<I4", next_word(state))
            or string.pack("<I4", next_word(state) >> (32 - left * 8)):sub(1, left)
    end
    return table.concat(words)
end)

local function from_range(state, start, stop, step, name)
    if stop == nil then start, stop = 0, start end
    step = step or 1
    if step == 0 then fail(name, "step must not be 0") end
    local count = step > 0 and (stop - start + step - 1) // step or (stop - start + step + 1) // step
    if (stop > start) ~= (step > 0) or count <= 0 then
        fail(name, ("empty range (%d, %d, %d)"):format(start, stop, step))
    end
    return start + step * below(state, count)
end

define("randrange(start: integer, stop?: integer, step?: integer = 1) -> integer",
    "Gives a whole number from start on that is below stop, in steps; with one argument from 0 on.",
    function(state, start, stop, step) return from_range(state, start, stop, step, "randrange") end)
define("randint(a: integer, b: integer) -> integer", "Gives a whole number from a to b.", function(state, a, b)
    if b < a then fail("randint", ("empty range (%d, %d)"):format(a, b)) end
    if b == math.maxinteger or b - a < 0 then fail("randint", "the range is larger than 63 bits") end
    return from_range(state, a, b + 1, 1, "randint")
end)

-- The length of a list or a string, which must not be empty.
local function length_of(seq, name)
    local count = #seq
    if count == 0 then error(IndexError(("random.%s: Cannot choose from an empty sequence"):format(name))) end
    return count
end

local function element(seq, i)
    if type(seq) == "string" then return seq:sub(i, i) end
    return seq[i]
end

define("choice(seq: table|string) -> any", "Gives one of the elements of a list, or one of the bytes of a string.",
    function(state, seq) return element(seq, below(state, length_of(seq, "choice")) + 1) end)

define("choices(population: table|string, weights?: table, cum_weights?: table, k?: integer = 1) -> table",
    "Gives a list of k elements, each chosen from all; weights are numbers, one for each element.",
    function(state, population, weights, cum_weights, k)
        local count, chosen = length_of(population, "choices"), {}
        if weights and cum_weights then error(TypeError("Cannot specify both weights and cumulative weights")) end
        if not weights and not cum_weights then
            for i = 1, k do chosen[i] = element(population, tointeger(floor(next_float(state) * (count + 0.0))) + 1) end
            return chosen
        end
        local sums, sum = cum_weights, 0
        if weights then
            sums = {}
            for i = 1, #weights do
                sum = sum + weights[i]
                sums[i] = sum
            end
        end
        if #sums ~= count then fail("choices", "The number of weights does not match the population") end
        local total = sums[count] + 0.0
        if total <= 0 then fail("choices", "Total of weights must be greater than zero") end
        for i = 1, k do
            local sought = next_float(state) * total
            local low, high = 1, count
            while low < high do
                local middle = (low + high) // 2
                if sought < sums[middle] then high = middle else low = middle + 1 end
            end
            chosen[i] = element(population, low)
        end
        return chosen
    end)

define("shuffle(x: table)", "Brings the elements of a list into another order, in place.", function(state, x)
    for i = #x, 2, -1 do
        local j = below(state, i) + 1
        x[i], x[j] = x[j], x[i]
    end
end)

define("sample(population: table|string, k: integer) -> table", "Gives a list of k elements, none of them twice.",
    function(state, population, k)
        local count, chosen = #population, {}
        if k < 0 or k > count then fail("sample", "Sample larger than population or is negative") end
        local size = 21
        if k > 5 then size = size + 4 ^ math.ceil(log(k * 3) / log(4)) end
        if count <= size then
            local pool = {}
            for i = 1, count do pool[i] = element(population, i) end
            for i = 1, k do
                local j = below(state, count - i + 1) + 1
                chosen[i] = pool[j]
                pool[j] = pool[count - i + 1]
            end
            return chosen
        end
        local seen = {}
        for i = 1, k do
            local j
            repeat j = below(state, count) until not seen[j]
            seen[j] = true
            chosen[i] = element(population, j + 1)
        end
        return chosen
    end)

define("uniform(a: number, b: number) -> number", "Gives a number from a to b.",
    function(state, a, b) return a + (b - a) * next_float(state) end)
define("triangular(low?: number = 0.0, high?: number = 1.0, mode?: number) -> number",
    "Gives a number from low to high, most often near mode.",
    function(state, low, high, mode)
        local u = next_float(state)
        if high == low then return low end
        local c = mode == nil and 0.5 or (mode - low) / (high - low)
        if u > c then
            u, c = 1.0 - u, 1.0 - c
            low, high = high, low
        end
        return low + (high - low) * sqrt(u * c)
    end)
define("gauss(mu?: number = 0.0, sigma?: number = 1.0) -> number", "Gives a number of the normal distribution.",
    function(state, mu, sigma)
        local z = state.next_gauss
        state.next_gauss = nil
        if not z then
            local x2pi, g2rad = next_float(state) * 2.0 * pi, nil
            g2rad = sqrt(-2.0 * log(1.0 - next_float(state)))
            z, state.next_gauss = cos(x2pi) * g2rad, sin(x2pi) * g2rad
        end
        return mu + z * sigma
    end)
define("normalvariate(mu?: number = 0.0, sigma?: number = 1.0) -> number", "Gives a number of the normal distribution.",
    function(state, mu, sigma)
        local magic = 1.7155277699214135 -- 4 * exp(-0.5) / sqrt(2)
        while true do
            local u1 = next_float(state)
            local u2 = 1.0 - next_float(state)
            local z = magic * (u1 - 0.5) / u2
            if z * z / 4.0 <= -log(u2) then return mu + z * sigma end
        end
    end)
define("expovariate(lambd?: number = 1.0) -> number", "Gives a number of the exponential distribution.",
    function(state, lambd)
        if lambd == 0 then fail("expovariate", "lambd must not be 0") end
        return -log(1.0 - next_float(state)) / lambd
    end)

return random
