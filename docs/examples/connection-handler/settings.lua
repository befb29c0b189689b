-- What the programs and their devices agree on. Times are seconds.
return {
    Port = 9000, -- where the device of an example listens
    ServerPort = 9001, -- where a program that is a server listens
    ServerTimeout = 30, -- how long clients of a server may be silent

    -- 14-auto-reconnect. To see a night pass in a minute, set the times to the next minute.
    ShutdownAt = '21:00:00', -- the program gives up reconnecting
    RackOffAt = '21:00:10', -- the device goes away
    RackOnAt = '07:59:50', -- the device is back
    PowerOnAt = '08:00:00', -- the program connects

    -- 15-pause-polling
    InUse = 10, -- how long the program leaves the projector on
    WarmingUp = 28, -- how long the projector hears nothing
    CoolingDown = 55,
    PauseForWarmingUp = 30, -- how long the program does not ask
    PauseForCoolingDown = 60,

    -- 16-interface-properties
    Password = 'abc123', -- what the scaler takes
}
