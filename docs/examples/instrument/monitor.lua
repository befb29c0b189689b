-- Three thermometers are read at once, every two seconds, and their readings go to temperatures.csv. One of them is down:
-- the others do not wait for it, and when it comes up it is read like them.
--
-- Start the devices first: lectern run device.lua, and in another terminal lectern run monitor.lua.

local settings = require 'settings'
local Thermometer = require 'thermometer'

local function write(...)
    local file = File('temperatures.csv', 'a')
    file:write(table.concat({...}, ',') .. '\n')
    file:close()
end

-- Reads one thermometer for ever. Its timer has a task of its own: what that waits for delays nothing else.
local function monitor(name)
    local device, degraded = nil, false
    Timer(2, function()
        device = device or Thermometer('127.0.0.1', settings[name], 1.5)
        local ok, data = pcall(device.get_data, device)
        if not ok and data.kind ~= 'ConnectionError' then error(data) end
        if ok == degraded then print(name .. (ok and ' is back' or ' is lost')) end
        degraded = not ok
        write(os.date('!%Y-%m-%dT%H:%M:%SZ'), name, ok and ('%.3f'):format(data) or '', ok and 'ok' or 'degraded')
    end)
end

if not File.Exists('temperatures.csv') then write('time', 'thermometer', 'kelvin', 'state') end
for _, name in ipairs {'Cryostat', 'Shield', 'Dome'} do monitor(name) end
