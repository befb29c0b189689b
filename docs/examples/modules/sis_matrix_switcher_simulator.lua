-- The device of sis_matrix_switcher.lua: an 8x8 (or 4x4) matrix switcher at TCP port 2023 and at COM1.
--
--     lectern run docs/examples/modules/sis_matrix_switcher_simulator.lua
--
-- Ties, mutes, names, presets and locks last as long as the program. Each command takes CommandTime; while BusyCount is
-- above 0, the next ones are refused with E22. With Password, or with UserPassword beside it, who comes over TCP has to
-- log in. IsEchoing repeats what comes in, as a terminal does. Press(…) is a finger at the front panel, Plug(…) a source
-- that comes or goes, Restart() a switch of the power.

local simulator = require 'simulator'
local ports = require 'ports'

Device = {
    Inputs = 8, Outputs = 8, Presets = 32,
    CommandTime = 0.005, BusyCount = 0, IsEchoing = false, IsSilent = false,
    Password = nil, UserPassword = nil,
    Firmware = '1.02', PartNumber = '60-0088-01',
}

local LongestCommand = 64

--- Puts everything as it comes out of the box.
function Device:Reset()
    self.Video, self.Audio, self.VideoMutes, self.AudioMutes = {}, {}, {}, {}
    self.InputNames, self.OutputNames, self.Signals, self.Saved = {}, {}, {}, {}
    self.Lock, self.Waiting, self.IsWorking = 0, {}, false
    for output = 1, 16 do
        self.Video[output], self.Audio[output] = 0, 0
        self.VideoMutes[output], self.AudioMutes[output] = 0, 0
        self.InputNames[output], self.OutputNames[output] = 'Input ' .. output, 'Output ' .. output
        self.Signals[output] = output <= 2 and 1 or 0
    end
end

-- Commands. -----------------------------------------------------------------------------------------------------------

-- A command gets the device, the link and its numbers, and returns the answer, its tag for those who want tags, and
-- whether others are told of it. An error is a string that begins with E.

local Kinds = {['!'] = 'All', ['&'] = 'RGB', ['%'] = 'Vid', ['$'] = 'Aud'}

local function SetTie(device, input, output, kind)
    if kind ~= 'Aud' then device.Video[output] = input end
    if kind == 'All' or kind == 'Aud' then device.Audio[output] = input end
end

local function Tie(kind)
    return function(device, _, first, second, stars)
        if not first then return 'E10' end
        if stars == 0 then -- 2%
            if first < 1 or first > device.Outputs then return 'E12' end
            local input = kind == 'Aud' and device.Audio[first] or device.Video[first]
            return ('%d'):format(input), ('Out%d In%d %s'):format(first, input, kind)
        end
        if first > device.Inputs then return 'E01' end
        if not second then -- 1*%
            for output = 1, device.Outputs do SetTie(device, first, output, kind) end
            return ('In%d %s'):format(first, kind), nil, true
        end
        if second < 1 or second > device.Outputs then return 'E12' end
        SetTie(device, first, second, kind)
        return ('Out%d In%d %s'):format(second, first, kind), nil, true
    end
end

local function Mute(field, tag, most)
    return function(device, _, first, second, stars)
        local mutes = device[field]
        if not first then return 'E10' end
        if stars > 0 and not second then -- 1*B
            if first > most then return 'E13' end
            for output = 1, device.Outputs do mutes[output] = first end
            return tag .. first, nil, true
        end
        if first < 1 or first > device.Outputs then return 'E12' end
        if not second then return tostring(mutes[first]), ('%s%d*%d'):format(tag, first, mutes[first]) end
        if second > most then return 'E13' end
        mutes[first] = second
        return ('%s%d*%d'):format(tag, first, second), nil, true
    end
end

local function SignalText(device) return table.concat(device.Signals, '*', 1, device.Inputs) end

local function Preset(tag, act)
    return function(device, link, number)
        if not number or number < 1 or number > device.Presets then return 'E11' end
        return act(device, link, number) or tag .. number, nil, true
    end
end

local function Recall(device, _, number)
    local saved = device.Saved[number]
    if not saved then return 'E11' end
    device.Video, device.Audio = {table.unpack(saved.Video)}, {table.unpack(saved.Audio)}
end

