-- What main.lua and device.lua agree on.
return {Port = 9002}
