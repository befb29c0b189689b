-- What Python's math has and Lua's has not. Lua's own functions of the same name stay.

local host = ...
local _ENV <const> = host.stock

local declare = host.library.declare
local floor, sqrt, log, exp, huge, tointeger = math.floor, math.sqrt, math.log, math.exp, math.huge, math.tointeger
local nan = huge - huge

local added = {e = exp(1), tau = 2 * math.pi, inf = huge, nan = nan}

local function domain(name) error(ValueError(("math.%s: math domain error"):format(name))) end
local function range(name) error(ValueError(("math.%s: math range error"):format(name))) end
local function is_finite(x) return x - x == 0 end

-- Declares a function of one number, which gives one.
local function define(name, documentation, f, result)
    added[name] = declare(("math.%s(x: number) -> %s"):format(name, result or "number"), documentation, f)
end

define("trunc", "Drops what is behind the point.", function(x)
    if not is_finite(x) then error(ValueError("math.trunc: cannot convert float infinity or NaN to integer")) end
    return x < 0 and math.ceil(x) or floor(x)
end, "integer")
define("fabs", "Gives the amount, as a float.", function(x) return math.abs(x) + 0.0 end)
define("isnan", "Tells whether a number is none (NaN).", function(x) return x ~= x end, "boolean")
define("isinf", "Tells whether a number is infinite.", function(x) return x == huge or x == -huge end, "boolean")
define("isfinite", "Tells whether a number is neither infinite nor NaN.", is_finite, "boolean")
define("degrees", "Gives the degrees of an angle in radians.", function(x) return x * (180.0 / math.pi) end)
define("radians", "Gives the radians of an angle in degrees.", function(x) return x * (math.pi / 180.0) end)
for name, base in next, {log10 = 10, log2 = 2} do
    define(name, ("Gives the logarithm to the base %d."):format(base), function(x)
        return (x > 0 or x ~= x) and log(x, base) or domain(name)
    end)
end
define("log1p", "Gives the natural logarithm of 1 + x, exactly for small x.", function(x)
    if x <= -1 then domain("log1p") end
    local u = 1.0 + x
    if u == 1.0 then return x * 1.0 end
    return is_finite(u) and log(u) * (x / (u - 1.0)) or u
end)
define("expm1", "Gives e to the power of x, less 1, exactly for small x.", function(x)
    if x > -1e-5 and x < 1e-5 then return x + x * x / 2 + x * x * x / 6 end
    return exp(x) - 1.0
end)
define("exp2", "Gives 2 to the power of x.", function(x) return 2.0 ^ x end)
define("cbrt", "Gives the cube root.", function(x)
    if x == 0 or not is_finite(x) then return x * 1.0 end
    local root = x < 0 and -(-x) ^ (1 / 3) or x ^ (1 / 3)
    return root - (root * root * root - x) / (3 * root * root)
end)
define("sinh", "Gives the hyperbolic sine.", function(x)
    if x > -0.1 and x < 0.1 then
        local square = x * x
        return x * (1 + square / 6 * (1 + square / 20 * (1 + square / 42 * (1 + square / 72))))
    end
    return (exp(x) - exp(-x)) / 2
end)
define("cosh", "Gives the hyperbolic cosine.", function(x) return (exp(x) + exp(-x)) / 2 end)
define("tanh", "Gives the hyperbolic tangent.", function(x)
    if x > 20 then return 1.0 elseif x < -20 then return -1.0 end
    local power = exp(2 * x)
    return (power - 1) / (power + 1)
end)
define("factorial", "Gives the product of the numbers from 1 to x, which is at most 20.", function(x)
    local whole = tointeger(x)
    if not whole then error(TypeError("math.factorial: x must be a whole number")) end
    if whole < 0 then error(ValueError("math.factorial: not defined for negative values")) end
    if whole > 20 then error(ValueError("math.factorial: the result has more than 64 bits; x is at most 20")) end
    local product = 1
    for i = 2, whole do product = product * i end
    return product
end, "integer")
define("isqrt", "Gives the whole part of the square root of a whole number.", function(x)
    local whole = tointeger(x)
    if not whole then error(TypeError("math.isqrt: x must be a whole number")) end
    if whole < 0 then error(ValueError("math.isqrt: the number must not be negative")) end
    local root = floor(sqrt(whole))
    while root * root > whole or root > 3037000499 do root = root - 1 end
    while root < 3037000499 and (root + 1) * (root + 1) <= whole do root = root + 1 end
    return root
end, "integer")

added.pow = declare(
    "math.pow(x: number, y: number) -> number", "Gives x to the power of y, as a float.",
    function(x, y)
        local result = (x + 0.0) ^ y
        if is_finite(x) and is_finite(y) then
            if result ~= result or x == 0 and y < 0 then domain("pow") end
            if not is_finite(result) then range("pow") end
        end
        return result
    end)
added.copysign = declare(
    "math.copysign(x: number, y: number) -> number", "Gives the amount of x with the sign of y.",
    function(x, y)
        local is_negative = string.unpack("<i8", string.pack("<d", y)) < 0
        local amount = math.abs(x + 0.0)
        return is_negative and -amount or amount
    end)
added.atan2 = declare(
    "math.atan2(y: number, x: number) -> number", "Gives the angle of a point in radians, from -pi to pi.",
    function(y, x) return math.atan(y, x) end)
added.isclose = declare(
    "math.isclose(a: number, b: number, rel_tol?: number = 1e-09, abs_tol?: number = 0.0) -> boolean",
    "Tells whether two numbers are nearly equal.",
    function(a, b, rel_tol, abs_tol)
        if rel_tol < 0 or abs_tol < 0 then error(ValueError("tolerances must be non-negative")) end
        if a == b then return true end
        if not is_finite(a) or not is_finite(b) then return false end
        local difference = math.abs(b - a)
        return difference <= math.abs(rel_tol * b) or difference <= math.abs(rel_tol * a) or difference <= abs_tol
    end)

