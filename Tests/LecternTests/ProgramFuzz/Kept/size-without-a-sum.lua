for _, size in ipairs({math.maxinteger, 1 << 62, (1 << 60) + 1}) do
    pcall(table.move, {1}, 1, 1, size)
    pcall(string.rep, 'x', size)
    pcall(table.unpack, {}, 1, size)
    pcall(table.concat, setmetatable({}, {__len = function() return size end}))
    pcall(string.format, '%' .. size .. 'd', 1)
    pcall(utf8.char, size)
end
