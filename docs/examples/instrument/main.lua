-- An agent that takes data from one instrument for ever, whatever happens to the instrument: when it is lost the session
-- counts as degraded, and goes on when the instrument is back.
--
-- Start the instrument first: lectern run device.lua, and in another terminal lectern run main.lua. Then stop it, and
-- start it again.

local time = require 'time'
local settings = require 'settings'
local Thermometer = require 'thermometer'

local ThermometerAgent = class('ThermometerAgent')

function ThermometerAgent:init(device)
    self.device = device
end

-- Takes data until the session is stopped.
function ThermometerAgent:main(session)
    while session.status == 'starting' or session.status == 'running' do
        local ok, data = pcall(self.device.get_data, self.device)
        if ok then
            if session.degraded then
                print('The instrument is back')
                session.degraded = false
            end
            session.data = data
            print(('%.3f K'):format(data))
        elseif data.kind == 'ConnectionError' then
            ProgramLog('No data: ' .. data.message, 'warning')
            session.degraded = true
        else
            error(data) -- a mistake of ours, or of the instrument
        end
        time.sleep(1)
    end
    return true, 'The session was stopped'
end

local agent = ThermometerAgent(Thermometer('127.0.0.1', settings.Cryostat, 2))
local session = {status = 'running', degraded = false}

print(agent:main(session))
