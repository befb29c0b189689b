-- multi-passive.lua as the older documentation spells it. The peer is multi-passive-device.lua.

local secsgem = require 'secsgem'
local DelegateSample = require 'delegate_sample'

local delegate = DelegateSample('sessionID')
local server = secsgem.HsmsMultiPassiveServer(9033)
local conn = server:create_connection('127.0.0.1', 9033, 0, delegate)
conn:enable()
server:start()

Wait(5, function()
    conn:disable()
    server:stop()
end)
