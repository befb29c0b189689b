-- secsgem: what its declared classes leave to Lua, and the names of its modules.

local host = ...

local setmetatable = setmetatable

--- What calls the function of that name of a connection's delegate.
local function deliver(name)
    return function(connection, ...)
        local delegate = connection.delegate
        local f = delegate ~= nil and delegate[name]
        if f then return f(delegate, connection, ...) end
    end
end

-- A peer must not wait for T3 because a callback has failed.
local abort_on_error = {__close = function(guard, problem)
    if problem ~= nil then guard.request:abort() end
end}

--- Answers a request by what the callback returns; nil leaves it to be answered later.
local function answer(handler, call)
    local request, callback = call.request, call.callback
    -- The program may have unregistered it while the request was queued.
    if not callback then return request:abort() end
    local guard <close> = setmetatable({request = request}, abort_on_error)
    local reply = callback(handler, request)
    if reply ~= nil then request:reply(reply) end
end

--- Makes the handler that a manager is to have on top of a protocol.
local function make_handler(class, protocol)
    local handler = class(protocol)
    handler:enable()
    return handler
end

-- A manager tells the classes by this mark, which derived classes inherit.
HsmsProtocol.handler_kind = "hsms"
SecsHandler.handler_kind = "secs"
GemHostHandler.handler_kind = "host"
GemEquipmentHandler.handler_kind = "equipment"

-- The older documentation's name.
HsmsHandler = HsmsProtocol

local connections = {
    HsmsConnection = HsmsConnection, HsmsActiveConnection = HsmsActiveConnection,
    HsmsPassiveConnection = HsmsPassiveConnection, HsmsMultiPassiveConnection = HsmsMultiPassiveConnection,
    HsmsMultiPassiveServer = HsmsMultiPassiveServer,
}
local packets = {
    HsmsHeader = HsmsHeader, HsmsPacket = HsmsPacket,
    HsmsSelectReqHeader = HsmsSelectReqHeader, HsmsSelectRspHeader = HsmsSelectRspHeader,
    HsmsDeselectReqHeader = HsmsDeselectReqHeader, HsmsDeselectRspHeader = HsmsDeselectRspHeader,
    HsmsLinktestReqHeader = HsmsLinktestReqHeader, HsmsLinktestRspHeader = HsmsLinktestRspHeader,
    HsmsRejectReqHeader = HsmsRejectReqHeader, HsmsSeparateReqHeader = HsmsSeparateReqHeader,
    HsmsStreamFunctionHeader = HsmsStreamFunctionHeader,
}
local manager = {HsmsConnectionManager = HsmsConnectionManager}
local protocol = {HsmsProtocol = HsmsProtocol}
local handler = {HsmsHandler = HsmsHandler}
local variables = {SecsItem = SecsItem}
for _, format in ipairs({"A", "B", "BOOLEAN", "C2", "F4", "F8", "I1", "I2", "I4", "I8", "J", "L", "U1", "U2", "U4",
    "U8"}) do
    variables[format] = SecsItem[format]
end
local secs_handler = {SecsHandler = SecsHandler, SecsRequest = SecsRequest}
local secs = {handler = secs_handler, variables = variables, SecsMessage = SecsMessage}
local gem_handler = {GemHandler = GemHandler}
local gem = {
    handler = gem_handler, GemHandler = GemHandler, GemHostHandler = GemHostHandler,
    GemEquipmentHandler = GemEquipmentHandler,
}
local hsms = {connections = connections, connectionmanager = manager, protocol = protocol, handler = handler,
    packets = packets}
local secsgem = {hsms = hsms, secs = secs, gem = gem}

--- Adds the names of tables to another.
local function add(to, ...)
    for _, from in ipairs({...}) do
        for name, value in next, from do
            if to[name] == nil then to[name] = value end
        end
    end
    return to
end

add(hsms, connections, packets, manager, protocol, handler)
add(secs, secs_handler, variables)
add(secsgem, connections, packets, manager, protocol, handler, secs_handler, {
    SecsItem = SecsItem, SecsMessage = SecsMessage, GemHandler = GemHandler, GemHostHandler = GemHostHandler,
    GemEquipmentHandler = GemEquipmentHandler,
})

local function bring(name, contents)
    host.modules[name] = function() return contents end
end

bring("secsgem", secsgem)
bring("secsgem.hsms", hsms)
bring("secsgem.hsms.connections", connections)
bring("secsgem.hsms.connectionmanager", manager)
bring("secsgem.hsms.packets", packets)
bring("secsgem.hsms.protocol", protocol)
bring("secsgem.hsms.handler", handler)
bring("secsgem.secs", secs)
bring("secsgem.secs.handler", secs_handler)
bring("secsgem.secs.variables", variables)
bring("secsgem.gem", gem)
bring("secsgem.gem.handler", gem_handler)

return {
    on_connection_established = deliver("on_connection_established"),
    on_connection_packet_received = deliver("on_connection_packet_received"),
    on_connection_before_closed = deliver("on_connection_before_closed"),
    on_connection_closed = deliver("on_connection_closed"),
    answer = answer,
    make_handler = make_handler,
}
