-- What of File and RFile is best said in Lua.

local ipairs = ipairs

--- for line in file do: the lines with their ends, as a file of the mimicked environment is gone through.
local function next_line(file)
    local line = file:readline()
    if line ~= "" then return line end
end

--- local file <close> = File(name): the file is closed at the end of the block.
local function close_file(file)
    file:close()
end

for _, class in ipairs({File, RFile}) do
    class.__call, class.__close = next_line, close_file
end
