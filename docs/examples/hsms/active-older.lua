-- active.lua as the older documentation spells it. The peer is active-device.lua.

local secsgem = require 'secsgem'
local DelegateSample = require 'delegate_sample'

local delegate = DelegateSample('sessionID')
local conn = secsgem.HsmsActiveConnection('127.0.0.1', 9031, 0, delegate)
conn:enable()

Wait(3, function() conn:disable() end)
