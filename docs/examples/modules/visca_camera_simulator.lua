-- Plays a VISCA camera: over TCP port 5678, VISCA over IP at UDP port 52381, and at the serial port COM1.
--
--     lectern run docs/examples/modules/visca_camera_simulator.lua
--
-- It is in standby at first and needs WarmUp seconds to wake. Lens and head take their time; a command is complete when
-- they have arrived. Its fields are what it has been set to, in the codes of the protocol. With Trace, it prints what
-- it hears and says; Replug() has it forget its address; MoveBy(name, steps) is a hand on the remote control.

local ports = require 'ports'
local simulator = require 'simulator'

Device = {
    Power = 'Off', WarmUp = 3, Trace = false, Address = nil, IsFaulty = false,
    FocusMode = 2, WhiteBalance = 0, Exposure = 0, Iris = 17, Gain = 0, Backlight = 3, Freeze = 3, Flip = 3, Mirror = 3,
    Tally = 3, Preset = 0, Presets = {}, Sockets = {},
}

-- What moves: a way from here to there, at so many steps a second since then. -----------------------------------------

local Axes = {
    Zoom = {Min = 0, Max = 0x4000, Start = 0}, Focus = {Min = 0x1000, Max = 0xF000, Start = 0x1000},
    Pan = {Min = -2267, Max = 2267, Start = 0}, Tilt = {Min = -400, Max = 1200, Start = 0},
}
for _, axis in pairs(Axes) do axis.From, axis.Target, axis.Rate, axis.Since = axis.Start, axis.Start, 1, 0 end

