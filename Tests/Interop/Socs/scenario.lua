-- Plays a scenario with the TCPInterface of Lectern. settings.lua has the ports of device.py.

local TCPInterface = require('socs.tcp').TCPInterface
local time = require 'time'
local settings = require 'settings'

local director = EthernetClientInterface('127.0.0.1', settings.Control)
assert(director:Connect(5) == 'Connected')
local interface

-- The result as text, or the error's kind.
local function attempt(method, ...)
    local ok, result = pcall(interface[method], interface, ...)
    if ok then return result or 'ok' end
    return result.kind
end

local steps = {}

function steps.device(rest) return director:SendAndWait(rest .. '\n', 5, {deliTag = '\n'}):strip() end

function steps.sleep(rest)
    time.sleep(tonumber(rest))
    return 'ok'
end

function steps.make(rest)
    interface = TCPInterface('127.0.0.1', settings.Port, tonumber(rest))
    return interface.comm and 'connected' or 'nil'
end

function steps.connected() return interface.comm and 'yes' or 'no' end
function steps.send(rest) return attempt('send', rest .. '\n') end
function steps.flood(rest) return attempt('send', ('x'):rep(tonumber(rest))) end
function steps.recv(rest) return attempt('recv', tonumber(rest)) end
function steps.recv_and_reset() return attempt('recv', {reset_on_error = true}) end

for line in File('scenario.txt') do
    local step = line:partition(' -> '):strip()
    if step ~= '' and not step:startswith('#') then
        local command, _, rest = step:partition(' ')
        print('| ' .. step .. ' -> ' .. steps[command](rest))
    end
end
print('| end')
ExitProgram(0)
