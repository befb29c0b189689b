-- A device at a serial port that is asked and answers at once, without a device module. See lectern.yaml for the cable.
--
-- The keep-alive query sends and waits for the answer. Only this query waits: timers, other devices and other handlers
-- go on meanwhile. A serial port has no connection; its handler is Connected when a good response was accepted, and
-- Disconnected after DisconnectLimit questions without one.

local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}

-- Asks the device and judges its answer. Its argument is the handler that asks for it.
local function DeviceKeepAlive(interface)
    local res = interface:SendAndWait('P', 3, {deliTag = '\r\n'})

    local Command, State = res:sub(1, 3), res:sub(4):strip()
    if Command == 'Pwr' and PowerStates[State] then
        -- Nothing else tells the handler that this was a good answer.
        interface:ResponseAccepted()
        print('Power is ' .. PowerStates[State])
    else
        print('No good answer')
    end
end

local DeviceInterface = GetConnectionHandler(
    SerialInterface(ProcessorDevice('MainProcessor'), 'COM2'), DeviceKeepAlive)

local function Initialize()
    DeviceInterface:Connect()
end

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
end)

Initialize()
