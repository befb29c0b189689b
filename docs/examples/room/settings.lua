-- What differs from one such room to the next. Times are seconds; the ports are those of the simulators.

local ports = require 'ports'

return {
    PanelPort = 9100,

    Projector = {Hostname = '127.0.0.1', IPPort = ports.Projector.TCP, Model = 'Class 2', Password = 'JBMIAProjectorLink',
        Input = 'Digital 1'},
    Switcher = {Hostname = '127.0.0.1', IPPort = ports.Switcher.TCP, Model = '8x8', Outputs = {1, 2}},
    Display = {Hostname = '127.0.0.1', IPPort = ports.Display.TCP, ID = 0, Input = 'HDMI 1', MissingAnswers = 20},
    Camera = {Hostname = '127.0.0.1', IPPort = ports.Camera.UDP},
    Audio = {Hostname = '127.0.0.1', IPPort = ports.Audio.TCP, InstanceTag = 'LEVEL1', Channel = 1},

    -- A source has an input of the switcher. The camera's presets are those that the panel may name.
    Sources = {laptop = 1, camera = 2, player = 3, pc = 4},
    FirstSource = 'laptop',
    Presets = {wide = 1, lectern = 2, audience = 3},

    -- Volume 0 to 100 of the panel is this many decibels.
    Quietest = -60,
    Loudest = 0,
    FirstVolume = 50,
    VolumeStep = 5,

    PollFrequency = 1,
    MissingAnswers = 3,
    ConnectRetryTime = 2,
    RetryTime = 5,
    -- After this time the room counts as on or off even when a device does not say so.
    PatienceWithDevices = 90,

    Shutdown = '23:00:00',
}
