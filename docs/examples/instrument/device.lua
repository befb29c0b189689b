-- Two of the three thermometers of a cryostat. The line 'T?' asks for the temperature in kelvin, which drifts a little
-- with each answer; any other line is answered with 'E'. The shield's answers take a second.

local time = require 'time'
local settings = require 'settings'

local function thermometer(name, kelvin, delay)
    local server = EthernetServerInterfaceEx(settings[name])
    local buffers = {}

    local function answer(line)
        if line:strip() ~= 'T?' then return 'E\n' end
        time.sleep(delay)
        kelvin = kelvin + (math.random() - 0.5) / 50
        return ('%.3f\n'):format(kelvin)
    end

    event(server, 'ReceiveData', function(client, data)
        buffers[client] = (buffers[client] or '') .. data
        while true do
            local line, delimiter, rest = buffers[client]:partition('\n')
            if delimiter == '' then break end
            buffers[client] = rest
            -- The client may go while the answer is measured.
            local sent, reason = pcall(client.Send, client, answer(line))
            if not sent then print('Not answered: ' .. reason.message) end
        end
    end)

    event(server, {'Connected', 'Disconnected'}, function(client, state)
        buffers[client] = nil
        print(name .. ': ' .. client.IPAddress .. ' ' .. state)
    end)

    print(name .. ': ' .. server:StartListen())
end

thermometer('Cryostat', 4.2, 0)
thermometer('Shield', 40, 1)
