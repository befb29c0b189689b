-- HSMS equipment with Lectern that answers S1F1, on the port that settings.lua says.

local secsgem = require 'secsgem'
local settings = require 'settings'

local handler = secsgem.SecsHandler('127.0.0.1', settings.Port, false, 0, 'host', {role = 'equipment'})
handler:register_stream_function(1, 1, function() return {'Lectern', '0.1.0'} end)
handler:enable()
