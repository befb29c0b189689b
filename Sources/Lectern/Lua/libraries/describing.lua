-- Tells the host what all libraries declare, for the reference, for editors and for checks. Gets their names.

local host = ...
local _ENV <const> = host.stock
local names = {select(2, ...)}

local FIELD, PARAMETER = "\31", "\30"

local function packed(parameter, mark)
    return table.concat({parameter.name, mark, parameter.text, parameter.default_text or ""}, FIELD)
end

for _, name in ipairs(names) do host.open_global(name) end
host.open_math()

local library = host.library
for _, declaration in ipairs(library.declarations) do
    local read, parts = library.read(declaration[1]), {}
    for i, parameter in ipairs(read.parameters) do parts[i] = packed(parameter, parameter.is_optional and "?" or "") end
    if read.more then parts[#parts + 1] = packed(read.more, "*") end
    host.note_declaration(read.name, declaration[2], read.result, table.concat(parts, PARAMETER))
end
