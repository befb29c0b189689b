-- An echo server. Argument: port.
local cqueues = require 'cqueues'
local socket = require 'cqueues.socket'
local port = tonumber(arg[1])

local loop = cqueues.new()
local server = assert(socket.listen {host = '127.0.0.1', port = port})

local function serve(client)
    client:setmode('b', 'bn')
    while true do
        local data = client:read(-65536)
        if not data then break end
        client:write(data)
    end
    client:close()
end

loop:wrap(function()
    while true do
        local client = server:accept {nodelay = true}
        loop:wrap(function() serve(client) end)
    end
end)
assert(loop:loop())
