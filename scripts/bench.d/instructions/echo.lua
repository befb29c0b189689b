-- An echo server. Settings: port, messages (which its clients send).
local port = table.unpack((require 'settings'))

local server = EthernetServerInterfaceEx(port)
event(server, 'ReceiveData', function(client, data) client:Send(data) end)
assert(server:StartListen() == 'Listening')
