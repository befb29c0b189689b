-- Tells the host what all libraries declare, for the reference, for editors and for checks. Gets their names.

local host = ...

for _, name in ipairs({select(2, ...)}) do host.open_library(name) end

local library = host.library
local FIELD, PARAMETER = "\31", "\30"

local function packed(parameter, mark)
    return table.concat({parameter.name, mark, parameter.text, parameter.default_text or ""}, FIELD)
end

for _, declaration in ipairs(library.declarations) do
    local read, parts = library.read(declaration[1]), {}
    for i, parameter in ipairs(read.parameters) do parts[i] = packed(parameter, parameter.is_optional and "?" or "") end
    if read.more then parts[#parts + 1] = packed(read.more, "*") end
    host.note_declaration(read.name, declaration[2], read.result, table.concat(parts, PARAMETER))
end

-- These have more only when it is asked for.
local _ = host.bring("time").localtime, math.isclose