local function common(a, b)
    while b ~= 0 do a, b = b, a % b end
    return a < 0 and -a or a
end

added.gcd = declare(
    "math.gcd(...: integer) -> integer", "Gives the greatest common divisor; 0 of no numbers.",
    function(...)
        local result = 0
        for i = 1, select("#", ...) do result = common(result, (select(i, ...))) end
        return result
    end)
added.lcm = declare(
    "math.lcm(...: integer) -> integer", "Gives the least common multiple; 1 of no numbers.",
    function(...)
        local result = 1
        for i = 1, select("#", ...) do
            local value = select(i, ...)
            if value == 0 then return 0 end
            result = math.abs(result // common(result, value) * value)
        end
        return result
    end)

local function choose(name, n, k)
    if n < 0 then error(ValueError(("math.%s: n must be a non-negative integer"):format(name))) end
    if k < 0 then error(ValueError(("math.%s: k must be a non-negative integer"):format(name))) end
end

local function too_large(name) error(ValueError(("math.%s: the result has more than 64 bits"):format(name))) end

added.perm = declare(
    "math.perm(n: integer, k?: integer) -> integer", "Counts the ways to choose k of n in order.",
    function(n, k)
        k = k or n
        choose("perm", n, k)
        if k > n then return 0 end
        local product = 1
        for i = n - k + 1, n do
            if product > math.maxinteger // i then too_large("perm") end
            product = product * i
        end
        return product
    end)
added.comb = declare(
    "math.comb(n: integer, k: integer) -> integer", "Counts the ways to choose k of n without order.",
    function(n, k)
        choose("comb", n, k)
        if k > n then return 0 end
        if k > n - k then k = n - k end
        local product = 1
        for i = 1, k do
            local divisor = common(product, i)
            local factor = (n - k + i) // (i // divisor)
            product = product // divisor
            if factor ~= 0 and product > math.maxinteger // factor then too_large("comb") end
            product = product * factor
        end
        return product
    end)
added.hypot = declare(
    "math.hypot(...: number) -> number", "Gives the length of a vector.",
    function(...)
        local largest, sum = 0.0, 0.0
        for i = 1, select("#", ...) do
            local amount = math.abs((select(i, ...)))
            if amount == huge then return huge end
            if amount ~= amount or amount > largest then largest = amount + 0.0 end
        end
        if largest == 0 or largest ~= largest then return largest end
        for i = 1, select("#", ...) do
            local part = select(i, ...) / largest
            sum = sum + part * part
        end
        return largest * sqrt(sum)
    end)
added.dist = declare(
    "math.dist(p: table, q: table) -> number", "Gives the distance of two points, which are lists of numbers.",
    function(p, q)
        if #p ~= #q then error(ValueError("both points must have the same number of dimensions")) end
        local sum = 0.0
        for i = 1, #p do sum = sum + (p[i] - q[i]) * (p[i] - q[i]) end
        return sqrt(sum)
    end)
added.prod = declare(
    "math.prod(iterable: table, start?: number = 1) -> number", "Multiplies the numbers of a list.",
    function(list, start)
        for i = 1, #list do start = start * list[i] end
        return start
    end)
added.fsum = declare(
    "math.fsum(seq: table) -> number", "Adds the numbers of a list up without losing digits on the way.",
    function(list)
        local partials = {}
        for n = 1, #list do
            local x, count = list[n] + 0.0, 0
            for j = 1, #partials do
                local y = partials[j]
                if math.abs(x) < math.abs(y) then x, y = y, x end
                local high = x + y
                local low = y - (high - x)
                if low ~= 0 then
                    count = count + 1
                    partials[count] = low
                end
                x = high
            end
            for j = #partials, count + 1, -1 do partials[j] = nil end
            partials[count + 1] = x
        end
        local count = #partials
        local high, low = partials[count] or 0.0, 0.0
        count = count - 1
        while count > 0 and low == 0 do
            local x, y = high, partials[count]
            high = x + y
            low = y - (high - x)
            count = count - 1
        end
        -- What is left decides between two floats that are equally near.
        if count > 0 and (low < 0 and partials[count] < 0 or low > 0 and partials[count] > 0) then
            local rounded = high + low * 2
            if rounded - high == low * 2 then high = rounded end
        end
        return high
    end)
added.ldexp = declare(
    "math.ldexp(x: number, i: integer) -> number", "Gives x times 2 to the power of i.",
    function(x, i)
        local result = x * 1.0
        -- In steps, so that neither the power nor what is between is out of range.
        while i > 1000 and is_finite(result) and result ~= 0 do result, i = result * 2.0 ^ 1000, i - 1000 end
        while i < -1000 and result ~= 0 do result, i = result * 2.0 ^ -1000, i + 1000 end
        if result ~= 0 and is_finite(result) then result = result * 2.0 ^ i end
        if is_finite(x) and not is_finite(result) then range("ldexp") end
        return result
    end)
added.frexp = declare(
    "math.frexp(x: number) -> number, integer",
    "Takes a number apart: a fraction from 0.5 on below 1, and a power of 2.",
    function(x)
        if x == 0 or not is_finite(x) then return x * 1.0, 0 end
        local shift = 0
        if math.abs(x) < 2.0 ^ -1022 then x, shift = x * 2.0 ^ 54, 54 end
        local exponent = (string.unpack("<i8", string.pack("<d", x)) >> 52 & 0x7FF) - 1022
        return x / 2.0 ^ (exponent - 1) / 2, exponent - shift
    end)

return added