local function Save(device, link, number)
    if link.Access == 'User' then return 'E24' end
    device.Saved[number] = {Video = {table.unpack(device.Video)}, Audio = {table.unpack(device.Audio)}}
end

local Commands = {
    ['!'] = Tie('All'), ['&'] = Tie('RGB'), ['%'] = Tie('Vid'), ['$'] = Tie('Aud'),
    B = Mute('VideoMutes', 'Vmt', 2), Z = Mute('AudioMutes', 'Amt', 1),
    ['.'] = Preset('Rpr', Recall), [','] = Preset('Spr', Save),
    LS = function(device, _, input)
        if input ~= 0 then return 'E13' end
        return SignalText(device), 'In00 ' .. SignalText(device)
    end,
    X = function(device, link, lock)
        if not lock then return tostring(device.Lock), 'Exe' .. device.Lock end
        if link.Access == 'User' then return 'E24' end
        if lock > 2 then return 'E13' end
        device.Lock = lock
        return 'Exe' .. lock, nil, true
    end,
    Q = function(device) return device.Firmware, 'Ver01*' .. device.Firmware end,
    N = function(device) return device.PartNumber, 'Pno' .. device.PartNumber end,
    I = function(device)
        local size = ('V%dX%d A%dX%d'):format(device.Inputs, device.Outputs, device.Inputs, device.Outputs)
        return size, 'Inf00*' .. size
    end,
}

local function Name(device, link, text, field, count, tag, missing)
    local number, name = text:match('^(%d+),(.*)$')
    number = tonumber(number or text:match('^%d+$'))
    if not number then return 'E10' end
    if number < 1 or number > count then return missing end
    if not name then return device[field][number], ('%s%d,%s'):format(tag, number, device[field][number]) end
    if link.Access == 'User' then return 'E24' end
    if #name > 16 then return 'E13' end
    device[field][number] = name
    return ('%s%d,%s'):format(tag, number, name), nil, true
end

-- Those between an escape and a carriage return, by the letters at their end.
local Escapes = {
    NI = function(device, link, text) return Name(device, link, text, 'InputNames', device.Inputs, 'Nmi', 'E01') end,
    NO = function(device, link, text) return Name(device, link, text, 'OutputNames', device.Outputs, 'Nmo', 'E12') end,
    CV = function(_, link, text)
        if text == '' then return tostring(link.Verbose), 'Vrb' .. link.Verbose end
        if not text:find('^[0-3]$') then return 'E13' end
        link.Verbose = tonumber(text)
        return 'Vrb' .. text
    end,
    VC = function(device, _, text)
        local kind = text:match('^0%*1%*([12])$')
        if not kind then return 'E13' end
        local inputs = {table.unpack(kind == '1' and device.Video or device.Audio, 1, device.Outputs)}
        for output = device.Outputs + 1, 16 do inputs[output] = '-' end
        return table.concat(inputs, ' ') .. (kind == '1' and ' Vid' or ' Aud')
    end,
}