--- Where Zoom, Focus, Pan or Tilt is now.
function Device:Where(name)
    local axis = Axes[name]
    local way = axis.Target - axis.From
    local gone = axis.Rate * (GetSystemUpTime() - axis.Since)
    if gone >= math.abs(way) then return axis.Target end
    return math.tointeger(axis.From + (way > 0 and 1 or -1) * gone // 1)
end

local function Move(name, target, rate)
    local axis = Axes[name]
    axis.From = Device:Where(name)
    axis.Target, axis.Rate, axis.Since = math.max(axis.Min, math.min(axis.Max, target)), rate, GetSystemUpTime()
    return math.abs(axis.Target - axis.From) / rate
end

function Device:MoveBy(name, steps) Move(name, self:Where(name) + steps, 1e9) end

local function Stop(...)
    for _, name in ipairs({...}) do Move(name, Device:Where(name), 1) end
    return 0
end

-- Sockets: a command has one from its acknowledgement to its completion. ----------------------------------------------

local function Complete(number, ending)
    local socket = Device.Sockets[number]
    Device.Sockets[number] = nil
    socket.Timer:Cancel()
    if ending then return socket.Reply(ending) end
    if socket.Done then socket.Done() end
    socket.Reply(string.char(0x50 | number))
end

--- What moved one of these axes until now has come to its end.
local function Supersede(axes)
    for number, socket in pairs(Device.Sockets) do
        for _, mine in ipairs(axes) do
            for _, its in ipairs(socket.Axes) do
                if mine == its and Device.Sockets[number] == socket then Complete(number) end
            end
        end
    end
end

local function Forget()
    for number, socket in pairs(Device.Sockets) do
        socket.Timer:Cancel()
        Device.Sockets[number] = nil
    end
    Stop('Zoom', 'Focus', 'Pan', 'Tilt')
end

-- Commands by category and code. --------------------------------------------------------------------------------------
-- A function of the parameters returns the seconds that the command takes, the axes that it moves and what happens at
-- its end; or nil and an error's code.

local SYNTAX <const>, EXECUTABLE <const> = 0x02, 0x41

local function Spread(value)
    local n = value & 0xFFFF
    return string.char(n >> 12, n >> 8 & 15, n >> 4 & 15, n & 15)
end

local function Gather(digits, at)
    local a, b, c, d = digits:byte(at or 1, (at or 1) + 3)
    if not d or (a | b | c | d) > 15 then return nil end
    return a << 12 | b << 8 | c << 4 | d
end

local function Signed(n) return n and (n < 0x8000 and n or n - 0x10000) end

local function Lens(name, rate, isAllowed)
    return function(digits)
        local target = #digits == 4 and Gather(digits)
        if not target or target < Axes[name].Min or target > Axes[name].Max then return nil, SYNTAX end
        if not isAllowed() then return nil, EXECUTABLE end
        return Move(name, target, rate), {name}
    end
end

--- Far and tele are 2, near and wide 3; 2p and 3p have a speed.
local function LensDrive(name, far, near, rate, isAllowed)
    return function(digits)
        if #digits ~= 1 then return nil, SYNTAX end
        local direction, speed = digits:byte() >> 4, digits:byte() & 15
        if direction == 0 then direction, speed = speed, 3 end
        if speed > 7 or direction ~= 0 and direction ~= 2 and direction ~= 3 then return nil, SYNTAX end
        if not isAllowed() then return nil, EXECUTABLE end
        if direction == 0 then return Stop(name), {name} end
        Move(name, direction == 2 and far or near, rate * (speed + 1))
        return 0, {name}
    end
end

local function Always() return true end
local function IsManual() return Device.FocusMode == 3 end

local function Head(pan, tilt, panSpeed, tiltSpeed)
    return math.max(Move('Pan', pan, panSpeed * 60), Move('Tilt', tilt, tiltSpeed * 60)), {'Pan', 'Tilt'}
end

local Commands = {
    ['04 47'] = Lens('Zoom', 0x1000, Always), ['04 07'] = LensDrive('Zoom', 0x4000, 0, 0x200, Always),
    ['04 48'] = Lens('Focus', 0x4000, IsManual), ['04 08'] = LensDrive('Focus', 0x1000, 0xF000, 0x800, IsManual),
}
local Inquiries = {
    ['00 02'] = function() return '\x00\x20\x04\x02\x01\x00\x02' end,
    ['04 00'] = function() return Device.IsFaulty and '\x04' or Device.Power == 'On' and '\x02' or '\x03' end,
    ['04 47'] = function() return Spread(Device:Where('Zoom')) end,
    ['04 48'] = function() return Spread(Device:Where('Focus')) end,
    ['04 3F'] = function() return string.char(Device.Preset) end,
    ['06 12'] = function() return Spread(Device:Where('Pan')) .. Spread(Device:Where('Tilt')) end,
}

--- A setting of one byte that may have these values.
local function Setting(key, name, values)
    Commands[key] = function(digits)
        if #digits ~= 1 or not values:find(digits, 1, true) then return nil, SYNTAX end
        Device[name] = digits:byte()
        return 0
    end
    Inquiries[key] = function() return string.char(Device[name]) end
end
Setting('04 38', 'FocusMode', '\x02\x03')
Setting('04 35', 'WhiteBalance', '\x00\x01\x02\x03\x04\x05')
Setting('04 39', 'Exposure', '\x00\x03\x0A\x0B\x0D')
for key, name in pairs({['04 33'] = 'Backlight', ['04 62'] = 'Freeze', ['04 66'] = 'Flip', ['04 61'] = 'Mirror'}) do
    Setting(key, name, '\x02\x03')
end

--- A part of the exposure, which is the camera's own business in some of its modes.
local function Part(key, name, most, modes)
    Commands[key] = function(digits)
        local value = #digits == 4 and Gather(digits)
        if not value or value > most then return nil, SYNTAX end
        if not modes[Device.Exposure] then return nil, EXECUTABLE end
        Device[name] = value
        return 0
    end
    Inquiries[key] = function() return Spread(Device[name]) end
end
Part('04 4B', 'Iris', 17, {[0x03] = true, [0x0B] = true})
Part('04 4C', 'Gain', 15, {[0x03] = true})

Commands['04 00'] = function(digits)
    if digits == '\x02' then
        if Device.Power == 'On' then return 0 end
        Device.Power = 'Starting'
        return Device.WarmUp, nil, function() Device.Power = 'On' end
    elseif digits == '\x03' then
        Supersede({'Zoom', 'Focus', 'Pan', 'Tilt'})
        Stop('Zoom', 'Focus', 'Pan', 'Tilt')
        Device.Power = 'Off'
        return 0
    end
    return nil, SYNTAX
end

Commands['04 18'] = function(digits)
    if digits ~= '\x01' then return nil, SYNTAX end
    if not IsManual() then return nil, EXECUTABLE end
    return Move('Focus', 0x6000, 0x8000), {'Focus'}
end

Commands['04 10'] = function(digits)
    if digits ~= '\x05' then return nil, SYNTAX end
    if Device.WhiteBalance ~= 3 then return nil, EXECUTABLE end
    return 1
end

Commands['04 3F'] = function(digits)
    local action, number = digits:byte(1, 2)
    if #digits ~= 2 or action > 2 or number > 127 then return nil, SYNTAX end
    if action == 0 then
        Device.Presets[number] = nil
    elseif action == 1 then
        Device.Presets[number] = {}
        for name in pairs(Axes) do Device.Presets[number][name] = Device:Where(name) end
    else
        local to = Device.Presets[number]
        if not to then return nil, EXECUTABLE end
        Device.Preset = number
        local lens = math.max(Move('Zoom', to.Zoom, 0x1000), Move('Focus', to.Focus, 0x4000))
        return math.max(lens, (Head(to.Pan, to.Tilt, 24, 20))), {'Zoom', 'Focus', 'Pan', 'Tilt'}
    end
    Device.Preset = number
    return 0
end

local function AreSpeeds(pan, tilt) return pan and tilt and pan >= 1 and pan <= 24 and tilt >= 1 and tilt <= 20 end

Commands['06 01'] = function(digits)
    local panSpeed, tiltSpeed, x, y = digits:byte(1, 4)
    if #digits ~= 4 or not AreSpeeds(panSpeed, tiltSpeed) then return nil, SYNTAX end
    if x < 1 or x > 3 or y < 1 or y > 3 then return nil, SYNTAX end
    Stop('Pan', 'Tilt')
    if x < 3 then Move('Pan', x == 1 and -2267 or 2267, panSpeed * 60) end
    if y < 3 then Move('Tilt', y == 1 and 1200 or -400, tiltSpeed * 60) end
    return 0, {'Pan', 'Tilt'}
end

Commands['06 02'] = function(digits)
    local panSpeed, tiltSpeed = digits:byte(1, 2)
    local pan, tilt = Signed(Gather(digits, 3)), Signed(Gather(digits, 7))
    if #digits ~= 10 or not (pan and tilt and AreSpeeds(panSpeed, tiltSpeed)) then return nil, SYNTAX end
    if math.abs(pan) > 2267 or tilt < -400 or tilt > 1200 then return nil, SYNTAX end
    return Head(pan, tilt, panSpeed, tiltSpeed)
end

Commands['06 04'] = function(digits)
    if digits ~= '' then return nil, SYNTAX end
    return Head(0, 0, 24, 20)
end

Commands['06 05'] = function(digits)
    if digits ~= '' then return nil, SYNTAX end
    return Head(0, 0, 8, 8)
end

Commands['7E 01'] = function(digits)
    if digits ~= '\x0A\x00\x02' and digits ~= '\x0A\x00\x03' then return nil, SYNTAX end
    Device.Tally = digits:byte(3)
    return 0
end
Inquiries['7E 01'] = function() return string.char(Device.Tally) end

-- What it hears. ------------------------------------------------------------------------------------------------------

local function Inquire(body, reply)
    local inquiry = Inquiries[hex.encode(body:sub(2, 3), ' ')]
    if not inquiry or #body > 3 and body:sub(2) ~= '\x7E\x01\x0A\x00' then return reply('\x60\x02') end
    if Device.Power ~= 'On' and body ~= '\x09\x04\x00' and body ~= '\x09\x00\x02' then return reply('\x60\x41') end
    reply('\x50' .. inquiry())
end

local function Execute(body, reply)
    if body == '\x01\x00\x01' then
        Forget()
        return reply('\x50')
    end
    local key = hex.encode(body:sub(2, 3), ' ')
    local command = body:byte() == 1 and Commands[key]
    if not command then return reply('\x60\x02') end
    local number = not Device.Sockets[1] and 1 or not Device.Sockets[2] and 2
    if not number then return reply('\x60\x03') end
    if Device.Power ~= 'On' and (key ~= '04 00' or Device.Power == 'Starting') then
        return reply(string.char(0x60 | number, EXECUTABLE))
    end
    local seconds, axes, done = command(body:sub(4))
    if not seconds then return reply(string.char(axes == SYNTAX and 0x60 or 0x60 | number, axes)) end
    if axes then Supersede(axes) end
    reply(string.char(0x40 | number))
    Device.Sockets[number] = {Reply = reply, Axes = axes or {}, Done = done}
    Device.Sockets[number].Timer = Wait(seconds, function() Complete(number) end)
    if seconds == 0 then Complete(number) end
end

--- Takes one message, without FF. `answer` sends a message to whom it came from.
function Device:Hear(link, packet, answer)
    if self.Trace then print('< ' .. hex.encode(packet, ' ') .. ' FF') end
    local function say(bytes)
        if self.Trace then print('> ' .. hex.encode(bytes, ' ') .. ' FF') end
        answer(bytes .. '\xFF')
    end
    local address = link.Kind == 'Serial' and self.Address or link.Kind ~= 'Serial' and 1
    if packet:byte() == 0x88 then
        if packet:sub(2) == '\x01\x00\x01' then
            Forget()
            say(packet)
        elseif #packet == 3 and packet:byte(2) == 0x30 then
            self.Address = packet:byte(3)
            say('\x88\x30' .. string.char(self.Address + 1))
        end
        return
    end
    if not address or packet:byte() ~= 0x80 | address then return end
    local function reply(bytes) say(string.char(0x80 | address << 4) .. bytes) end
    local body = packet:sub(2)
    if #packet > 15 then return reply('\x60\x01') end
    if #body == 1 and body:byte() >> 4 == 2 then
        local number = body:byte() & 15
        if not self.Sockets[number] then return reply(string.char(0x60 | number, 0x05)) end
        local axes = self.Sockets[number].Axes
        Complete(number, string.char(0x60 | number, 0x04))
        return Stop(table.unpack(axes))
    end
    if body:byte() == 9 then return Inquire(body, reply) end
    Execute(body, reply)
end

--- Takes one datagram of VISCA over IP. A number must be above the last one, unless RESET came.
function Device:HearDatagram(link, datagram)
    if #datagram < 9 then return end
    local kind, length, number = string.unpack('>I2I2I4', datagram)
    local payload = datagram:sub(9)
    local function send(as, bytes) link:Send(string.pack('>I2I2I4', as, #bytes, number) .. bytes) end
    if kind == 0x0200 and payload == '\x01' then
        link.Last = nil
        return send(0x0201, '\x01')
    end
    if kind ~= 0x0100 and kind ~= 0x0110 and kind ~= 0x0120 or length ~= #payload or payload:byte(-1) ~= 0xFF then
        return send(0x0201, '\x0F\x02')
    end
    if link.Last and (number - link.Last - 1 & 0xFFFFFFFF) > 0x7FFFFFFF then return send(0x0201, '\x0F\x01') end
    link.Last = number
    self:Hear(link, payload:sub(1, -2), function(bytes) send(0x0111, bytes) end)
end

function Device:Receive(link, data)
    if link.Kind == 'UDP' then return self:HearDatagram(link, data) end
    link.Rest = (link.Rest or '') .. data
    for packet in link.Rest:gmatch('([^\xFF]+)\xFF') do
        self:Hear(link, packet, function(bytes) link:Send(bytes) end)
    end
    link.Rest = link.Rest:match('[^\xFF]*$'):sub(-16)
end

--- A camera that gets power, or joins a chain, has no address.
function Device:Opened(link)
    if link.Kind == 'Serial' then link:Send('\x90\x38\xFF') end
end

--- Power went and came again.
function Device:Replug()
    Forget()
    self.Address, self.Power = nil, 'Off'
    simulator.Tell(self, '\x90\x38\xFF', function(link) return link.Kind == 'Serial' end)
end

simulator.Serve(Device, {TCP = ports.Camera.TCP, UDP = ports.Camera.UDP, Serial = {Port = 'COM1', Baud = 9600}})
