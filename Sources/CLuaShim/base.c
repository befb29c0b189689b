/* Host versions of basic functions: protected calls that pass a kill on, print, the collector. */
#include "internal.h"

/* ---- pcall and xpcall ---- */

static __LJMP int finish_protected(lua_State *L, int status, lua_KContext extra) {
    if (status != LUA_OK && status != LUA_YIELD) {
        shim_host *h = shim_host_of(L);
        h->hooks_off = false; /* Lua has restored them before coming here */
        if (h->kill != SHIM_KILL_NONE) return lua_error(L);
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)extra;
}

static __LJMP int host_pcall(lua_State *L);
static __LJMP int host_xpcall(lua_State *L);

static bool catches(lua_CFunction function) { return function == host_pcall || function == host_xpcall; }

/*
 * Of pcall. Where the error is raised its frames still stand, so this is where they are noted, and where a message that
 * names a line of the host is made to name the program's.
 */
static __LJMP int note_error(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->kill != SHIM_KILL_NONE || !lua_checkstack(L, 8)) return 1;
    h->depth++; /* for want of memory this error must not become another */
    shim_mend_error(L, L, 1);
    shim_note_protected(L, catches);
    h->depth--;
    return 1;
}

static __LJMP int host_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushcfunction(L, note_error);
    lua_pushboolean(L, 1);
    lua_rotate(L, 1, 2);
    int status = lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 1, 1, finish_protected);
    return finish_protected(L, status, 1);
}

/*
 * Of xpcall; upvalue: the program's message handler. It is not called for a kill, nor for any error whose handler would run
 * with hooks off: one that loops could not be ended.
 */
static __LJMP int guarded_handler(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->kill != SHIM_KILL_NONE || h->hooks_off) return 1;
    if (lua_checkstack(L, 8)) shim_mend_error(L, L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    shim_note_protected(L, catches);
    return 1;
}

bool shim_is_message_handler(lua_CFunction function) { return function == note_error || function == guarded_handler; }

static __LJMP int host_xpcall(lua_State *L) {
    int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_protected);
    return finish_protected(L, status, 2);
}

/* ---- print ---- */

static __LJMP int host_print(lua_State *L) {
    int count = lua_gettop(L);
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&line, '\t');
        if (shim_is_plain_table(L, i)) shim_show(L, i); else luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    shim_host *h = shim_host_of(L);
    h->depth++;
    h->callbacks.print(h->callbacks.context, text, length);
    h->depth--;
    return 0;
}

/* ---- collectgarbage: nothing that stops or tunes the collector ---- */

static __LJMP int host_collectgarbage(lua_State *L) {
    static const char *const options[] = {"collect", "count", "step", "isrunning", NULL};
    switch (luaL_checkoption(L, 1, "collect", options)) {
    case 0:
        lua_gc(L, LUA_GCCOLLECT);
        shim_watchdog_check(L);
        lua_pushinteger(L, 0);
        return 1;
    case 1:
        lua_pushnumber(L, (lua_Number)shim_host_of(L)->used / 1024);
        return 1;
    case 2:
        lua_pushboolean(L, lua_gc(L, LUA_GCSTEP, 0));
        shim_watchdog_check(L);
        return 1;
    default:
        lua_pushboolean(L, 1);
        return 1;
    }
}

__LJMP void shim_open_base(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"pcall", host_pcall},
        {"xpcall", host_xpcall},
        {"print", host_print},
        {"collectgarbage", host_collectgarbage},
        {NULL, NULL},
    };
    lua_pushglobaltable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    /* The string metatable is shared by all strings: programs may use it, not change it. */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    /* So is that of files: a finalizer of Lua code in it would run where no hook sees it. */
    luaL_getmetatable(L, LUA_FILEHANDLE);
    lua_pushliteral(L, LUA_FILEHANDLE);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
