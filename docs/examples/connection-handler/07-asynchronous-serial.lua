-- A device at a serial port that answers when it likes, without a device module. See lectern.yaml for the cable; ending
-- and restarting socat is like pulling the plug and putting it back.
--
-- The handler asks for the power state once a second. Answers end in '\r\n' and may arrive in pieces, so they are
-- collected in a buffer. Each good one is reported by ResponseAccepted: that is how the handler knows that the device
-- is alive.

local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}

-- Sends the keep-alive query. Its argument is the handler that asks for it.
local function DeviceKeepAlive(interface)
    interface:Send('P')
end

local DeviceBuffer = ''
local Power

local DeviceInterface = GetConnectionHandler(
    SerialInterface(ProcessorDevice('MainProcessor'), 'COM2'), DeviceKeepAlive)

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
    print('Device is ' .. state)
end)

Initialize()
