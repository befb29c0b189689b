for _ = 1, 300 do
    setmetatable({}, {__gc = function() local function r() return r() + 1 end return r() end})
end
collectgarbage()
