/* The system's Lua 5.4. Only CLuaShim uses it: Swift never calls the Lua C API directly (one test does, to get
   Lua's own string library). */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
