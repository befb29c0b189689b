-- The same, declared.
return DeviceModule {
    name = 'Echo',
    connections = {Ethernet = {}},
    framing = {delimiter = '\r'},
    timeout = 1,
    commands = {
        Power = {
            values = {Off = '0', On = '1'},
            query = function(self) return self:ReadStatus('Power') == 'On' and 'Pwr0\r' or 'Pwr1\r' end,
            reply = {lua = '^Pwr(%d)$'},
        },
    },
}
