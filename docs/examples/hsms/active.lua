-- An active connection with the sample delegate. A connection carries messages and speaks none of HSMS's procedures, so
-- its peer, active-device.lua, rejects it and goes. Start the device first.

local secsgem = require 'secsgem'
local DelegateSample = require 'delegate_sample'

local delegate = DelegateSample()
local conn = secsgem.HsmsActiveConnection('127.0.0.1', 9031, 0, delegate)
conn:enable()

Wait(3, function() conn:disable() end)
