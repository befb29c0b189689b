-- Samsung displays that speak MDC (Multiple Display Control): most of the maker's professional displays since 2007.
--
-- Connections: RS-232 with 9600 baud, 8N1; the same through a device server; Ethernet, TCP port 1515. A display takes one
-- command at a time, so the next one waits for the answer, at most a second.
--
-- Every command has the qualifier ID, 0 when left out: several displays at one line are told apart by it. 254 means all of
-- them; they obey but do not answer, so it is for Set only, and Update shows what has become of it.
--
--   command             set and asked for
--   Power               On, Off. A display that warms up, some 15 seconds, refuses commands or does not answer
--   Volume              0 to 100
--   Mute                On, Off: the sound
--   Input               PC, DVI, Component, AV, HDMI 1 to HDMI 4, DisplayPort 1, DisplayPort 2, TV, HDBaseT, MagicInfo, and
--                       others that are listed below
--   AspectRatio         PC 16:9, PC Original, 16:9, 4:3, Zoom … what the input allows
--   ScreenMode          16:9, 4:3, Zoom, Wide Zoom
--   Contrast, Brightness                  0 to 100
--   Panel               On, Off: the picture, while the display stays on
--   AutoPower           On, Off: whether it comes on with the mains
--   RemoteControl       On, Off: whether it heeds the infrared remote
--   PanelLock, SafetyLock                 On, Off: its buttons; buttons and remote
--   VideoWall           On, Off;  VideoWallMode: Natural, Full
--   EnergySaving        Off, Low, Medium, High, Picture Off
--   MaximumTemperature  75 to 124 degrees Celsius
--
--   set only: VolumeStep: Up, Down;  Key: a key of the remote;  Reboot
--   asked for only: Temperature (degrees Celsius); Lamp, Cooling, Fan, Signal: OK, Fault or None; SerialNumber,
--   SoftwareVersion, ModelName; and Status, which has no value of its own but reads Power, Volume, Mute, Input and
--   AspectRatio at once: the query for a connection handler
--
-- A frame is AA, command, ID, count of data bytes, data, and the sum of all but AA; an answer AA, FF, ID, count, A or N, the
-- command that it answers, its data, and the sum. What is changed by the remote, the display tells unasked by such an answer.

local Everybody <const> = 254

local ID = {name = 'ID', min = 0, max = Everybody, default = 0, encode = '%c', decode = string.byte}

local Switch = {On = '\x01', Off = '\x00'}
local Inputs = {
    ['S-Video'] = '\x04', Component = '\x08', AV = '\x0C', ['AV 2'] = '\x0D', SCART = '\x0E', PC = '\x14', DVI = '\x18',
    BNC = '\x1E', ['DVI Video'] = '\x1F', MagicInfo = '\x20', ['HDMI 1'] = '\x21', ['HDMI 1 PC'] = '\x22',
    ['HDMI 2'] = '\x23', ['HDMI 2 PC'] = '\x24', ['DisplayPort 1'] = '\x25', ['DisplayPort 2'] = '\x26',
    ['DisplayPort 3'] = '\x27', ['TV RF'] = '\x30', ['HDMI 3'] = '\x31', ['HDMI 3 PC'] = '\x32', ['HDMI 4'] = '\x33',
    ['HDMI 4 PC'] = '\x34', TV = '\x40', ['Plug-in'] = '\x50', HDBaseT = '\x55', ['MagicInfo S'] = '\x60',
    Mirroring = '\x61', ['Internal USB'] = '\x62', ['URL Launcher'] = '\x63',
}
local AspectRatios = {
    ['PC 16:9'] = '\x10', ['PC 4:3'] = '\x18', ['PC Original'] = '\x20', ['PC 21:9'] = '\x21', ['Auto Wide'] = '\x00',
    ['16:9'] = '\x01', Zoom = '\x04', ['Zoom 1'] = '\x05', ['Zoom 2'] = '\x06', ['Screen Fit'] = '\x09', ['4:3'] = '\x0B',
    ['Wide Fit'] = '\x0C', Custom = '\x0D', ['Smart View 1'] = '\x0E', ['Smart View 2'] = '\x0F', ['Wide Zoom'] = '\x31',
    ['21:9'] = '\x32',
}

--- What a code byte means, for the answers that tell several things; numbers from `min` to `max`, or names.
local function number(min, max)
    return function(code)
        local value = code:byte()
        return value >= min and value <= max and value or nil
    end
end

local function name_of(names)
    local meanings = {}
    for name, code in pairs(names) do meanings[code] = name end
    return function(code) return meanings[code] end
end

-- Commands. A message without its frame is command, ID, count and data; an answer ID, A or N, command and data. ------------

local function ask(code)
    return function(self, _, qualifier)
        if qualifier.ID ~= Everybody then return string.char(code, qualifier.ID, 0) end
        self:Error('ID 254 is for Set only: nobody answers to it')
        return nil
    end
end

--- Sends a byte of data: `data`, or what stands for the value.
local function tell(code, data)
    return function(_, value, qualifier)
        return string.char(code, qualifier.ID, 1) .. (data or value), qualifier.ID ~= Everybody
    end
end

local function answer(code, data)
    return ('(?s)^(.)A\\x%02X%s\\Z'):format(code, data)
end

--- A command that is asked for without data, set with one byte of it, and answered both times with that byte.
local function control(code, command)
    command.qualifiers, command.ack = {ID}, true
    command.set, command.query, command.reply = tell(code), ask(code), answer(code, '(.)')
    return command