local function Perform(device, link, command)
    if device.BusyCount > 0 then
        device.BusyCount = device.BusyCount - 1
        return 'E22'
    end
    if command.Escape then
        local text, letters = command.Escape:match('^(.*)(%u%u)$')
        local escape = Escapes[letters]
        if not escape then return nil end
        return escape(device, link, text)
    end
    local first, stars, second = command.Numbers:match('^(%d*)(%**)(%d*)$')
    local perform = Commands[command.Word]
    if not (first and perform) or #stars > 1 then return nil end
    return perform(device, link, tonumber(first), tonumber(second), #stars)
end

--- Tells those who want to know: verbose modes 1 and 3.
local function TellOthers(device, text, link)
    simulator.Tell(device, text .. '\r\n', function(one)
        return one ~= link and one.IsOpen and one.Verbose % 2 == 1
    end)
end

-- One command after the other, each in its time.
local function Work(device)
    local job = table.remove(device.Waiting, 1)
    device.IsWorking = job ~= nil
    if not job then return end
    Wait(device.CommandTime, function()
        local answer, tagged, isNews = Perform(device, job.Link, job)
        answer = answer or 'E10'
        job.Link:Send((job.Link.Verbose >= 2 and tagged or answer) .. '\r\n')
        if isNews and not answer:find('^E%d') then TellOthers(device, answer, job.Link) end
        Work(device)
    end)
end

-- Bytes. --------------------------------------------------------------------------------------------------------------

-- The first command of the text and what is behind it; nil while it is not whole. Only an escape has an end of its own.
local function Parse(text)
    local escape, rest = text:match('^[\x1bW]([^\r|]*)[\r|](.*)$')
    if escape then return {Escape = escape}, rest end
    if text:find('^[\x1bW]') then return nil, text end
    local numbers, word, behind = text:match('^([%d*]*)(LS)(.*)$')
    if not word then
        numbers, word, behind = text:match('^([%d*]*)([^%d*])(.*)$')
        if word == 'L' and behind == '' then return nil, text end
    end
    if not word then return nil, text end
    return {Numbers = numbers, Word = word:upper()}, behind
end

local function LogIn(device, link, line)
    if line ~= device.Password and line ~= device.UserPassword then return link:Send('\r\nPassword:') end
    link.IsOpen, link.Access = true, line == device.Password and 'Administrator' or 'User'
    link:Send(('\r\nLogin %s\r\n'):format(link.Access))
end

function Device:Opened(link)
    link.Buffer, link.IsOpen, link.Access = '', true, 'Administrator'
    -- Whoever is at the serial port hears everything from the start.
    link.Verbose = link.Kind == 'Serial' and 1 or 0
    if link.Kind == 'Serial' or self.IsSilent then return end
    link:Send(self:Banner() .. os.date('%a, %d %b %Y %X') .. '\r\n')
    if self.Password then
        link.IsOpen = false
        link:Send('\r\nPassword:')
    end
end

function Device:Banner()
    return ('\r\n(c) Copyright 2026, Matrix %dx%d, V%s, %s\r\n'):format(
        self.Inputs, self.Outputs, self.Firmware, self.PartNumber)
end

function Device:Receive(link, data)
    if self.IsEchoing and link.IsOpen then link:Send(data) end
    local text = link.Buffer .. data
    while not link.IsOpen do
        local line, rest = text:match('^([^\r]*)\r\n?(.*)$')
        if not line then break end
        text = rest
        LogIn(self, link, line)
    end
    while link.IsOpen do
        text = text:gsub('^[\r\n]+', '')
        local command, rest = Parse(text)
        if not command then break end
        text = rest
        command.Link = link
        table.insert(self.Waiting, command)
    end
    if #text > LongestCommand then
        text = ''
        link:Send('E10\r\n')
    end
    link.Buffer = text
    if not self.IsWorking then Work(self) end
end

-- What people do. -----------------------------------------------------------------------------------------------------

--- Presses the front panel: Press('Tie', input, output), Press('Recall', preset), Press('VideoMute', output),
--- Press('Lock', 0 to 2). A locked panel takes only 'Lock'.
function Device:Press(button, first, second)
    if self.Lock == 1 and button ~= 'Lock' then return end
    if button == 'Tie' then
        SetTie(self, first, second, 'All')
        TellOthers(self, 'Qik')
    elseif button == 'Recall' then
        if not Recall(self, nil, first) then TellOthers(self, 'Rpr' .. first) end
    elseif button == 'VideoMute' then
        self.VideoMutes[first] = 1 - math.min(self.VideoMutes[first], 1)
        TellOthers(self, ('Vmt%d*%d'):format(first, self.VideoMutes[first]))
    elseif button == 'Lock' then
        self.Lock = first
        TellOthers(self, 'Exe' .. first)
    else
        error(ValueError('there is no button ' .. tostring(button)))
    end
end

--- A source at an input comes (1) or goes (0).
function Device:Plug(input, signal)
    self.Signals[input] = signal
    TellOthers(self, 'In00 ' .. SignalText(self))
end

--- Switches the power off and on: ties and names last, modes and connections do not.
function Device:Restart()
    self.Waiting = {}
    for _, link in pairs(self.Links) do
        link:Disconnect()
        link.Buffer, link.Verbose = '', 1
        if link.Kind == 'Serial' then link:Send(self:Banner()) end
    end
end

Device:Reset()
simulator.Serve(Device, {TCP = ports.Switcher.TCP, Serial = {Port = 'COM1', Baud = 9600}})
