-- What main.lua and device.lua agree on. To see a night pass in a minute, set the times to the next minute.
return {
    Port = 9004,
    ShutdownAt = '21:00:00', -- the program gives up reconnecting
    RackOffAt = '21:00:10', -- the device goes away
    RackOnAt = '07:59:50', -- the device is back
    PowerOnAt = '08:00:00', -- the program connects
}
