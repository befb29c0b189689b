-- Calls of the host with arguments of several kinds. Settings: port, rounds of 5 calls.
local _, rounds = table.unpack((require 'settings'))

local timer = Timer(60, function() end)
local text = 'Pwr1\r\n'
for round = 1, rounds do
    timer:Change(30 + round % 2)
    checksum.sum(text, 16)
    re.match('Pwr', text)
    hex.encode(text, ' ')
    local _ = timer.Interval
    if round % 100 == 0 then time.sleep(0) end
end
ExitProgram()
