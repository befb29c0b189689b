-- An echo server, of a class that is derived in Lua or a plain one. Settings: 'derived' or 'plain', port.
local kind, port = table.unpack((require 'settings'))

local function send_back(client, data) client:Send(data) end

local Derived = class('Derived', EthernetServerInterfaceEx)

function Derived:init(IPPort)
    EthernetServerInterfaceEx.init(self, IPPort)
    event(self, 'ReceiveData', self.SendBack)
end

Derived.SendBack = send_back

local function Plain(IPPort)
    local server = EthernetServerInterfaceEx(IPPort)
    event(server, 'ReceiveData', send_back)
    return server
end

local Server = kind == 'derived' and Derived or Plain
assert(Server(port):StartListen() == 'Listening')
