-- The peer of manager.lua: connects, selects, and answers as HSMS has it.

local secsgem = require 'secsgem'

local handler = secsgem.HsmsProtocol('127.0.0.1', 9034, true, 0, 'manager', {T5 = 1})

handler.hsms_selected = function() print('Selected') end

-- The manager's side ends it.
handler.hsms_disconnected = function(self) self:disable() end

handler:enable()
