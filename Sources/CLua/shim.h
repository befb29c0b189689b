/* The system's Lua 5.4. Only CLuaShim sees it: Swift never calls the Lua C API directly. */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
