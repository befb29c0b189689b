-- An echo server. Argument: port.
local uv = require 'luv'
local port = tonumber(arg[1])

local function serve(client)
    client:nodelay(true)
    client:read_start(function(problem, data)
        if not data then
            client:close()
            return assert(not problem or problem == 'ECONNRESET', problem)
        end
        client:write(data)
    end)
end

local server = uv.new_tcp()
assert(server:bind('127.0.0.1', port))
assert(server:listen(1024, function(problem)
    assert(not problem, problem)
    local client = uv.new_tcp()
    assert(server:accept(client))
    serve(client)
end))
uv.run()
