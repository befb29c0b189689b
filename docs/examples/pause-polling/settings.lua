-- What main.lua and device.lua agree on. Times are seconds.
return {
    Port = 9005,
    WarmingUp = 30,
    CoolingDown = 60,
    InUse = 10, -- how long main.lua leaves the projector on
}
