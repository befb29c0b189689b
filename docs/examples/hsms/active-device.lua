-- The peer of active.lua: rejects what nobody has sent, for reasons 4 (not selected) and 1 (type not supported), and
-- closes.

local secsgem = require 'secsgem'

local delegate = {}

function delegate:on_connection_established(connection)
    for _, reason in ipairs({4, 1}) do
        connection:send_packet(secsgem.HsmsPacket(secsgem.HsmsHeader({system = 0, s_type = 7, func = reason})))
    end
    connection:disconnect()
end

local conn = secsgem.HsmsPassiveConnection('', 9031, 0, delegate)
conn:enable()
