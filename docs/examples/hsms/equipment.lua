-- An oven as GEM equipment: its temperature is a status variable, its setpoint a constant that the host changes, and
-- START heats it up, which ends with an event. Above 190 degrees an alarm is set. The host is host.lua.

local secsgem = require 'secsgem'
local U2, U4, F4 = secsgem.secs.U2, secsgem.secs.U4, secsgem.secs.F4

local Temperature, Setpoint, Batch = 10, 30, 40 -- variables
local HeatingUp, Hot = 100, 101                 -- collection events
local TooHot = 7                                -- an alarm

local oven = secsgem.GemEquipmentHandler('127.0.0.1', 9035, false, 0, 'host', {initial_control_state = 'ONLINE'})
oven.MDLN, oven.SOFTREV = 'oven', '1.0'
oven:add_status_variable(Temperature, 'Temperature', 'degC', F4(20))
oven:add_data_value(Batch, 'Batch', '', 'none')
oven:add_equipment_constant(Setpoint, 'Setpoint', 'degC', U2(180), 50, 250)
oven:add_collection_event(HeatingUp, 'HeatingUp', {Batch})
oven:add_collection_event(Hot, 'Hot')
oven:add_alarm(TooHot, 'The oven is too hot', 2)

local function heat()
    local setpoint = oven:get_value(Setpoint)
    for temperature = 40, setpoint, 20 do
        time.sleep(1)
        oven:set_value(Temperature, temperature)
        if temperature > 190 then oven:set_alarm(TooHot) end
    end
    oven:trigger_collection_events({Hot})
end

oven:add_remote_command('START', {'BATCH'}, function(_, command)
    local batch = command.params.BATCH
    if not batch then return 3 end
    oven:set_value(Batch, batch)
    command:reply(4) -- it will be done, and an event tells when
    oven:trigger_collection_events({HeatingUp})
    Wait(0, heat)
end)

-- A message of the oven's own.
oven:register_stream_function(64, 1, function(_, request)
    return {'Doors', U4(request.value)}
end)

oven.equipment_constant_changed = function(_, change) print(('Setpoint: %d'):format(change.value)) end
oven.terminal_received = function(_, message) print('The host says: ' .. message.text) end

oven:enable()
