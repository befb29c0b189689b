-- The scaler that the devices of several examples are, seen from its own side: bytes in, answers out.

local Words = {F = 'Frz', B = 'Vmt'}

local Scaler = class('Scaler')

function Scaler:init()
    self.Digits = {F = '0', B = '0'}
    self.Changed = function(answer) end -- called when a state has changed
end

function Scaler:Tell(letter)
    return Words[letter] .. self.Digits[letter] .. '\r\n'
end

-- Switches Freeze ('F') or video mute ('B'), as somebody at its front panel would.
function Scaler:Switch(letter, digit)
    if self.Digits[letter] == digit then return end
    self.Digits[letter] = digit
    self.Changed(self:Tell(letter))
end

-- What it answers to the bytes of one client: a state for each letter.
function Scaler:Answer(data)
    local answers = {}
    for digit, letter in data:gmatch('([01]?)([FB])') do
        if digit ~= '' then self.Digits[letter] = digit end
        answers[#answers + 1] = self:Tell(letter)
    end
    return table.concat(answers)
end

return Scaler
