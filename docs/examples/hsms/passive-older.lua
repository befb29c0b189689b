-- passive.lua as the older documentation spells it. The peer is passive-device.lua.

local secsgem = require 'secsgem'
local DelegateSample = require 'delegate_sample'

local delegate = DelegateSample('sessionID')
local conn = secsgem.HsmsPassiveConnection('127.0.0.1', 9032, 0, delegate)
conn:enable()

Wait(5, function() conn:disable() end)
