-- Round trips a second with the TCPInterface of Lectern. What is measured, settings.lua says.

local TCPInterface = require('socs.tcp').TCPInterface
local settings = require 'settings'

local device = TCPInterface('127.0.0.1', settings.Port, 10)
local size = settings.Size
local message = ('x'):rep(size)

local function round_trips(count)
    for _ = 1, count do
        device:send(message)
        local answer = device:recv(65536)
        while #answer < size do answer = answer .. device:recv(65536) end
    end
end

round_trips(settings.Count // 10)
local started = os.clock()
round_trips(settings.Count)
print(('rate %.0f'):format(settings.Count / (os.clock() - started)))
ExitProgram(0)
