-- A TCP device that answers when it likes, without a device module.
--
-- It differs from the serial one in the interface only.

local settings = require 'settings'

local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}

-- Sends the keep-alive query. Its argument is the handler that asks for it.
local function DeviceKeepAlive(interface)
    interface:Send('P')
end

local DeviceBuffer = ''
local Power

local DeviceInterface = GetConnectionHandler(EthernetClientInterface('127.0.0.1', settings.Port), DeviceKeepAlive)

local function Initialize()
    DeviceInterface:Connect()
end

event(DeviceInterface, 'ReceiveData', function(interface, rcvString)
    DeviceBuffer = DeviceBuffer .. rcvString

    while true do
        local msg, delim, remainder = DeviceBuffer:partition('\r\n')
        if delim == '' then break end -- no complete message is in the buffer

        DeviceBuffer = remainder -- the leftovers

        local Command, State = msg:sub(1, 3), msg:sub(4)
        if Command == 'Pwr' and PowerStates[State] then
            interface:ResponseAccepted()
            if State ~= Power then
                Power = State
                print('Power is ' .. PowerStates[State])
            end
        end
    end
end)

event(DeviceInterface, {'Connected', 'Disconnected'}, function(interface, state)
    DeviceBuffer = '' -- half a message of the connection before belongs to nothing
    print('Device is ' .. state)
end)

Initialize()
