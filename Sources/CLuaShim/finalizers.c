/*
 * Finalizers of programs. Lua runs __gc with hooks off, so one that loops for ever could not be ended, and it runs
 * whatever the metatable holds by then. So Lua never sees a __gc of a program when a metatable is set. The object
 * gets a field with a sentinel instead, a userdata that refers back to it: both become garbage together, and the
 * finalizer of the sentinel, a C function, queues the object. The host runs the __gc of its metatable in a task of
 * its own later, where the watchdog and the log see it and where it may wait.
 */
#include "internal.h"

/* __gc of a sentinel, whose user value is the object */
static __LJMP int queue_finalizer(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->shutting || lua_getiuservalue(L, 1, 1) != LUA_TTABLE) return 0;
    h->depth++; /* an object must not be lost to the memory limit; nothing below can fail but for memory */
    lua_pushnil(L);
    lua_rawsetp(L, 2, &shim_key_sentinel);
    if (lua_getmetatable(L, 2)) {
        lua_pushliteral(L, "__gc");
        lua_rawget(L, 3);
        if (shim_is_callable(L, 4)) {
            lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_finalizer_queue);
            lua_pushvalue(L, 4);
            lua_rawseti(L, -2, ++h->finalizers_last);
            lua_pushvalue(L, 2);
            lua_rawseti(L, -2, ++h->finalizers_last);
        }
    }
    h->depth--;
    return 0;
}

/* Gives the table at index a sentinel, if it has none. */
static __LJMP void add_sentinel(lua_State *L, int index) {
    if (lua_rawgetp(L, index, &shim_key_sentinel) == LUA_TNIL) {
        lua_newuserdatauv(L, 0, 1);
        lua_pushvalue(L, index);
        lua_setiuservalue(L, -2, 1);
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_sentinel_meta);
        lua_setmetatable(L, -2);
        lua_rawsetp(L, index, &shim_key_sentinel);
    }
    lua_pop(L, 1);
}

__LJMP void shim_set_metatable(lua_State *L, int index) {
    shim_host *h = shim_host_of(L);
    index = lua_absindex(L, index);
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_setmetatable(L, index);
        return;
    }
    add_sentinel(L, index);
    int finalizer = lua_gettop(L), metatable = finalizer - 1;
    h->depth++; /* between here and there the metatable lacks its __gc */
    lua_pushliteral(L, "__gc");
    lua_pushnil(L);
    lua_rawset(L, metatable);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, index);
    lua_pushliteral(L, "__gc");
    lua_pushvalue(L, finalizer);
    lua_rawset(L, metatable);
    h->depth--;
    lua_pop(L, 2);
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
        lua_getmetatable(L, 1);
        if (!shim_is_json_mark(L, -1)) return luaL_error(L, "cannot change a protected metatable");
    }
    lua_settop(L, 2);
    if (type == LUA_TTABLE) {
        shim_set_metatable(L, 1);
    } else {
        lua_setmetatable(L, 1);
    }
    return 1;
}

__LJMP void shim_open_finalizers(lua_State *L) {
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, queue_finalizer);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "finalizer");
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_sentinel_meta);
    lua_pushcfunction(L, host_setmetatable);
    lua_setglobal(L, "setmetatable");
}
