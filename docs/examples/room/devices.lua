-- The five devices. Each has a handler that keeps its connection alive; what the devices tell goes into status.

local settings = require 'settings'
local status = require 'status'

local devices = {}

local Handlers, Restorers, Polls = {}, {}, {}

--- Adds a device: `query` is the command, and its qualifier, by which its handler finds out whether it is there; after
--- `missing` answers that did not come, it is not.
local function Add(name, device, query, qualifier, missing)
    local handler = GetConnectionHandler(device, query, {
        keepAliveQueryQualifier = qualifier,
        pollFrequency = settings.PollFrequency,
        DisconnectLimit = missing or settings.MissingAnswers,
        connectRetryTime = settings.ConnectRetryTime,
    })
    Handlers[name] = handler
    status.Set(name .. '.Connection', 'Disconnected')
    event(handler, {'Connected', 'Disconnected'}, function(_, state)
        status.Set(name .. '.Connection', state)
        ProgramLog(('%s: %s'):format(name, state), 'info')
        if state == 'Connected' and Restorers[name] then Restorers[name]() end
    end)
    return handler
end

--- Subscribes to a status and shows it. With `seconds` it is asked for so often, while the device is on: in standby devices
--- know little of themselves.
local function Watch(name, command, qualifier, as, seconds)
    Handlers[name]:SubscribeStatus(command, qualifier, function(_, value)
        status.Set(name .. '.' .. (as or command), value)
    end)
    if seconds then
        Polls[#Polls + 1] = Timer(seconds, function()
            if devices.IsConnected(name) and status.Get(name .. '.Power') == 'On' then
                Handlers[name]:Update(command, qualifier)
            end
        end)
    end
end

function devices.IsConnected(name) return status.Get(name .. '.Connection') == 'Connected' end

--- Has a device do something. One that is not there is left alone: it is told with all the rest when it is back.
function devices.Set(name, command, value, qualifier)
    if devices.IsConnected(name) then Handlers[name]:Set(command, value, qualifier) end
end

--- Calls restorer() each time that the device is there: when it may have missed something.
function devices.OnReturn(name, restorer) Restorers[name] = restorer end

--- Opens the connections.
function devices.Connect()
    for _, handler in pairs(Handlers) do handler:Connect() end
end

-- The projector, with a password.
local projector = require('pjlink_projector').EthernetClass(
    settings.Projector.Hostname, settings.Projector.IPPort, {Model = settings.Projector.Model})
projector.devicePassword = settings.Projector.Password
Add('Projector', projector, 'Power')
Watch('Projector', 'Power')
Watch('Projector', 'Input', nil, nil, 5)
Watch('Projector', 'LampHours', {Lamp = 1}, 'LampHours', 30)

-- The switcher: what its outputs show.
Add('Switcher', require('sis_matrix_switcher').EthernetClass(
    settings.Switcher.Hostname, settings.Switcher.IPPort, {Model = settings.Switcher.Model}), 'Firmware')
for _, output in ipairs(settings.Switcher.Outputs) do
    Watch('Switcher', 'Tie', {Output = output, Type = 'All'}, 'Output' .. output)
end

-- The display at the side, on a serial line behind a device server. While it warms up it may not answer.
Add('Display', require('samsung_display_mdc').SerialOverEthernetClass(
    settings.Display.Hostname, settings.Display.IPPort), 'Status', {ID = settings.Display.ID}, settings.Display.MissingAnswers)
Watch('Display', 'Power', {ID = settings.Display.ID})
Watch('Display', 'Input', {ID = settings.Display.ID})

-- The camera, over UDP.
Add('Camera', require('visca_camera').UDPClass(settings.Camera.Hostname, settings.Camera.IPPort), 'Power')
Watch('Camera', 'Power')
Watch('Camera', 'Zoom', nil, nil, 2)

-- The audio processor, which tells its levels by itself.
local Channel = {InstanceTag = settings.Audio.InstanceTag, Channel = settings.Audio.Channel}
Add('Audio', require('tesira_audio_processor').EthernetClass(settings.Audio.Hostname, settings.Audio.IPPort),
    'SerialNumber')
Watch('Audio', 'LevelControl', Channel, 'Level')
Watch('Audio', 'MuteControl', Channel, 'Mute')
devices.Channel = Channel

return devices
