-- The program of the soak: of all kinds a little, against peers that come and go. ports.lua says where they are.

local ports = require 'ports'
local served, received, changes, polls = 0, 0, 0, 0

local function query(interface)
    polls = polls + 1
    local answer = interface:SendAndWait('P\r', 0.5, {deliTag = '\r\n'})
    if answer:startswith('Pwr') then interface:ResponseAccepted() end
end

-- Twenty handlers that connect again and again.
local kinds = {'flaps', 'garbles', 'silent', 'closed', 'answers'}
for n = 1, 20 do
    local device = EthernetClientInterface('127.0.0.1', ports[kinds[n % #kinds + 1]])
    local handler = GetConnectionHandler(device, query, {pollFrequency = 0.2, connectRetryTime = 0.5, DisconnectLimit = 3})
    event(handler, {'Connected', 'Disconnected'}, function() changes = changes + 1 end)
    event(handler, 'ConnectFailed', function() changes = changes + 1 end)
    event(handler, 'ReceiveData', function(_, data) received = received + #data end)
    handler:Connect(2)
end

-- A server whose clients read slowly.
local server = EthernetServerInterfaceEx(ports.stream, 'TCP', 'Any', 20)
event(server, 'Connected', function() served = served + 1 end)
event(server, 'ReceiveData', function(client, data)
    received = received + #data
    client:Send(data:upper())
end)
server:StartListen()
local line = ('0123456789'):rep(100) .. '\r\n'
Timer(0.1, function()
    for _, client in ipairs(server.Clients) do
        -- Each in a task of its own: a client that does not read holds up its own task only.
        if not client.isBusy then
            client.isBusy = true
            Wait(0, function()
                local done <close> = setmetatable({}, {__close = function() client.isBusy = false end})
                pcall(client.Send, client, line)
            end)
        end
    end
end)

local handled = GetConnectionHandler(EthernetServerInterfaceEx(ports.handled), nil, {serverTimeout = 2})
event(handled, 'ReceiveData', function(client, data) client:Send(data) end)
handled:StartListen()

local datagrams = EthernetServerInterfaceEx(ports.datagram, 'UDP')
event(datagrams, 'ReceiveData', function(client, data) received = received + #data client:Send(data) end)
datagrams:StartListen()

-- Short-lived objects of all kinds. A UDP interface that is dropped keeps its socket for 5 minutes, so there are few.
local udp = EthernetClientInterface('127.0.0.1', ports.datagram, 'UDP')
Timer(20, function()
    local short = EthernetClientInterface('127.0.0.1', ports.datagram, 'UDP')
    short:Send('y')
    short.ReceiveData = function(_, data) received = received + #data end
end)
Timer(0.2, function(_, count)
    local client = EthernetClientInterface('127.0.0.1', ports[kinds[count % #kinds + 1]])
    client.ReceiveData = function(_, data) received = received + #data end
    if client:Connect(0.5) == 'Connected' then
        pcall(client.SendAndWait, client, 'P\r', 0.2, {deliRex = 'Pwr(\\d)\\r\\n'})
        client:Disconnect()
    end
    pcall(udp.SendAndWait, udp, 'x', 0.05)
    local short = Timer(0.05, function(timer) timer:Stop() end)
    local wait = Wait(5, print)
    wait:Cancel()
    -- One that is enabled stays.
    local clock = Clock({'12:00:00'}, nil, print)
    clock:Enable()
    clock:Disable()
end)

-- A device module whose login is refused.
local Guarded = DeviceModule({
    name = 'Guarded', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\r\n'}, timeout = 0.5,
    login = {{prompt = 'login: $', send = 'username'}, {prompt = 'Password: $', send = 'password'}, done = 'Welcome',
        ending = '\r', timeout = 1},
    commands = {Power = {values = {On = '1', Off = '0'}, set = 'P{value}\r', query = 'P\r', reply = '^Pwr(\\d)$'}},
})
local Open = DeviceModule({
    name = 'Open', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\r\n'}, timeout = 0.3, retries = 1,
    commands = {Power = {values = {On = '1', Off = '0'}, set = 'P{value}\r', query = 'P\r', reply = '^Pwr(\\d)$'}},
})
for _, pair in ipairs({{Guarded, 'login'}, {Open, 'flaps'}, {Open, 'garbles'}}) do
    local device = pair[1].EthernetClass('127.0.0.1', ports[pair[2]])
    device.deviceUsername, device.devicePassword = 'admin', 'wrong'
    local handler = GetConnectionHandler(device, 'Power', {pollFrequency = 0.3, connectRetryTime = 0.7})
    handler:SubscribeStatus('Power', nil, function() changes = changes + 1 end)
    handler:Connect(1)
    Timer(1, function(_, count) pcall(device.Set, device, 'Power', count % 2 == 0 and 'On' or 'Off') end)
end

-- HSMS against equipment that flaps.
local host = GemHostHandler('127.0.0.1', ports.hsms, true, 0, 'host', {T3 = 2, T5 = 1, T6 = 1, linktest_interval = 2})
host:enable()
Timer(0.5, function()
    pcall(host.are_you_there, host)
    pcall(host.send_stream_function, host, SecsMessage(1, 3, SecsItem.L({SecsItem.U4({1, 2, 3}), SecsItem.A(line)})))
end)

-- Patterns, files, and the log.
local file = File('notes.txt', 'w')
Timer(0.25, function(_, count)
    for m in re.finditer('(\\w)(\\d+)', ('a1b22c333' .. count):rep(50)) do received = received + #m:group(2) end
    re.compile('x' .. count % 1000)
    if count % 40 == 0 then
        file:close()
        file = File('notes.txt', 'w')
    end
    file:write(line)
    ProgramLog('entry ' .. count, 'info')
    if count % 10 == 0 then error('an error of a callback, as programs have them') end
end)
Timer(20, function() SaveProgramLog('saved.txt') end)
Timer(10, function() print(('served %d, changes %d, polls %d, received %d'):format(served, changes, polls, received)) end)