end

local function choice(code, values) return control(code, {values = values}) end

local function level(code, min, max)
    return control(code, {range = {min = min, max = max, encode = '%c', decode = number(min, max)}})
end

--- A command that is set only. What it is acknowledged with says nothing.
local function order(code, command)
    command.qualifiers, command.ack = {ID}, answer(code, '.*')
    command.set = command.set or tell(code)
    return command
end

--- Where a step leads to, its acknowledgement does not say: the volume is asked for.
local function step()
    local command = order(0x62, {values = {Up = '\x00', Down = '\x01'}})
    command.reply, command.updates = {command.ack, function() end}, 'Volume'
    command.ack, command.confirm = true, true
    return command
end

--- A text that is asked for.
local function text(code)
    return {
        qualifiers = {ID}, query = ask(code),
        reply = {answer(code, '(.*)'), function(_, id, words) return words:strip('\0 '), {ID = id:byte()} end},
    }
end

--- One that is answered with a list of statuses: {name, what its byte means}, or false for a byte that does not matter.
local function report(code, statuses)
    local function take(self, id, ...)
        for i, status in ipairs(statuses) do
            if status then
                local data = select(i, ...)
                local value = status[2](data)
                if value ~= nil then
                    self:WriteStatus(status[1], value, {ID = id:byte()})
                else
                    self:Error(('unexpected reply: 0x%02X is no value of %s'):format(data:byte(), status[1]))
                end
            end
        end
    end
    return {qualifiers = {ID}, query = ask(code), reply = {answer(code, ('(.)'):rep(#statuses) .. '.*'), take}}
end

local function status()
    return report(0x00, {
        {'Power', name_of(Switch)}, {'Volume', number(0, 100)}, {'Mute', name_of(Switch)}, {'Input', name_of(Inputs)},
        {'AspectRatio', name_of(AspectRatios)},
    })
end

local function health()
    local state = name_of {OK = '\x00', Fault = '\x01', None = '\x02'}
    return report(0x0D, {
        {'Lamp', state}, {'Cooling', state}, false, {'Signal', state}, {'Temperature', string.byte}, {'Fan', state},
    })
end

return DeviceModule {
    name = 'Samsung MDC display',
    connections = {
        Ethernet = {port = 1515},
        Serial = {Baud = 9600, Data = 8, Parity = 'None', Stop = 1, FlowControl = 'Off'},
    },
    timeout = 1,
    gap = 0.1,

    -- No answer is longer than some 40 bytes. The limit keeps noise that looks like the beginning of a long one from
    -- taking the answers behind it along.
    framing = {limit = 64, length = function(bytes)
        local header, kind, _, count = bytes:byte(1, 4)
        if header ~= 0xAA or kind and kind ~= 0xFF then return false end
        return count and count + 5
    end},
    wrap = function(_, body)
        return '\xAA' .. body .. string.char(checksum.sum(body))
    end,
    unwrap = function(_, message)
        local expected = checksum.sum(message:sub(2, -2))
        if expected ~= message:byte(-1) then return nil, 'wrong checksum', expected, message:byte(-1) end
        return message:sub(3, 3) .. message:sub(5, -2)
    end,

    errors = {
        {'(?s)^(.)N(.)(.?)', function(_, id, code, reason)
            local because = reason == '' and '' or (', error 0x%02X'):format(reason:byte())
            return ('display %d refuses command 0x%02X%s'):format(id:byte(), code:byte(), because)
        end},
    },

    commands = {
        Status = status(),

        Power = choice(0x11, Switch),
        Reboot = order(0x11, {trigger = true, set = tell(0x11, '\x02')}),
        Volume = level(0x12, 0, 100),
        VolumeStep = step(),
        Mute = choice(0x13, Switch),
        Input = choice(0x14, Inputs),
        AspectRatio = choice(0x15, AspectRatios),
        ScreenMode = choice(0x18, {['16:9'] = '\x01', Zoom = '\x04', ['4:3'] = '\x0B', ['Wide Zoom'] = '\x31'}),
        Contrast = level(0x24, 0, 100),
        Brightness = level(0x25, 0, 100),
        Panel = choice(0xF9, {On = '\x00', Off = '\x01'}),
        EnergySaving = choice(0x92, {
            Off = '\x00', Low = '\x01', Medium = '\x02', High = '\x03', ['Picture Off'] = '\x04',
        }),

        AutoPower = choice(0x33, Switch),
        RemoteControl = choice(0x36, Switch),
        PanelLock = choice(0x5F, Switch),
        SafetyLock = choice(0x5D, Switch),
        Key = order(0xB0, {values = {
            Source = '\x01', Menu = '\x1A', Info = '\x1F', Exit = '\x2D', Tools = '\x4B', Return = '\x58', Up = '\x60',
            Down = '\x61', Right = '\x62', Left = '\x65', Enter = '\x68', Home = '\x79',
        }}),

        VideoWall = choice(0x84, Switch),
        VideoWallMode = choice(0x5C, {Natural = '\x00', Full = '\x01'}),

        MaximumTemperature = level(0x85, 75, 124),
        Temperature = health(),
        Lamp = health(),
        Cooling = health(),
        Fan = health(),
        Signal = health(),
        SerialNumber = text(0x0B),
        SoftwareVersion = text(0x0E),
        ModelName = text(0x8A),
    },
}
