-- The peer of passive.lua: asks to select, rejects an answer that nobody has sent, and goes.

local secsgem = require 'secsgem'

local delegate = {}

function delegate:on_connection_established(connection)
    connection:send_packet(secsgem.HsmsPacket(secsgem.HsmsSelectReqHeader(1)))
    connection:send_packet(secsgem.HsmsPacket(secsgem.HsmsHeader({system = 0, s_type = 7, func = 3})))
    connection:disable()
end

local conn = secsgem.HsmsActiveConnection('127.0.0.1', 9032, 0, delegate, {T5 = 1})
conn:enable()
