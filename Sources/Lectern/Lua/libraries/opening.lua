-- Makes one of Python's libraries a global; or adds it to the global of its name, when more of that is asked for.

local host, name, way = ...

if way == "later" then
    host.add_later(_ENV[name], name)
else
    host.set_global(name, host.open_library(name))
end
