-- Python's csv: reads and writes lines of separated values by CPython's rules.

local host = ...
local _ENV <const> = host.stock

local declare, got = host.library.declare, host.library.got
local sub, find, concat = string.sub, string.find, table.concat

local csv_error = class("csv.Error", Exception)
local csv = {Error = csv_error, QUOTE_MINIMAL = 0, QUOTE_ALL = 1, QUOTE_NONNUMERIC = 2, QUOTE_NONE = 3}

local MOST_BYTES = 131072 -- of a field, as in Python

local dialects = {
    excel = {
        delimiter = ",", quotechar = '"', doublequote = true, skipinitialspace = false, lineterminator = "\r\n", quoting = 0,
    },
}
local function derived(changes)
    local dialect = {}
    for name, value in next, dialects.excel do dialect[name] = value end
    for name, value in next, changes do dialect[name] = value end
    return dialect
end
dialects["excel-tab"] = derived({delimiter = "\t"})
dialects.unix = derived({lineterminator = "\n", quoting = 1})

local options = "dialect?: string = 'excel', delimiter?: string, quotechar?: string|boolean, escapechar?: string, "
    .. "doublequote?: boolean, skipinitialspace?: boolean, lineterminator?: string, quoting?: integer, strict?: boolean"
local option_names = {
    "delimiter", "quotechar", "escapechar", "doublequote", "skipinitialspace", "lineterminator", "quoting", "strict",
}

local function check_byte(name, value)
    if value and #value ~= 1 then error(TypeError(('"%s" must be a 1-character string'):format(name))) end
end

-- The dialect of arguments in the order of the options.
local function dialect_of(name, ...)
    local base = dialects[name]
    if not base then
        error(csv_error(("unknown dialect '%s'; there are excel, excel-tab and unix"):format(name)))
    end
    local dialect = {}
    for key, value in next, base do dialect[key] = value end
    for i, option in ipairs(option_names) do
        local value = select(i, ...)
        if value ~= nil then dialect[option] = value end
    end
    check_byte("delimiter", dialect.delimiter)
    check_byte("quotechar", dialect.quotechar)
    check_byte("escapechar", dialect.escapechar)
    if dialect.quotechar == true then
        error(TypeError('"quotechar" must be a 1-character string, or false for none'))
    end
    if dialect.quoting < 0 or dialect.quoting > 3 then error(TypeError('bad "quoting" value')) end
    if not dialect.quotechar and dialect.quoting ~= 3 then
        if select(7, ...) ~= nil then error(TypeError("quotechar must be set if quoting enabled")) end
        dialect.quoting = 3
    end
    return dialect
end

-- MARK: Reading

-- What gives one line after the other: of a string, a list, an iterator or a File.
local function lines_of(source, name)
    if type(source) == "string" then
        local at = 1
        return function()
            if at > #source then return nil end
            local last = find(source, "\n", at, true) or #source
            local line = sub(source, at, last)
            at = last + 1
            return line
        end
    end
    if type(source) == "function" then return source end
    local metatable = type(source) == "table" and raw_getmetatable(source)
    if metatable and metatable.__call then return function() return source() end end
    if type(source) ~= "table" then
        error(TypeError(("argument 'csvfile' of %s must be a File, a list of lines, a string or an iterator, got %s")
            :format(name, got(source))))
    end
    local i = 0
    return function()
        i = i + 1
        return source[i]
    end
end

local START_RECORD, START_FIELD, ESCAPED, IN_FIELD, AFTER_ESCAPED_END = 1, 2, 3, 4, 5
local IN_QUOTED, ESCAPED_IN_QUOTED, QUOTE_IN_QUOTED, EAT_END = 6, 7, 8, 9

