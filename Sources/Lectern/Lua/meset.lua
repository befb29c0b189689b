-- MESet: what its declared methods do. A member is anything with a method SetState; the calls may wait, so they are made
-- from Lua.

local host = ...

local given, keep = host.meset_given, host.meset_keep
local TypeError, ValueError = TypeError, ValueError
local integer = math.type

--- Keeps the state, and the members for the property Objects, which gives a copy.
local function show(state)
    keep(state.set, state, state.members)
end

local function check(object)
    local kind = type(object)
    if (kind ~= "table" and kind ~= "userdata") or type(object.SetState) ~= "function" then
        error(TypeError("a member of an MESet must be an object with a method SetState, got a " .. kind), 4)
    end
end

--- The member that a program named: itself or its number. 3 levels up is the program.
local function member(state, object)
    local members = state.members
    if integer(object) == "integer" then
        if members[object] == nil or object < 1 then
            error(ValueError(("the MESet has no member %d; it has %d"):format(object, #members)), 3)
        end
        return members[object], object
    end
    for i = 1, #members do
        if members[i] == object then return object, i end
    end
    error(ValueError("the object is no member of the MESet"), 3)
end

local init = MESet.init

function MESet.init(self, ...)
    init(self, ...)
    local state = {set = self, members = {}, off = {}, on = {}}
    for i, object in ipairs(given(self)) do
        check(object)
        state.members[i] = object
    end
    show(state)
end

local exports = {}

function exports.SetCurrent(state, object)
    local chosen
    if object ~= nil then chosen = member(state, object) end
    -- A copy: a SetState that waits lets other tasks change the members.
    local others = {}
    for _, other in ipairs(state.members) do
        if other ~= chosen then others[#others + 1] = other end
    end
    for _, other in ipairs(others) do other:SetState(state.off[other] or 0) end
    if chosen ~= nil then chosen:SetState(state.on[chosen] or 1) end
    state.current = chosen
end

function exports.GetCurrent(state) return state.current end

function exports.Append(state, object)
    check(object)
    for _, known in ipairs(state.members) do
        if known == object then error(ValueError("the object is a member of the MESet already"), 2) end
    end
    state.members[#state.members + 1] = object
    show(state)
end

function exports.Remove(state, object)
    local gone, index = member(state, object)
    table.remove(state.members, index)
    state.off[gone], state.on[gone] = nil, nil
    if state.current == gone then state.current = nil end
    show(state)
end

function exports.SetStates(state, object, off, on)
    local chosen = member(state, object)
    state.off[chosen], state.on[chosen] = off, on
end

return exports
