-- A lecture room: a projector, a display at the side, a matrix switcher, a camera and an audio processor, a touch panel, and
-- an end to it every night. scripts/demo runs it against simulators of all five devices.
--
--     settings   what differs from room to room
--     status     what is known of the room
--     devices    the five devices and their connections
--     system     what the room can do
--     panel      the commands of touch panels

local settings = require 'settings'
local devices = require 'devices'
local system = require 'system'
local panel = require 'panel'

local Night = Clock({settings.Shutdown}, nil, function(clock, time)
    ProgramLog(('It is %02d:%02d: the room goes off'):format(time.hour, time.min), 'info')
    system.Off()
end)
Night:Enable()

panel:StartListen()
devices.Connect()
print('The room is open; panels connect to port ' .. settings.PanelPort)
