-- Cameras that speak VISCA, from the command lists in the technical manuals of Sony's EVI, SRG and FCB cameras.
--
-- Connections: SerialClass and SerialOverEthernetClass, RS-232 or RS-422 at 9600 baud; of the cameras in a chain that
-- with the number Address (1). EthernetClass, the same bytes over TCP, port 5678. UDPClass, VISCA over IP, port 52381.
--
--   Power               On Off; Fault is only told
--   Zoom                0 (wide) … 16384 (tele)              ZoomDrive    Tele Wide Stop; Speed 0 … 7
--   Focus               4096 (far) … 61440 (near)            FocusDrive   Far Near Stop; Speed 0 … 7
--   FocusMode           Auto Manual                          FocusOnePush
--   PanTilt             'pan,tilt', in the camera's steps, at the speeds of the fields PanSpeed and TiltSpeed
--   PanTiltDrive        Up Down Left Right UpLeft UpRight DownLeft DownRight Stop; PanSpeed 1 … 24 and TiltSpeed 1 … 20
--   Home PanTiltReset
--   Preset              0 … 127: goes there                  PresetSave PresetReset; Preset 0 … 127
--   WhiteBalance        Auto Indoor Outdoor OnePush Tracing Manual                        WhiteBalanceOnePush
--   Exposure            Auto Manual ShutterPriority IrisPriority Bright
--   Iris 0 … 17, Gain 0 … 15, Backlight Freeze Flip Mirror Tally: On Off
--   Version             is only told: 'Vendor 0020, model 0402, ROM 0100'
--   Cancel              ends what the camera has not completed
--
-- A camera acknowledges a command (4y, y is the socket that the command has now), and tells later that it is done (5y).
-- It has two sockets, so a third command waits until one is free. When something is done, its new status is asked for.

local SOCKETS <const>, LONGEST <const> = 2, 60
local RESET <const> = string.pack('>I2I2I4', 0x0200, 1, 0) .. '\x01'

local Errors = {
    ['01'] = 'the message is too long', ['02'] = 'syntax error', ['03'] = 'the command buffer is full',
    ['04'] = 'the command was cancelled', ['05'] = 'there is no such socket', ['41'] = 'not executable now',
}

-- What may have changed when a command is done, by its category and code.
local Position = {'Preset', 'PanTilt', 'Zoom', 'Focus'}
local Changes = {
    ['04 00'] = {'Power'}, ['04 07'] = {'Zoom'}, ['04 47'] = {'Zoom'}, ['04 08'] = {'Focus'}, ['04 18'] = {'Focus'},
    ['04 48'] = {'Focus'}, ['04 3F'] = Position, ['06 01'] = {'PanTilt'}, ['06 02'] = {'PanTilt'},
    ['06 04'] = {'PanTilt'}, ['06 05'] = {'PanTilt'},
}

-- Numbers, four bits a byte: 1234 is 00 04 0D 02. ---------------------------------------------------------------------

local function Spread(number)
    return (('%04X'):format(number & 0xFFFF):gsub('.', ' 0%0'):sub(2))
end

local function Gather(digits)
    return tonumber((digits:gsub('0(.) ?', '%1')), 16)
end

local function Signed(digits)
    local number = Gather(digits)
    return number < 0x8000 and number or number - 0x10000
end

-- What is sent. The declaration writes bytes as the manuals do; the address and the FF at the end come here. ----------

local function Packet(self, body)
    return string.char(0x80 | self.Address) .. hex.decode(body) .. '\xFF'
end

local function Wrap(self, body)
    self.Request = body
    return Packet(self, body)
end

