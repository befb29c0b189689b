local function deep() local function r() return r() + 1 end return r() end
pcall(xpcall, deep, function() while true do end end)
xpcall(deep, function() while true do pcall(deep) end end)
