-- What main.lua and device.lua agree on. Times are seconds.
return {Port = 9007, WarmingUp = 2}