-- A set of a pattern.
local function set_of(...)
    local bytes = {}
    for i = 1, select("#", ...) do
        local byte = select(i, ...)
        if byte then bytes[#bytes + 1] = find(byte, "%w") and byte or "%" .. byte end
    end
    return "[" .. concat(bytes) .. "]"
end

-- Takes a line, or false for its end, and goes on from the state of before.
local Parser = class("csv parser")

function Parser:init(dialect)
    self.dialect, self.state = dialect, START_RECORD
    self.in_field = set_of("\r", "\n", dialect.delimiter, dialect.escapechar)
    self.in_quoted = set_of(dialect.quotechar, dialect.escapechar)
    self.has_quotes = dialect.quoting ~= 3 and dialect.quotechar
    self:begin()
end

function Parser:begin()
    self.row, self.pieces, self.size, self.is_numeric = {}, {}, 0, false
end

function Parser:add(text)
    self.size = self.size + #text
    if self.size > MOST_BYTES then error(csv_error(("field larger than field limit (%d)"):format(MOST_BYTES))) end
    self.pieces[#self.pieces + 1] = text
end

function Parser:save()
    local field = concat(self.pieces)
    if self.is_numeric then
        local number = tonumber(field)
        if not number then error(ValueError(("could not convert string to float: '%s'"):format(field))) end
        field = number + 0.0
    end
    self.row[#self.row + 1] = field
    self.pieces, self.size, self.is_numeric = {}, 0, false
end

--- Takes the plain bytes of a field from `at` on at once; gives where they end.
function Parser:take_plain(line, at, set)
    local special = find(line, set, at)
    local last = special and special - 1 or #line
    if last < at then return at end
    self:add(sub(line, at, last))
    return last + 1
end

function Parser:take_byte(byte)
    local dialect, state = self.dialect, self.state
    local is_end = byte == "\n" or byte == "\r" or byte == ""
    if state == AFTER_ESCAPED_END then
        if byte == "" then return end
        state = IN_FIELD
    elseif state == START_RECORD then
        if byte == "" then return end
        if is_end then
            self.state = EAT_END
            return
        end
        state = START_FIELD
    end
    if state == START_FIELD then
        if is_end then
            self:save()
            self.state = byte == "" and START_RECORD or EAT_END
        elseif byte == dialect.quotechar and self.has_quotes then
            self.state = IN_QUOTED
        elseif byte == dialect.escapechar then
            self.state = ESCAPED
        elseif byte == " " and dialect.skipinitialspace then
            self.state = START_FIELD
        elseif byte == dialect.delimiter then
            self:save()
            self.state = START_FIELD
        else
            self.is_numeric = dialect.quoting == 2
            self:add(byte)
            self.state = IN_FIELD
        end
    elseif state == ESCAPED then
        self:add(byte == "" and "\n" or byte)
        self.state = (byte == "\n" or byte == "\r") and AFTER_ESCAPED_END or IN_FIELD
    elseif state == IN_FIELD then
        if is_end then
            self:save()
            self.state = byte == "" and START_RECORD or EAT_END
        elseif byte == dialect.escapechar then
            self.state = ESCAPED
        elseif byte == dialect.delimiter then
            self:save()
            self.state = START_FIELD
        else
            -- As in CPython, a field that has an escaped line end goes on behind the end of the line.
            self:add(byte)
        end
    elseif state == IN_QUOTED then
        if byte == "" then
            return
        elseif byte == dialect.escapechar then
            self.state = ESCAPED_IN_QUOTED
        elseif byte == dialect.quotechar and self.has_quotes then
            self.state = dialect.doublequote and QUOTE_IN_QUOTED or IN_FIELD
        else
            self:add(byte)
        end
    elseif state == ESCAPED_IN_QUOTED then
        self:add(byte == "" and "\n" or byte)
        self.state = IN_QUOTED
    elseif state == QUOTE_IN_QUOTED then
        if byte == dialect.quotechar and self.has_quotes then
            self:add(byte)
            self.state = IN_QUOTED
        elseif byte == dialect.delimiter then
            self:save()
            self.state = START_FIELD
        elseif is_end then
            self:save()
            self.state = byte == "" and START_RECORD or EAT_END
        elseif not dialect.strict then
            self:add(byte)
            self.state = IN_FIELD
        else
            error(csv_error(("'%s' expected after '%s'"):format(dialect.delimiter, dialect.quotechar)))
        end
    elseif state == EAT_END then
        if byte == "" then
            self.state = START_RECORD
        elseif not is_end then
            error(csv_error(
                "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?"))
        end
    end
end

function Parser:take_line(line)
    local at, length = 1, #line
    while at <= length do
        if self.state == IN_FIELD then
            at = self:take_plain(line, at, self.in_field)
        elseif self.state == IN_QUOTED and self.has_quotes then
            at = self:take_plain(line, at, self.in_quoted)
        end
        if at <= length then
            self:take_byte(sub(line, at, at))
            at = at + 1
        end
    end
    self:take_byte("")
end

--- The next row of lines; nil at their end.
function Parser:next_row(lines, reader)
    self:begin()
    self.state = START_RECORD
    repeat
        local line = lines()
        if line == nil then
            if self.size == 0 and self.state ~= IN_QUOTED then return nil end
            if self.dialect.strict then error(csv_error("unexpected end of data")) end
            self:save()
            return self.row
        end
        if type(line) ~= "string" then
            error(csv_error("iterator should return strings, not " .. got(line)))
        end
        rawset(reader, "line_num", reader.line_num + 1)
        self:take_line(line)
    until self.state == START_RECORD
    return self.row
end

local Reader = class("csv.reader")

function Reader:__call() return self.parser:next_row(self.lines, self) end

local function new_reader(name, source, ...)
    local reader = Reader()
    reader.dialect = dialect_of(...)
    reader.parser, reader.lines, reader.line_num = Parser(reader.dialect), lines_of(source, name), 0
    return reader
end

csv.reader = declare(
    "csv.reader(csvfile: any, " .. options .. ") -> function",
    "Reads rows: for row in csv.reader(file) do. csvfile is a File, a list of lines, a string with all lines, or an "
        .. "iterator.",
    function(source, ...) return new_reader("csv.reader", source, ...) end)

-- MARK: Writing

local function text_of(value)
    if value == nil then return "" end
    if type(value) == "string" then return value end
    if type(value) == "number" or type(value) == "boolean" then return ("{}"):formatted(value) end
    return tostring(value)
end

local function need_escape() error(csv_error("need to escape, but no escapechar set")) end

local function quoted_field(dialect, value, special, is_alone)
    local text = text_of(value)
    local is_quoted = dialect.quoting == 1
        or dialect.quoting == 2 and type(value) ~= "number" and type(value) ~= "boolean"
    local function escape(byte)
        if dialect.quoting ~= 3 then
            if byte == dialect.quotechar then
                if dialect.doublequote then
                    is_quoted = true
                    return byte .. byte
                end
            elseif byte ~= dialect.escapechar then
                is_quoted = true
                return byte
            end
        end
        if not dialect.escapechar then need_escape() end
        return dialect.escapechar .. byte
    end
    if find(text, special) then text = text:gsub(special, escape) end
    if text == "" and is_alone then
        if dialect.quoting == 3 then error(csv_error("single empty field record must be quoted")) end
        is_quoted = true
    end
    return is_quoted and dialect.quotechar .. text .. dialect.quotechar or text
end

-- What takes text: a File or anything with a method write, or a function.
local function sink_of(target, name)
    if type(target) == "function" then return target end
    if type(target) ~= "table" or target.write == nil then
        error(TypeError(("argument 'csvfile' of %s must have a method write, or be a function, got %s"):format(
            name, got(target))))
    end
    return function(text) return target:write(text) end
end

local Writer = class("csv.writer")

local function new_writer(name, target, ...)
    local writer = Writer()
    local dialect = dialect_of(...)
    local bytes = {dialect.delimiter}
    for byte in (dialect.lineterminator .. (dialect.quotechar or "") .. (dialect.escapechar or "")):gmatch(".") do
        bytes[#bytes + 1] = byte
    end
    writer.dialect, writer.special, writer.write = dialect, set_of(table.unpack(bytes)), sink_of(target, name)
    return writer
end

local function write_row(self, row)
    if type(row) ~= "table" then error(csv_error("a row must be a list, got " .. got(row))) end
    local fields, count = {}, math.tointeger(rawget(row, "n")) or #row
    for i = 1, count do fields[i] = quoted_field(self.dialect, row[i], self.special, count == 1) end
    return self.write(concat(fields, self.dialect.delimiter) .. self.dialect.lineterminator)
end

local function each_row(rows, f)
    if type(rows) == "function" then
        for row in rows do f(row) end
    elseif type(rows) == "table" then
        for i = 1, #rows do f(rows[i]) end
    else
        error(csv_error("rows must be a list or an iterator, got " .. got(rows)))
    end
end

Writer.writerow = declare(
    "csv.writer:writerow(row: table) -> any",
    "Writes a list as a line. A field n tells its length, if it ends with nil.",
    write_row, Writer)
Writer.writerows = declare(
    "csv.writer:writerows(rows: table|function)", "Writes each row.",
    function(self, rows) each_row(rows, function(row) write_row(self, row) end) end, Writer)

csv.writer = declare(
    "csv.writer(csvfile: any, " .. options .. ") -> csv.writer",
    "Makes a writer of rows. csvfile is a File, anything else with a method write, or a function that takes text.",
    function(target, ...) return new_writer("csv.writer", target, ...) end)

-- MARK: By names

local DictReader = class("csv.DictReader")
csv.DictReader = DictReader

DictReader.init = declare(
    "csv.DictReader(f: any, fieldnames?: table, restkey?: string, restval?: any, " .. options .. ")",
    "Reads rows as tables by the names in fieldnames, or in the first row. Missing values are restval; those that are too "
        .. "many are a list under restkey.",
    function(self, source, fieldnames, restkey, restval, ...)
        self.reader = new_reader("csv.DictReader", source, ...)
        self.restkey, self.restval = restkey, restval
        self.fieldnames = fieldnames or self.reader()
        self.line_num = self.reader.line_num
    end, DictReader)

function DictReader:__call()
    local row
    repeat row = self.reader() until row == nil or #row > 0
    self.line_num = self.reader.line_num
    if row == nil then return nil end
    local names, record = self.fieldnames, {}
    for i, name in ipairs(names) do
        if row[i] == nil then record[name] = self.restval else record[name] = row[i] end
    end
    if #row > #names and self.restkey ~= nil then record[self.restkey] = table.move(row, #names + 1, #row, 1, {}) end
    return record
end

local DictWriter = class("csv.DictWriter")
csv.DictWriter = DictWriter

DictWriter.init = declare(
    "csv.DictWriter(f: any, fieldnames: table, restval?: any = '', extrasaction?: string = 'raise', " .. options .. ")",
    "Writes tables as rows, in the order of fieldnames. Other names raise ValueError unless extrasaction is 'ignore'.",
    function(self, target, fieldnames, restval, extrasaction, ...)
        if extrasaction ~= "raise" and extrasaction ~= "ignore" then
            error(ValueError(("extrasaction (%s) must be 'raise' or 'ignore'"):format(extrasaction)))
        end
        self.writer = new_writer("csv.DictWriter", target, ...)
        self.fieldnames, self.restval, self.extrasaction = fieldnames, restval, extrasaction
        self.known = {}
        for _, name in ipairs(fieldnames) do self.known[name] = true end
    end, DictWriter)

local function write_record(self, record)
    if self.extrasaction == "raise" then
        for name in next, record do
            if not self.known[name] then
                error(ValueError("dict contains fields not in fieldnames: '" .. tostring(name) .. "'"))
            end
        end
    end
    local row = {n = #self.fieldnames}
    for i, name in ipairs(self.fieldnames) do
        row[i] = record[name]
        if row[i] == nil then row[i] = self.restval end
    end
    return write_row(self.writer, row)
end

DictWriter.writeheader = declare(
    "csv.DictWriter:writeheader() -> any", "Writes the names as the first row.",
    function(self) return write_row(self.writer, self.fieldnames) end, DictWriter)
DictWriter.writerow = declare(
    "csv.DictWriter:writerow(rowdict: table) -> any", "Writes a table as a row.", write_record, DictWriter)
DictWriter.writerows = declare(
    "csv.DictWriter:writerows(rowdicts: table|function)", "Writes each table as a row.",
    function(self, rows) each_row(rows, function(record) write_record(self, record) end) end, DictWriter)

return csv
