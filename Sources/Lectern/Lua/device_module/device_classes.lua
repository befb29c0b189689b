-- DeviceModule, 14: the classes that a declaration gives, one for each kind of connection.

local host = ...
local kit = host.kit
local fail, names_of, quoted, instead = kit.fail, kit.names_of, kit.quoted, kit.instead

local type, tostring, next, select, error, ipairs, getmetatable = type, tostring, next, select, error, ipairs, getmetatable
local TypeError, ValueError = TypeError, ValueError
local class, EthernetClientInterface, SerialInterface = class, EthernetClientInterface, SerialInterface

--- A constructor's arguments by name: by position, and from a table behind them whose keys are names.
local function arguments(of, names, ...)
    local given, count = {}, select("#", ...)
    local last = select(-1, ...)
    if count > 0 and type(last) == "table" and getmetatable(last) == nil and type(next(last)) == "string" then
        for name, value in next, last do given[name] = value end
        for _, name in ipairs(names_of(given)) do
            local known = false
            for _, one in ipairs(names) do known = known or one == name end
            if not known then
                error(TypeError(("%s has no parameter '%s'; %s"):format(of, tostring(name), instead(name, names))), 3)
            end
        end
        count = count - 1
    end
    if count > #names then
        error(TypeError(("%s takes at most %d arguments, got %d"):format(of, #names, count)), 3)
    end
    for i = 1, count do
        local value = (select(i, ...))
        if value ~= nil then
            if given[names[i]] ~= nil then
                error(TypeError(("%s: '%s' is given twice"):format(of, names[i])), 3)
            end
            given[names[i]] = value
        end
    end
    return given
end

--- What the devices of a module share.
local function set_up(module, object, kind, given, isPipe, connection_type)
    local declaration = module.declaration
    local models = declaration.models or {}
    local model = next(models) ~= nil and given.Model or ""
    object.Models = {}
    for name in next, models do object.Models[name] = true end
    object.ConnectionType = connection_type
    object.connectionCounter = declaration.connectionCounter or 15
    object.deviceUsername = declaration.deviceUsername
    object.devicePassword = declaration.devicePassword
    kit.set_up(object, module.protocols[kind][model], isPipe)
end

local function check_model(module, given, is_secret)
    local models = module.declaration.models
    if not models or next(models) == nil then return end
    if given.Model == nil or models[given.Model] == nil then
        local known = quoted(names_of(models))
        local named = is_secret and "of that name" or "'" .. tostring(given.Model) .. "'"
        local problem = given.Model == nil and "Model is missing" or "there is no model " .. named
        error(ValueError(("%s: %s; it is one of %s"):format(module.declaration.name, problem, known)), 4)
    end
end

local function address_of(module, of, kind, given)
    if type(given.Hostname) ~= "string" then
        error(TypeError(("%s: Hostname must be a string, got a %s"):format(of, type(given.Hostname))), 4)
    end
    local port = given.IPPort or module.declaration.connections[kind].port
    if port == nil then error(TypeError(of .. ": IPPort is missing, and the module knows none"), 4) end
    return given.Hostname, port
end

--- A class at a network connection.
local function ethernet_class(module, name, kind, connection_type, default, choices)
    local new = class(name, EthernetClientInterface, module.DeviceClass)
    local names = {"Hostname", "IPPort", "Protocol", "ServicePort"}
    if kind == "SSH" then names[#names + 1] = "Credentials" end
    names[#names + 1] = "Model"

    function new.init(self, ...)
        local given = arguments(name, names, ...)
        -- A password may have come to another parameter's place: no message shows what was given.
        check_model(module, given, kind == "SSH")
        local hostname, port = address_of(module, name, kind, given)
        local protocol = given.Protocol or default
        if not choices[protocol] then
            local got = kind == "SSH" and "another value" or "'" .. tostring(protocol) .. "'"
            error(ValueError(("%s: Protocol must be one of %s, got %s"):format(name, quoted(names_of(choices)), got)), 3)
        end
        if kind == "SSH" and given.Credentials == nil then
            error(ValueError(("%s: Credentials are missing: give {user, password}"):format(name)), 3)
        end
        EthernetClientInterface.init(self, hostname, port, {
            Protocol = protocol, ServicePort = given.ServicePort, Credentials = given.Credentials,
        })
        -- A device that has UDP at all speaks over it as declared there.
        local spoken = protocol == "UDP" and module.protocols.UDP and "UDP" or kind
        set_up(module, self, spoken, given, protocol == "UDP", connection_type)
    end

    if default ~= "UDP" then
        function new:Disconnect()
            EthernetClientInterface.Disconnect(self)
            kit.drop(self._device)
        end
    end
    return new
end

local function serial_class(module, defaults)
    local new = class("SerialClass", SerialInterface, module.DeviceClass)
    local names = {"Host", "Port"}
    for _, field in ipairs(kit.serial_fields) do names[#names + 1] = field end
    names[#names + 1] = "Model"

    function new.init(self, ...)
        local given = arguments("SerialClass", names, ...)
        check_model(module, given)
        local settings = {}
        for _, field in ipairs(kit.serial_fields) do
            settings[field] = given[field]
            if settings[field] == nil then settings[field] = defaults[field] end
        end
        -- An empty table would be taken for a parameter.
        SerialInterface.init(self, given.Host, given.Port, next(settings) ~= nil and settings or nil)
        set_up(module, self, "Serial", given, true, "Serial")
    end
    return new
end

--- DeviceModule(declaration) makes a device module: a table of the classes for the connections that the device has.
--- @param declared_at where the program calls it, as file:line
function DeviceModule(declaration, declared_at)
    local where = kit.check_module(declaration)
    local connections = declaration.connections
    local models = declaration.models
    if not models or next(models) == nil then models = {[""] = {}} end

    local module = {declaration = declaration, protocols = {}, DeviceClass = class("DeviceClass", kit.Device)}
    for _, kind in ipairs(names_of(connections)) do
        local protocols = {}
        for _, model in ipairs(names_of(models)) do
            local place = model == "" and where or where .. ": model '" .. model .. "'"
            protocols[model] = kit.compile(place, declaration, models[model], kind, connections[kind])
            protocols[model].place = declared_at
        end
        module.protocols[kind] = protocols
    end

    local classes = {DeviceClass = module.DeviceClass}
    if connections.Ethernet then
        classes.EthernetClass = ethernet_class(
            module, "EthernetClass", "Ethernet", "Ethernet", "TCP", {TCP = true, UDP = connections.UDP and true})
    end
    if connections.SSH then
        classes.SSHClass = ethernet_class(module, "SSHClass", "SSH", "Ethernet", "SSH", {SSH = true})
    end
    if connections.UDP then
        classes.UDPClass = ethernet_class(module, "UDPClass", "UDP", "Ethernet", "UDP", {UDP = true})
    end
    if connections.Serial then
        classes.SerialClass = serial_class(module, connections.Serial)
        classes.SerialOverEthernetClass = ethernet_class(
            module, "SerialOverEthernetClass", "Serial", "Serial", "TCP", {TCP = true, UDP = true})
    end
    return classes
end
