-- Receives, and says so with one byte each time that all is here. Arguments: port, megabytes.
local uv = require 'luv'
local port, megabytes = tonumber(arg[1]), tonumber(arg[2])

local left = megabytes * 1000000
local device = uv.new_tcp()
device:connect('127.0.0.1', port, function(problem)
    assert(not problem, problem)
    device:nodelay(true)
    device:read_start(function(problem, data)
        assert(data, problem or 'the connection was closed')
        left = left - #data
        if left > 0 then return end
        left = megabytes * 1000000
        device:write('k')
    end)
end)
uv.run()
