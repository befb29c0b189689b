-- GetConnectionHandler makes the handler that fits what it is given: a server, a device module, a plain interface.
--
-- Here 01-each-interface-device.lua plays a panel, a scaler and a controller. The controller is at a serial port; see
-- lectern.yaml for the cable.

local settings = require 'settings'
local DvsModule = require 'extr_sp_DVS605'

local MainProcessor = ProcessorDevice('MainProcessor')

-- A server: a client that has sent nothing for 30 seconds is disconnected.
local Server = GetConnectionHandler(
    EthernetServerInterfaceEx(settings.ServerPort), {serverTimeout = settings.ServerTimeout})

-- A device module: its own query for VideoMute keeps the connection alive. Five of them without an answer, and the
-- device is gone.
local Dvs605 = GetConnectionHandler(
    DvsModule.EthernetClass('127.0.0.1', settings.Port, {Model = 'DVS 605'}), 'VideoMute', {DisconnectLimit = 5})

-- A plain interface: this function sends the query.
local function MlcKeepAlive(interface)
    interface:Send('Q')
end

local Mlc206 = GetConnectionHandler(SerialInterface(MainProcessor, 'COM2'), MlcKeepAlive)

local function Initialize()
    Server:StartListen()
    Dvs605:Connect()
    Mlc206:Connect()
end

local MlcBuffer = ''

event(Mlc206, 'ReceiveData', function(interface, data)
    MlcBuffer = MlcBuffer .. data
    local version, delimiter, rest = MlcBuffer:partition('\r\n')
    if delimiter == '' then return end
    MlcBuffer = rest
    if version:match('^%d+%.%d+$') then interface:ResponseAccepted() end
end)

event({Dvs605, Mlc206}, {'Connected', 'Disconnected'}, function(interface, state)
    print((interface == Dvs605 and 'DVS 605 ' or 'MLC 206 ') .. state)
end)

event(Server, {'Connected', 'Disconnected'}, function(client, state)
    print('Panel ' .. state)
end)

Initialize()
