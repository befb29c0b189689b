-- The clients of 13-idle-clients.lua: a panel that says something every ten seconds and stays, and one that falls
-- silent.

local settings = require 'settings'

local function Panel(name)
    local panel = EthernetClientInterface('127.0.0.1', settings.ServerPort)
    event(panel, {'Connected', 'Disconnected'}, function(_, state) print(name .. ' is ' .. state) end)
    local result = panel:Connect(5)
    if result ~= 'Connected' then
        print(name .. ' cannot connect: ' .. result)
        return nil
    end
    panel:Send(name .. ' is here')
    return panel
end

local Talker = Panel('Talker')
if Talker then Talker:StartKeepAlive(10, 'Talker is still here') end

Panel('Sleeper')
