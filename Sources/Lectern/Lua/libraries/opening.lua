-- Opens libraries, given by their names, as globals; and adds what Python's math has more than Lua's.

local host = ...

for _, name in next, {select(2, ...)} do _G[name] = host.library.open(name) end

for name, value in next, host.library.open("python_math") do math[name] = value end
