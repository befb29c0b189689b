-- Runs the cases of bytes_cases.py, which are in cases.txt, and compares what the methods of strings give.
local function value(text)
    local kind, rest = text:sub(1, 1), text:sub(2)
    if kind == 'n' then return nil end
    if kind == 't' or kind == 'f' then return kind == 't' end
    if kind == 'i' then return math.tointeger(tonumber(rest)) end
    if kind == 's' then return string.fromhex(rest) end
    local list = {}
    for piece in rest:gmatch('s(%x*)') do list[#list + 1] = string.fromhex(piece) end
    return list
end
local function shown(v)
    if v == nil then return 'n' end
    if type(v) == 'boolean' then return v and 't' or 'f' end
    if math.type(v) == 'integer' then return 'i' .. v end
    if type(v) == 'string' then return 's' .. v:hex() end
    local pieces = {}
    for i = 1, #v do pieces[i] = 's' .. v[i]:hex() end
    return 'l' .. table.concat(pieces, ',')
end
local partitions = {partition = true, rpartition = true}
local function answer(method, subject, arguments, names)
    local list, count = {}, 0
    if arguments ~= '-' then
        for argument in arguments:gmatch('[^;]+') do
            count = count + 1
            list[count] = value(argument)
        end
    end
    if names ~= '-' then
        local named, by_name = {}, {}
        for name in names:gmatch('[^,]+') do named[#named + 1] = name end
        for i, name in ipairs(named) do by_name[name] = list[count - #named + i] end
        count = count - #named + 1
        list[count] = by_name
    end
    local results = table.pack(pcall(string[method], subject, table.unpack(list, 1, count)))
    if not results[1] then return 'e' end
    if partitions[method] then return shown({results[2], results[3], results[4]}) end
    return shown(results[2])
end
require('case_runner')(function(line)
    local method, subject, arguments, names, expected = line:match('^(%S+) (%S+) (%S+) (%S+) (%S+)$')
    return expected, answer(method, value(subject), arguments, names)
end)
