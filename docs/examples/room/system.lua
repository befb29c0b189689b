-- What the room can do: on and off, a source, a volume, the camera's presets. The room knows what it should look like, and
-- tells each device so whenever that changes or the device comes back.

local settings = require 'settings'
local status = require 'status'
local devices = require 'devices'

local system = {}

local IsOn, Source, Volume, IsMuted = false, settings.FirstSource, settings.FirstVolume, false

-- What each device should do. ------------------------------------------------------------------------------------------

local Tell = {}

-- A screen takes its input only when it has warmed up, and not all say when that is. So it is told until it shows it; from
-- then on whoever has the remote may choose.
local Screens = {
    Projector = {Input = settings.Projector.Input},
    Display = {Input = settings.Display.Input, Qualifier = {ID = settings.Display.ID}},
}

for name, screen in pairs(Screens) do
    Tell[name] = function()
        screen.IsRight = false
        devices.Set(name, 'Power', IsOn and 'On' or 'Off', screen.Qualifier)
    end
end

local function Choose(name)
    local screen = Screens[name]
    if not IsOn or screen.IsRight or status.Get(name .. '.Power') ~= 'On' then return end
    screen.IsRight = status.Get(name .. '.Input') == screen.Input
    if not screen.IsRight then devices.Set(name, 'Input', screen.Input, screen.Qualifier) end
end

Timer(settings.RetryTime, function()
    for name in pairs(Screens) do Choose(name) end
end)

function Tell.Switcher()
    for _, output in ipairs(settings.Switcher.Outputs) do
        devices.Set('Switcher', 'Tie', IsOn and settings.Sources[Source] or 0, {Output = output, Type = 'All'})
    end
end

function Tell.Camera()
    devices.Set('Camera', 'Power', IsOn and 'On' or 'Off')
end

function Tell.Audio()
    local span = settings.Loudest - settings.Quietest
    devices.Set('Audio', 'LevelControl', settings.Quietest + span * Volume / 100, devices.Channel)
    devices.Set('Audio', 'MuteControl', (IsMuted or not IsOn) and 'On' or 'Off', devices.Channel)
end

for name, tell in pairs(Tell) do devices.OnReturn(name, tell) end

-- On and off. ----------------------------------------------------------------------------------------------------------

local Patience

local function Arrive(state)
    if Patience then Patience:Cancel() end
    Patience = nil
    status.Set('Room.Power', state)
    ProgramLog('The room is ' .. state:lower(), 'info')
end

--- Whether all screens that are there have come to a power state. One that is not there holds nobody up.
local function HaveScreens(state)
    for _, name in ipairs({'Projector', 'Display'}) do
        if devices.IsConnected(name) and status.Get(name .. '.Power') ~= state then return false end
    end
    return true
end

local function Settle()
    local power = status.Get('Room.Power')
    if power == 'Warming' and HaveScreens('On') then Arrive('On') end
    if power == 'Cooling' and HaveScreens('Off') then Arrive('Off') end
end

local function Switch(on)
    if IsOn == on then return end
    IsOn = on
    status.Set('Room.Power', on and 'Warming' or 'Cooling')
    if Patience then Patience:Cancel() end
    Patience = Wait(settings.PatienceWithDevices, function()
        ProgramLog('A device has not come ' .. (on and 'on' or 'off'), 'warning')
        Arrive(on and 'On' or 'Off')
    end)
    for _, name in ipairs({'Projector', 'Display', 'Switcher', 'Camera', 'Audio'}) do Tell[name]() end
    Settle()
end

--- Switches the room on, with the source that was chosen last.
function system.On() Switch(true) end

--- Switches the room off.
function system.Off() Switch(false) end

status.Listen(function(name, value)
    local device, what = name:match('^(%a+)%.(%a+)$')
    if Screens[device] and what == 'Power' and value == 'On' then Choose(device) end
    if what == 'Power' or what == 'Connection' then Settle() end
end)

-- The rest. ------------------------------------------------------------------------------------------------------------

--- Shows a source on all screens, and switches the room on if need be. Returns false when there is none of that name.
function system.Show(source)
    if not settings.Sources[source] then return false end
    Source = source
    status.Set('Room.Source', source)
    if IsOn then Tell.Switcher() else system.On() end
    return true
end

--- Sets the volume, 0 to 100; what is beyond counts as the limit. It ends a mute.
function system.SetVolume(volume)
    Volume = math.max(0, math.min(100, volume))
    status.Set('Room.Volume', Volume)
    system.SetMute(false)
end

--- Changes the volume by a step, up or down.
function system.StepVolume(isUp)
    system.SetVolume(Volume + (isUp and settings.VolumeStep or -settings.VolumeStep))
end

function system.SetMute(muted)
    IsMuted = muted
    status.Set('Room.Mute', muted and 'On' or 'Off')
    Tell.Audio()
end

--- Turns the camera to a preset, and shows it. Returns false when there is none of that name.
function system.Look(preset)
    if not settings.Presets[preset] then return false end
    devices.Set('Camera', 'Preset', settings.Presets[preset])
    status.Set('Room.Preset', preset)
    return true
end

status.Set('Room.Power', 'Off')
status.Set('Room.Source', Source)
status.Set('Room.Volume', Volume)
status.Set('Room.Mute', 'Off')

return system
