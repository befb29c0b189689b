/*
 * Finalizers of programs. Lua runs __gc with hooks off, so one that loops for ever could not be ended. A metatable's
 * __gc is replaced here by a C function that queues the object; the host runs the program's function in a task of its
 * own later, where the watchdog and the log see it and where it may wait.
 */
#include "internal.h"

static __LJMP int queue_finalizer(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->shutting || !lua_getmetatable(L, 1)) return 0;
    h->depth++; /* an object must not be lost to the memory limit; nothing below can fail but for memory */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_finalizers);
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -2) == LUA_TFUNCTION) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_finalizer_queue);
        lua_pushvalue(L, -2);
        lua_rawseti(L, -2, ++h->finalizers_last);
        lua_pushvalue(L, 1);
        lua_rawseti(L, -2, ++h->finalizers_last);
    }
    h->depth--;
    return 0;
}

bool shim_has_finalizers(lua_State *L) {
    shim_host *h = shim_host_of(L);
    return h->finalizers_first < h->finalizers_last;
}

bool shim_next_finalizer(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->finalizers_first >= h->finalizers_last) return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_finalizer_queue);
    int queue = lua_gettop(L);
    for (int i = 0; i < 2; i++) {
        lua_Integer n = ++h->finalizers_first;
        lua_rawgeti(L, queue, n);
        lua_pushnil(L);
        lua_rawseti(L, queue, n);
    }
    lua_remove(L, queue);
    if (h->finalizers_first == h->finalizers_last) h->finalizers_first = h->finalizers_last = 0;
    return true;
}

static __LJMP int host_setmetatable(lua_State *L) {
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return luaL_error(L, "cannot change a protected metatable");
    }
    lua_settop(L, 2);
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) == LUA_TFUNCTION && lua_tocfunction(L, -1) != queue_finalizer) {
            lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_finalizers);
            lua_pushvalue(L, 2);
            lua_pushvalue(L, 3);
            lua_rawset(L, 4);
            lua_pushliteral(L, "__gc");
            lua_pushcfunction(L, queue_finalizer);
            lua_rawset(L, 2);
        }
        lua_settop(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

__LJMP void shim_open_finalizers(lua_State *L) {
    lua_pushcfunction(L, host_setmetatable);
    lua_setglobal(L, "setmetatable");
}
