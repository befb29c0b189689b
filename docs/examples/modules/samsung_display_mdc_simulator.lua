-- Two Samsung displays, ID 0 and ID 1, daisy-chained: what the one hears, by TCP or at its serial port, the other hears too.
--
-- They behave like real ones. An answer takes 70 ms. A frame that comes earlier than 20 ms after it is lost without a word,
-- and so is one with a wrong checksum. In standby most commands are refused. A display that is switched on says so at once,
-- is deaf for ten seconds, refuses everything for five more, and then works. Nobody answers to ID 254. What the remote does,
-- the displays tell unasked: Device:Press('Volume Up'), Device:Press('HDMI 2', 1).

local simulator = require 'simulator'
local ports = require 'ports'

local Everybody <const> = 254

-- What a display can be told, by the command's number: the values that it takes.
local function upto(most) return function(value) return value <= most end end
local function any() return true end
local Inputs = {
    ['PC'] = 0x14, ['DVI'] = 0x18, ['Component'] = 0x08, ['HDMI 1'] = 0x21, ['HDMI 2'] = 0x23, ['DisplayPort 1'] = 0x25,
}
local Settings = {
    [0x11] = upto(2), [0x12] = upto(100), [0x13] = upto(1), [0x15] = any, [0x18] = any, [0x24] = upto(100),
    [0x25] = upto(100), [0x33] = upto(1), [0x36] = upto(1), [0x5C] = upto(1), [0x5D] = upto(1), [0x5F] = upto(1),
    [0x62] = upto(1), [0x84] = upto(1), [0x85] = function(value) return value >= 75 and value <= 124 end,
    [0x92] = upto(4), [0xB0] = any, [0xF9] = upto(1),
    [0x14] = function(value)
        for _, code in pairs(Inputs) do
            if code == value then return true end
        end
        return false
    end,
}
-- What a display does in standby too.
local Always = {[0x00] = true, [0x0B] = true, [0x0D] = true, [0x0E] = true, [0x11] = true, [0x36] = true, [0x8A] = true}

local function Display(id)
    return {
        Id = id, DeafUntil = 0, WarmUntil = 0,
        -- Settings by the command's number. 0x14, the input, is HDMI 1; the aspect ratio is 16:9.
        [0x11] = 0, [0x12] = 20, [0x13] = 0, [0x14] = 0x21, [0x15] = 0x01, [0x18] = 0x01, [0x24] = 70, [0x25] = 45,
        [0x33] = 0, [0x36] = 1, [0x5C] = 0, [0x5D] = 0, [0x5F] = 0, [0x84] = 0, [0x85] = 100, [0x92] = 0, [0xF9] = 0,
        Serial = ('0A1ZH4ZR%06d'):format(100000 + id), Version = 'S-MDC7AKUC-1021', Model = 'QM55R',
        Lamp = 0, Heat = 0, Sync = 0, Degrees = 38, Fan = 0,
    }
end

--- The device. In seconds: `AnswerTime` from a frame to its answer, `Rest` from there to the next frame, `Deaf` and `WarmUp`
--- from being switched on. `Noise`: bytes on the line in front of the next answer; `Spoil`: how many of the next answers the
--- line spoils.
Device = {
    Displays = {[0] = Display(0), [1] = Display(1)}, AnswerTime = 0.07, Rest = 0.02, Deaf = 10, WarmUp = 15, Noise = '',
    Spoil = 0,
}

local function frame(...)
    local body = string.char(...)
    return '\xAA' .. body .. string.char(checksum.sum(body))
end

local function switch(display, isOn)
    local now = GetSystemUpTime()
    if isOn and display[0x11] == 0 then
        display.DeafUntil, display.WarmUntil = now + Device.Deaf, now + Device.WarmUp
    end
    display[0x11] = isOn and 1 or 0
end

local function step(display, change)
    display[0x12] = math.max(0, math.min(100, display[0x12] + change))
    display[0x13] = 0
end

