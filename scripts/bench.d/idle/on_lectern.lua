-- An echo server that collects its garbage before it answers. Setting: port.
local port = table.unpack((require 'settings'))

local server = EthernetServerInterfaceEx(port)
event(server, 'ReceiveData', function(client, data)
    collectgarbage()
    collectgarbage()
    client:Send(data)
end)
assert(server:StartListen() == 'Listening')
