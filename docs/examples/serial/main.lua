-- A serial device that answers when it likes, without a device module.
--
-- A serial line has no connection: the port is Online when it can be used, and only answers tell that a device is at
-- its other end. So the program asks for the power state once a second, counts the questions, and starts the count
-- anew with every good answer. Answers end in '\r\n' and may arrive in pieces, so they are collected in a buffer.
--
-- lectern.yaml says which ports COM2 of MainProcessor and COM1 of the device are. This makes a pair of them:
--
--     socat pty,rawer,link=/tmp/lectern-main pty,rawer,link=/tmp/lectern-device
--
-- Then start the device: lectern run device.lua, and in another terminal lectern run main.lua. Ending and restarting
-- socat is like pulling the plug and putting it back.

local MainProcessor = ProcessorDevice('MainProcessor')
local Device = SerialInterface(MainProcessor, 'COM2', {Baud = 9600})

local PowerStates = {['0'] = 'Off', ['1'] = 'On', ['2'] = 'Cooling Down', ['3'] = 'Warming Up'}
local MissedLimit = 3

local DeviceBuffer = ''
local Power
local Missed = 0
local IsConnected = false

local function Report(connected)
    if connected == IsConnected then return end
    IsConnected = connected
    print('Device is ' .. (connected and 'Connected' or 'Disconnected'))
end

local Poll = Timer(1, function()
    if Missed >= MissedLimit then Report(false) end
    Missed = Missed + 1
    Device:Send('P')
end)
Poll:Stop() -- until the port is there

event(Device, 'ReceiveData', function(interface, rcvString)
    DeviceBuffer = DeviceBuffer .. rcvString

    while true do
        local msg, delim, remainder = DeviceBuffer:partition('\r\n')
        if delim == '' then break end -- no complete message is in the buffer

        DeviceBuffer = remainder -- the leftovers

        local Command, State = msg:sub(1, 3), msg:sub(4)
        if Command == 'Pwr' and PowerStates[State] then
            Missed = 0
            Report(true)
            if State ~= Power then
                Power = State
                print('Power is ' .. PowerStates[State])
            end
        end
    end
end)

event(Device, 'Online', function(interface, state)
    print('The port is ' .. state)
    Missed = 0
    Poll:Restart()
end)

event(Device, 'Offline', function(interface, state)
    print('The port is ' .. state)
    Poll:Stop()
    DeviceBuffer = '' -- half a message from before belongs to nothing
    Report(false)
end)