--- Does what a command says. Gives the data of the answer; nil: refused.
local function execute(display, command, data)
    local now = GetSystemUpTime()
    if now < display.WarmUntil or display[0x11] == 0 and not Always[command] then return nil end
    if #data == 0 then
        if command == 0x00 then
            return {display[0x11], display[0x12], display[0x13], display[0x14], display[0x15], 0, 0}
        elseif command == 0x0D then
            return {display.Lamp, display.Heat, 0, display.Sync, display.Degrees, display.Fan}
        end
        local words = ({[0x0B] = display.Serial, [0x0E] = display.Version, [0x8A] = display.Model})[command]
        if words then return {words:byte(1, -1)} end
        return display[command] and {display[command]}
    end
    local fits, value = Settings[command], data:byte()
    if #data ~= 1 or not fits or not fits(value) then return nil end
    if command == 0x11 then
        if value == 2 then switch(display, false) end -- a reboot
        switch(display, value > 0)
    elseif command == 0x62 then
        step(display, value == 0 and 1 or -1)
    elseif display[command] then
        display[command] = value
    end
    return {value}
end

local function answer(link, bytes)
    if Device.Spoil > 0 then
        Device.Spoil = Device.Spoil - 1
        bytes = bytes:sub(1, 6) .. string.char(bytes:byte(7) ~ 0x20) .. bytes:sub(8)
    end
    link:Send(Device.Noise .. bytes)
    Device.Noise = ''
end

local function heard(link, command, id, data)
    local now = GetSystemUpTime()
    if now < (link.FreeAt or 0) then return end -- still busy with the last one
    for _, display in pairs(Device.Displays) do
        if (id == display.Id or id == Everybody) and now >= display.DeafUntil then
            local values = execute(display, command, data)
            local bytes
            if values then
                bytes = frame(0xFF, id, #values + 2, 0x41, command, table.unpack(values))
            else
                bytes = frame(0xFF, id, 3, 0x4E, command, 0x00)
            end
            if id ~= Everybody then
                link.FreeAt = now + Device.AnswerTime + Device.Rest
                Wait(Device.AnswerTime, function() answer(link, bytes) end)
            end
        end
    end
end

function Device:Receive(link, data)
    local buffer = (link.Buffer or '') .. data
    while true do
        buffer = buffer:match('\xAA.*') or ''
        local _, command, id, count = buffer:byte(1, 4)
        if not count or #buffer < count + 5 then break end
        local body = buffer:sub(2, count + 4)
        if checksum.sum(body) == buffer:byte(count + 5) then
            buffer = buffer:sub(count + 6)
            heard(link, command, id, body:sub(4))
        else
            buffer = buffer:sub(2) -- no frame, or one that the line has spoilt
        end
    end
    link.Buffer = buffer
end

--- Tells something unasked: an acknowledgement of a command that nobody has sent.
function Device:Tell(command, value, id)
    simulator.Tell(self, frame(0xFF, id or 0, 3, 0x41, command, value))
end

--- Sends any bytes.
function Device:Say(bytes)
    simulator.Tell(self, bytes)
end

--- A key of the infrared remote, pressed in front of a display: Power, Volume Up, Volume Down, Mute, or an input's name.
function Device:Press(key, id)
    local display = self.Displays[id or 0]
    if display[0x36] == 0 or display[0x5D] == 1 then return end
    if key == 'Power' then
        switch(display, display[0x11] == 0)
        return self:Tell(0x11, display[0x11], id)
    end
    if display[0x11] == 0 then return end
    if key == 'Mute' then
        display[0x13] = 1 - display[0x13]
        self:Tell(0x13, display[0x13], id)
    elseif key == 'Volume Up' or key == 'Volume Down' then
        step(display, key == 'Volume Up' and 1 or -1)
        self:Tell(0x12, display[0x12], id)
    else
        display[0x14] = Inputs[key] or error(ValueError("the remote has no key '" .. tostring(key) .. "'"))
        self:Tell(0x14, display[0x14], id)
    end
end

simulator.Serve(Device, {TCP = ports.Display.TCP, Serial = {Port = 'COM1', Baud = 9600}})