--- VISCA over IP: what is sent once more has the number that it had, so that the camera does it once.
local function Datagram(self, body, number)
    local packet = Packet(self, body)
    return string.pack('>I2I2I4', body:sub(1, 2) == '09' and 0x0110 or 0x0100, #packet, number) .. packet
end

local function Count(self)
    self.LastNumber = self.LastNumber + 1 & 0xFFFFFFFF
    return self.LastNumber
end

local function WrapDatagram(self, body, attempt)
    if self.MustCount then attempt = 1 end
    if attempt == 1 then self.Number, self.MustCount = Count(self), false end
    self.Request, self.Attempt, self.IsOpen = body, attempt, true
    return Datagram(self, body, self.Number)
end

-- What the camera says, without address and end, as text: '50 02'. ----------------------------------------------------

--- The command in a socket is over.
local function Release(self, socket)
    local sent = self.Sockets[socket] and self.Sockets[socket].Request
    self.Sockets[socket] = nil
    for _, name in ipairs(sent and Changes[sent:sub(4, 8)] or {}) do self:Update(name) end
end

local function Hear(self, packet)
    if #packet < 2 then return nil, 'no message' end
    local sender, text = packet:byte(), hex.encode(packet:sub(2), ' ')
    if sender == 0x88 then return 'all ' .. text end
    if text == '38' then return text end
    if sender & 0x8F ~= 0x80 then return nil, 'no message' end
    if sender ~= 0x80 | self.Address << 4 then return nil end
    return text
end

local function Unwrap(self, packet)
    local text, problem = Hear(self, packet)
    local socket = text and text:match('^4([12])$')
    if socket and self.Request:sub(1, 2) == '01' then
        self.Sockets[socket] = {Request = self.Request, Since = GetSystemUpTime()}
        self.Request = ''
    end
    return text, problem
end

--- What the camera says about the datagrams themselves.
local function Controlled(self, payload, isCurrent)
    if payload == '\x01' then return 'reset' end
    if payload ~= '\x0F\x01' and payload ~= '\x0F\x02' then return nil, 'no control reply' end
    if not (isCurrent and self.IsOpen) then return nil end
    if payload == '\x0F\x02' then
        self.IsOpen = false
        return '0F 02'
    end
    if self.Attempt > 1 and self.Request:sub(1, 2) == '01' then
        -- It had taken the first one, so only its acknowledgement was lost.
        self.IsOpen = false
        return '40'
    end
    -- The next attempt gets a new number.
    self.MustCount = true
    if self.Attempt == 1 then
        self.LastNumber = 0
        self:Send(RESET)
    end
    return nil
end

local function UnwrapDatagram(self, datagram)
    local kind, length, number = 0, 0, 0
    if #datagram > 8 then kind, length, number = string.unpack('>I2I2I4', datagram) end
    local payload, isCurrent = datagram:sub(9), number == self.Number
    if #payload ~= length or kind ~= 0x0111 and kind ~= 0x0201 then
        return nil, 'no VISCA over IP'
    end
    if kind == 0x0201 then return Controlled(self, payload, isCurrent) end
    if payload:byte(-1) ~= 0xFF then return nil, 'no message' end
    local text, problem = Hear(self, payload:sub(1, -2))
    if not text then return nil, problem end
    local isOpen = isCurrent and self.IsOpen
    if isOpen then self.IsOpen = false end
    local word, socket = text:match('^([456])([12])')
    if word == '4' and isOpen then
        self.Sockets[socket] = {Request = self.Request, Since = GetSystemUpTime()}
    elseif word == '5' and isOpen then
        -- It is done, and the acknowledgement lost or late.
        self.Sockets[socket] = {Request = self.Request}
        Release(self, socket)
        return '40'
    elseif not isOpen and not (socket and self.Sockets[socket] and word ~= '4') and text ~= '38' then
        return nil -- an earlier request's
    end
    return text
end

-- The beginning of a connection. --------------------------------------------------------------------------------------

--- Sends, and waits a while until the camera has answered.
local function Ask(self, bytes)
    self.IsAnswered = false
    self:Send(bytes)
    local deadline = GetSystemUpTime() + 0.5
    while not self.IsAnswered and GetSystemUpTime() < deadline do time.sleep(0.02) end
    return self.IsAnswered
end

local function Answered(self) self.IsAnswered = true end

--- Numbers the cameras of the chain, and has them forget what they were told.
local function GreetChain(self)
    self.Sockets = {}
    if Ask(self, '\x88\x30\x01\xFF') and self.Cameras < self.Address then
        return ('Address is %d, but the cameras are %d'):format(self.Address, self.Cameras)
    end
    Ask(self, '\x88\x01\x00\x01\xFF')
end

local function Greet(self)
    self.Sockets = {}
    Ask(self, Packet(self, '01 00 01'))
end

local function GreetDatagrams(self)
    self.Sockets, self.LastNumber, self.IsOpen = {}, 0, false
    Ask(self, RESET)
end

-- Commands: what sets begins with 01, what asks with 09. --------------------------------------------------------------

local function Choice(code, values, settable)
    return {
        values = values, settable = settable, set = '01 ' .. code .. ' {value}', query = '09 ' .. code,
        reply = '^50 (..)$', confirm = not Changes[code] or nil,
    }
end

local function Switch(code) return Choice(code, {On = '02', Off = '03'}) end

local function Level(code, min, max)
    return {
        range = {min = min, max = max, encode = Spread, decode = Gather}, set = '01 ' .. code .. ' {value}',
        query = '09 ' .. code, reply = '^50 (0. 0. 0. 0.)$', confirm = not Changes[code] or nil,
    }
end

local function Trigger(body, qualifiers) return {trigger = true, set = body, qualifiers = qualifiers} end

local function Drive(code, values)
    return {
        values = values, qualifiers = {{name = 'Speed', min = 0, max = 7, default = 3}},
        set = function(self, direction, qualifier)
            return ('01 %s %s%d'):format(code, direction, direction == '0' and 0 or qualifier.Speed)
        end,
    }
end

local PresetNumber = {{name = 'Preset', min = 0, max = 127}}

return DeviceModule {
    name = 'VISCA camera',
    connections = {
        Serial = {Baud = 9600, handshake = GreetChain},
        Ethernet = {port = 5678, handshake = Greet},
        UDP = {
            port = 52381, framing = {datagram = true}, wrap = WrapDatagram, unwrap = UnwrapDatagram, retries = 2,
            handshake = GreetDatagrams,
        },
    },
    framing = {delimiter = '\xFF', limit = 64},
    wrap = Wrap,
    unwrap = Unwrap,
    timeout = 0.5,
    ack = '^4',
    init = function(self)
        self.Address, self.PanSpeed, self.TiltSpeed = 1, 24, 20
        self.Sockets, self.Cameras, self.Request = {}, 0, ''
    end,
    busy = function(self)
        local open = 0
        for socket, command in pairs(self.Sockets) do
            -- What takes so long was done when the camera said so, but nobody heard.
            if GetSystemUpTime() - command.Since > LONGEST then self.Sockets[socket] = nil else open = open + 1 end
        end
        return open >= SOCKETS
    end,
    errors = {
        {'^6(.) (..)$', function(self, socket, code)
            -- The end of a command that was acknowledged before is below.
            return not self.Sockets[socket] and code ~= '05' and (Errors[code] or 'error ' .. code)
        end},
        {'^0F 02$', 'the camera does not know this kind of message'},
    },
    messages = {
        {'^38$', function(self) self:OnRestarted() end},
        {'^all 30 0(.)$', function(self, next)
            self.Cameras = tonumber(next, 16) - 1
            Answered(self)
        end},
        {'^(?:all 01 00 01|reset|50)$', Answered},
        {'^5(.)$', Release},
        {'^6(.) (..)$', function(self, socket, code)
            Release(self, socket)
            local text = ('%s: socket %s: %s'):format(self, socket, Errors[code] or 'error ' .. code)
            ProgramLog(text, code == '04' and 'info' or 'warning')
        end},
        -- The answer to a request that is over. What it means, nobody knows any more.
        {'^[45]', function() end},
    },
    commands = {
        Power = Choice('04 00', {On = '02', Off = '03', Fault = '04'}, {'On', 'Off'}),
        Zoom = Level('04 47', 0, 0x4000),
        ZoomDrive = Drive('04 07', {Tele = '2', Wide = '3', Stop = '0'}),
        Focus = Level('04 48', 0x1000, 0xF000),
        FocusDrive = Drive('04 08', {Far = '2', Near = '3', Stop = '0'}),
        FocusMode = Choice('04 38', {Auto = '02', Manual = '03'}),
        FocusOnePush = Trigger('01 04 18 01'),
        PanTilt = {
            text = true,
            set = function(self, text)
                local pan, tilt = text:match('^(-?%d+),(-?%d+)$')
                if not pan or #pan > 6 or #tilt > 6 then
                    error(ValueError(("PanTilt: the value must be 'pan,tilt', got '%s'"):format(text)))
                end
                return ('01 06 02 %02X %02X %s %s'):format(
                    self.PanSpeed, self.TiltSpeed, Spread(tonumber(pan)), Spread(tonumber(tilt)))
            end,
            query = '09 06 12',
            reply = {'^50 (0. 0. 0. 0.) (0. 0. 0. 0.)$', function(self, pan, tilt)
                return ('%d,%d'):format(Signed(pan), Signed(tilt))
            end},
        },
        PanTiltDrive = {
            values = {
                Up = '03 01', Down = '03 02', Left = '01 03', Right = '02 03', UpLeft = '01 01', UpRight = '02 01',
                DownLeft = '01 02', DownRight = '02 02', Stop = '03 03',
            },
            qualifiers = {
                {name = 'PanSpeed', min = 1, max = 24, default = 12},
                {name = 'TiltSpeed', min = 1, max = 20, default = 10},
            },
            set = '01 06 01 {PanSpeed:%02X} {TiltSpeed:%02X} {value}',
        },
        Home = Trigger('01 06 04'),
        PanTiltReset = Trigger('01 06 05'),
        Preset = {
            range = {min = 0, max = 127, encode = '%02X', decode = function(code) return tonumber(code, 16) end},
            set = '01 04 3F 02 {value}', query = '09 04 3F', reply = '^50 (..)$',
        },
        PresetSave = Trigger('01 04 3F 01 {Preset:%02X}', PresetNumber),
        PresetReset = Trigger('01 04 3F 00 {Preset:%02X}', PresetNumber),
        WhiteBalance = Choice('04 35', {
            Auto = '00', Indoor = '01', Outdoor = '02', OnePush = '03', Tracing = '04', Manual = '05',
        }),
        WhiteBalanceOnePush = Trigger('01 04 10 05'),
        Exposure = Choice('04 39', {
            Auto = '00', Manual = '03', ShutterPriority = '0A', IrisPriority = '0B', Bright = '0D',
        }),
        Iris = Level('04 4B', 0, 17),
        Gain = Level('04 4C', 0, 15),
        Backlight = Switch('04 33'),
        Freeze = Switch('04 62'),
        Flip = Switch('04 66'),
        Mirror = Switch('04 61'),
        Tally = Switch('7E 01 0A 00'),
        Version = {query = '09 00 02', reply = {'^50 (..) (..) (..) (..) (..) (..) ..$', function(self, ...)
            return ('Vendor %s%s, model %s%s, ROM %s%s'):format(...)
        end}},
        Cancel = Trigger(function(self)
            for socket in pairs(self.Sockets) do
                local body = '2' .. socket
                self:Send(self.LastNumber and Datagram(self, body, Count(self)) or Packet(self, body))
            end
            return nil
        end),
    },
}
