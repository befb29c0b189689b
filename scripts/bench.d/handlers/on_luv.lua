-- Devices that are polled ten times a second: polls, counts of what is unanswered, and reconnecting as a connection handler of
-- Lectern has them, by hand. Arguments: port, devices.
local uv = require 'luv'
local port, devices = tonumber(arg[1]), tonumber(arg[2])
local find, sub = string.find, string.sub

local poll_interval, retry_after, connect_within, disconnect_limit = 100, 5000, 10000, 15
local status = {}

local Handler = {}
Handler.__index = Handler

function Handler.new(received, changed)
    local handler = setmetatable({received = received, changed = changed}, Handler)
    handler.connection_status, handler.unanswered = 'Unknown', 0
    handler.timer = uv.new_timer()
    handler.on_poll = function() handler:poll() end
    handler.on_retry = function() handler:connect() end
    handler.on_time_out = function() handler:lose() end
    return handler
end

function Handler:connect()
    local socket = uv.new_tcp()
    self.socket = socket
    self.timer:start(connect_within, 0, self.on_time_out)
    socket:connect('127.0.0.1', port, function(problem)
        if socket ~= self.socket then return end
        if problem then return self:lose() end
        socket:nodelay(true)
        socket:read_start(function(_, data)
            if socket ~= self.socket then return end
            if not data then return self:lose() end
            self.received(self, data)
        end)
        self.unanswered = 0
        self:become('Connected')
        self.timer:start(poll_interval, poll_interval, self.on_poll)
    end)
end

function Handler:poll()
    if self.unanswered >= disconnect_limit then return self:lose() end
    self:send('Pwr\r')
end

function Handler:send(data)
    self.unanswered = self.unanswered + 1
    self.socket:write(data)
end

function Handler:response_accepted() self.unanswered = 0 end

--- Closes, and connects again later.
function Handler:lose()
    self.socket:close()
    self.socket = nil
    self:become('Disconnected')
    self.timer:start(retry_after, 0, self.on_retry)
end

function Handler:become(connection_status)
    if self.connection_status == connection_status then return end
    self.connection_status = connection_status
    self.changed(self, connection_status)
end

for number = 1, devices do
    local buffer = ''
    Handler.new(function(handler, data)
        buffer = buffer .. data
        while buffer ~= '' do
            local _, last, state = find(buffer, 'Pwr([0-3])\r\n')
            if not last then break end
            handler:response_accepted()
            status[number] = state
            buffer = sub(buffer, last + 1)
        end
    end, function() buffer = '' end):connect()
end
uv.run()
