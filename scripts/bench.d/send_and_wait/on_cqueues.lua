-- Tasks that send a line and wait for its answer, each on a connection of its own. Arguments: port, tasks.
local cqueues = require 'cqueues'
local socket = require 'cqueues.socket'
local port, tasks = tonumber(arg[1]), tonumber(arg[2])

local loop = cqueues.new()
for _ = 1, tasks do
    loop:wrap(function()
        local device = assert(socket.connect {host = '127.0.0.1', port = port, nodelay = true})
        device:setmode('b', 'bn')
        device:settimeout(3)
        assert(device:connect(10))
        while true do
            assert(device:write('Pwr?\r\n'))
            assert(device:read('*L') == 'Pwr1\r\n')
        end
    end)
end
assert(loop:loop())
