-- The forms of Timer and Wait that read like decorators: Timer(2)(f) and Wait(60)(f).

--- They start, and return the function.
local function decorate(self, f)
    self.Function = f
    self:Restart()
    return f
end

Timer.__call = decorate
Wait.__call = decorate
