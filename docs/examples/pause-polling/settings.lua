-- What main.lua and device.lua agree on. Times are seconds.
return {
    Port = 9005,
    InUse = 10, -- how long main.lua leaves the projector on
    WarmingUp = 28, -- how long the device hears nothing
    CoolingDown = 55,
    PauseForWarmingUp = 30, -- how long main.lua does not ask
    PauseForCoolingDown = 60,
}
