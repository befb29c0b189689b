-- The command server for touch panels. Commands and answers are lines; a panel gets all that is known when it connects, and
-- every change from then on, as 'Name=Value'.
--
--     on, off                      the whole room
--     source laptop                one of settings.Sources; switches the room on
--     volume 40, volume up, down   0 to 100
--     mute on, mute off
--     camera wide                  one of settings.Presets
--     status                       all that is known, again
--
-- The answer is 'OK', or 'ERROR' and what is wrong.

local settings = require 'settings'
local status = require 'status'
local system = require 'system'

local Server = GetConnectionHandler(EthernetServerInterfaceEx(settings.PanelPort, 'TCP'))
local Buffers = {}
local LongestLine = 256

local function Names(of)
    local names = {}
    for name in pairs(of) do names[#names + 1] = name end
    table.sort(names)
    return table.concat(names, ', ')
end

-- Sends a line. A panel that is about to leave cannot take it any more, and that is no error.
local function Tell(client, line) pcall(client.Send, client, line .. '\r\n') end

local Commands = {}

function Commands.on() system.On() end

function Commands.off() system.Off() end

function Commands.source(name)
    if not system.Show(name) then return 'the sources are ' .. Names(settings.Sources) end
end

function Commands.volume(level)
    if level == 'up' or level == 'down' then return system.StepVolume(level == 'up') end
    local volume = math.tointeger(tonumber(level))
    if not volume or volume < 0 or volume > 100 then return 'the volume is 0 to 100, up or down' end
    system.SetVolume(volume)
end

function Commands.mute(state)
    if state ~= 'on' and state ~= 'off' then return 'mute is on or off' end
    system.SetMute(state == 'on')
end

function Commands.camera(preset)
    if not system.Look(preset) then return 'the presets are ' .. Names(settings.Presets) end
end

function Commands.status(_, client)
    status.Each(function(name, value) Tell(client, name .. '=' .. value) end)
end

local function Obey(client, line)
    local word, argument = line:match('^%s*(%S+)%s*(.-)%s*$')
    if not word then return end
    local command = Commands[word:lower()]
    local problem
    if command then
        problem = command(argument:lower(), client)
    else
        problem = 'the commands are ' .. Names(Commands)
    end
    Tell(client, problem and 'ERROR ' .. problem or 'OK')
end

event(Server, 'Connected', function(client)
    Buffers[client] = ''
    Commands.status(nil, client)
end)

event(Server, 'Disconnected', function(client) Buffers[client] = nil end)

event(Server, 'ReceiveData', function(client, data)
    local lines = (Buffers[client] or '') .. data
    local first = 1
    for line, behind in lines:gmatch('([^\r\n]*)[\r\n]+()') do
        Obey(client, line)
        first = behind
    end
    if Buffers[client] then Buffers[client] = lines:sub(first):sub(-LongestLine) end
end)

-- A change goes to all panels.
status.Listen(function(name, value)
    for client in pairs(Buffers) do Tell(client, name .. '=' .. value) end
end)

return Server
