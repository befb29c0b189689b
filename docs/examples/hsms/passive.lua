-- A passive connection with the sample delegate: listens for its peer, passive-device.lua, which asks to select, gets no
-- answer, and goes.

local secsgem = require 'secsgem'
local DelegateSample = require 'delegate_sample'

local delegate = DelegateSample()
local conn = secsgem.HsmsPassiveConnection('127.0.0.1', 9032, 0, delegate)
conn:enable()

Wait(5, function() conn:disable() end)
