-- The connections of a simulated device, for the simulators of this folder.
--
--     local Device = {}
--     function Device:Receive(link, data) link:Send('OK\r\n') end
--     simulator.Serve(Device, {TCP = 2023, UDP = 2023, Serial = {Port = 'COM1', Baud = 9600}})
--
-- A link is one connection of the device: its Kind is 'TCP', 'UDP' or 'Serial', link:Send(data) sends, link:Disconnect()
-- hangs up (TCP). What a device remembers of a connection, a login say, it keeps in the link. Device:Opened(link) and
-- Device:Closed(link) are called when they are there. While Device.IsSilent is true, the device hears nothing.

local simulator = {}

local function Receive(device, link, data)
    if not device.IsSilent then device:Receive(link, data) end
end

local function Open(device, kind, peer)
    local link = {Kind = kind}
    function link:Send(data)
        -- A peer that has just gone away is no failure of a device.
        if device.Links[peer] == link then pcall(peer.Send, peer, data) end
    end
    function link:Disconnect()
        if kind == 'TCP' then peer:Disconnect() end
    end
    device.Links[peer] = link
    if device.Opened then device:Opened(link) end
    return link
end

local function Close(device, peer)
    local link = device.Links[peer]
    device.Links[peer] = nil
    if link and device.Closed then device:Closed(link) end
end

local function ServeNetwork(device, protocol, port)
    local server = EthernetServerInterfaceEx(port, protocol)
    if protocol == 'TCP' then
        event(server, 'Connected', function(client) Open(device, protocol, client) end)
        event(server, 'Disconnected', function(client) Close(device, client) end)
    end
    event(server, 'ReceiveData', function(client, data)
        Receive(device, device.Links[client] or Open(device, protocol, client), data)
    end)
    print(('%s port %d: %s'):format(protocol, port, server:StartListen()))
    return server
end

local function ServeSerial(device, settings)
    local parameters = {}
    for name, value in pairs(settings) do parameters[name] = value end
    parameters.Port = nil
    local found, port = pcall(SerialInterface, ProcessorDevice('Device'), settings.Port, parameters)
    if not found then return print(('%s is not served: %s'):format(settings.Port, port.message)) end
    event(port, 'Online', function() Open(device, 'Serial', port) end)
    event(port, 'Offline', function() Close(device, port) end)
    event(port, 'ReceiveData', function(_, data)
        Receive(device, device.Links[port] or Open(device, 'Serial', port), data)
    end)
    print(('%s: %d baud'):format(settings.Port, port.Baud))
    return port
end

--- Begins to serve a device at its ports: TCP and UDP are numbers, Serial a table of Port and of SerialInterface's other
--- parameters. Device.Servers are the interfaces.
function simulator.Serve(device, ports)
    device.Links, device.Servers = {}, {}
    for _, protocol in ipairs({'TCP', 'UDP'}) do
        if ports[protocol] then device.Servers[protocol] = ServeNetwork(device, protocol, ports[protocol]) end
    end
    if ports.Serial then device.Servers.Serial = ServeSerial(device, ports.Serial) end
end

--- Sends to all links, or to those for which filter(link) is true: what a device tells unasked.
function simulator.Tell(device, data, filter)
    for _, link in pairs(device.Links) do
        if not filter or filter(link) then link:Send(data) end
    end
end

return simulator
