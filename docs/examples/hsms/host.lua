-- The host of equipment.lua: asks the oven who it is, subscribes to its events and alarms, changes its setpoint and has it
-- heat up. Start the oven first.

local secsgem = require 'secsgem'

local host = secsgem.GemHostHandler('127.0.0.1', 9035, true, 0, 'oven', {T5 = 2})

host.collection_event_received = function(_, event)
    local values = {}
    for _, report in ipairs(event.reports) do
        for _, value in ipairs(report.values) do values[#values + 1] = tostring(value.value) end
    end
    print(('Event %d: %s'):format(event.ceid, table.concat(values, ', ')))
    if event.ceid == 101 then
        print(('The oven is hot: %.0f degC'):format(host:request_sv(10)))
        host:disable()
    end
end

host.alarm_received = function(_, alarm)
    print(('Alarm %d %s: %s'):format(alarm.alid, alarm.set and 'set' or 'cleared', alarm.text))
end

host.handler_communicating = function()
    local oven = host:are_you_there()
    print(('Communicating with %s %s'):format(oven.MDLN, oven.SOFTREV))
    for _, variable in ipairs(host:list_svs({10})) do
        print(('%s is %.0f %s'):format(variable.name, host:request_sv(variable.id), variable.units))
    end
    host:subscribe_collection_event(100, {40})
    host:subscribe_collection_event(101, {10})
    host:enable_alarm(7)
    print('Setpoint 300: ' .. host:set_ec(30, 300))
    print('Setpoint 200: ' .. host:set_ec(30, 200))
    host:send_equipment_terminal(0, 'Good morning')
    local doors = host:send(secsgem.SecsMessage({stream = 64, func = 1, item = 2, require_response = true})).value
    print(doors[1] .. ': ' .. doors[2])
    print('START: ' .. host:send_remote_command('START', {BATCH = 'L7'}))
end

host:enable()
