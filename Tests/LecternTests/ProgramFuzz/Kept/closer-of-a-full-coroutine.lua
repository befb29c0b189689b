local co = coroutine.create(function()
    local x <close> = setmetatable({}, {__close = function() while true do end end})
    local function r() return r() + 1 end
    r()
end)
coroutine.resume(co)
coroutine.close(co)
