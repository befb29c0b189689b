-- What main.lua and device.lua agree on. The time is seconds.
return {Port = 9006, ServerTimeout = 30}
