-- The sample delegate of secsgem's documentation: it tells what happens on a connection.

local DelegateSample = class('DelegateSample')

-- spelling is that of the header's fields: 'session_id' of the newer documentation, or 'sessionID' of the older.
function DelegateSample:init(spelling)
    self.spelling = spelling or 'session_id'
end

function DelegateSample:on_connection_established(connection)
    print('Connection established')
end

function DelegateSample:on_connection_packet_received(connection, packet)
    print('Packet received ' .. packet:text(self.spelling))
end

function DelegateSample:on_connection_before_closed(connection)
    print('Connection about to be terminated')
end

function DelegateSample:on_connection_closed(connection)
    print('Connection terminated')
end

return DelegateSample
