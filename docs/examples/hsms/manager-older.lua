-- manager.lua as the older documentation spells it. The peer is manager-device.lua.

local secsgem = require 'secsgem'

local manager = secsgem.HsmsConnectionManager()
local handler = manager:add_peer('connection', '127.0.0.1', 9034, false, 0)
handler:enable() -- harmless: what a manager adds is enabled

-- They begin at random; the document's answer has these.
handler.system_counter = 12

if handler:waitfor_selected(60) then print(handler:send_linktest_req():repr('sessionID')) end

handler:disable()
manager:stop()
