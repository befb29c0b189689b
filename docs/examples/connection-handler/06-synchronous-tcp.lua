-- A TCP device that is asked and answers at once, without a device module.
--
-- It differs from the serial one in the interface only. The handler is Connected with the connection, and Disconnected
-- also when the connection is lost; five seconds later it tries to connect again.

local settings = require 'settings'

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

local DeviceInterface = GetConnectionHandler(EthernetClientInterface('127.0.0.1', settings.Port), DeviceKeepAlive)

local function Initialize()
    DeviceInterface:Connect()
end

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    print('Device is ' .. state)
end)

Initialize()
