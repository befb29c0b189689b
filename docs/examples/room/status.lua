-- What is known of the room, by name: 'Room.Power' is 'On', 'Projector.Connection' is 'Connected'. Whoever learns
-- something sets it here; whoever shows it listens.

local status = {}

local Values, Names, Listeners = {}, {}, {}

--- Keeps a value and tells the listeners, if it is a new one.
function status.Set(name, value)
    value = tostring(value)
    if Values[name] == value then return end
    if Values[name] == nil then Names[#Names + 1] = name end
    Values[name] = value
    for _, listener in ipairs(Listeners) do listener(name, value) end
end

--- The value; nil when nothing is known.
function status.Get(name) return Values[name] end

--- Calls listener(name, value) with each change.
function status.Listen(listener) Listeners[#Listeners + 1] = listener end

--- Calls visitor(name, value) with all that is known, in the order in which it became known.
function status.Each(visitor)
    for _, name in ipairs(Names) do visitor(name, Values[name]) end
end

return status
