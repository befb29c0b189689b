-- The driver of the thermometers that device.lua simulates.

local TCPInterface = require('socs.tcp').TCPInterface

local Thermometer = class('Thermometer', TCPInterface)

-- Connects. A device that is not there is no error: the first question tries again.
function Thermometer:init(ip_address, port, timeout)
    TCPInterface.init(self, ip_address, port or 501, timeout or 10)
end

-- Asks for a line. Raises ConnectionError when the device does not answer in time.
function Thermometer:ask(question)
    self:send(question .. '\n')
    local answer = ''
    repeat
        -- A read gives what is there, often less than a line. The reset throws away what comes too late.
        answer = answer .. self:recv(256, true)
    until answer:endswith('\n')
    return answer:strip()
end

-- The temperature in kelvin.
function Thermometer:get_data()
    local answer = self:ask('T?')
    return tonumber(answer) or error(ValueError("not a temperature: '" .. answer .. "'"))
end

return Thermometer
