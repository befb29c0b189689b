-- At which ports the thermometers are, for main.lua, monitor.lua and device.lua. Nobody listens at the last one.
return {Cryostat = 9021, Shield = 9022, Dome = 9023}
