/* Error values: tables with kind, message, where and traceback, and what a program may do with them. */
#include "internal.h"

#include <stdarg.h>
#include <string.h>

/* Chunks of Lectern itself are named "=[lectern]"; errors and tracebacks name the program's lines, not theirs. */
static bool is_own(const lua_Debug *ar) { return strncmp(ar->source, "=[lectern", 9) == 0; }

__LJMP void shim_where(lua_State *L, int level) {
    lua_Debug ar;
    for (; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0 && !is_own(&ar)) {
            lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
            return;
        }
    }
    lua_pushliteral(L, "");
}

void shim_push_where(lua_State *L, int level) {
    lua_checkstack(L, 8);
    shim_where(L, level);
}

void shim_push_running(lua_State *L) {
    lua_Debug ar;
    lua_checkstack(L, 8);
    if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "Sn", &ar) || ar.what[0] != 'C' || ar.name == NULL) {
        lua_pushliteral(L, "");
    } else {
        lua_pushfstring(L, "'%s'", ar.name);
    }
}

static __LJMP void complete(lua_State *L, int level) { /* the error value is on top */
    shim_where(L, level);
    lua_setfield(L, -2, "where");
    luaL_traceback(L, L, NULL, level);
    lua_setfield(L, -2, "traceback");
}

static __LJMP void new_error(lua_State *L, int kind, int message) {
    kind = lua_absindex(L, kind);
    message = lua_absindex(L, message);
    lua_createtable(L, 0, 4);
    lua_pushvalue(L, kind);
    lua_setfield(L, -2, "kind");
    lua_pushvalue(L, message);
    lua_setfield(L, -2, "message");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_error_meta);
    lua_setmetatable(L, -2);
}

__LJMP int shim_raise_fault_on_top(lua_State *L) {
    luaL_checkstack(L, 16, NULL);
    new_error(L, -2, -1);
    complete(L, 1);
    return lua_error(L);
}

__LJMP int shim_raise_fault(lua_State *L, const char *kind, const char *format, ...) {
    luaL_checkstack(L, 16, NULL);
    lua_pushstring(L, kind);
    va_list arguments;
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    return shim_raise_fault_on_top(L);
}

static bool is_error(lua_State *L, int index) {
    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_error_meta);
    bool is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is;
}

static __LJMP int error_to_text(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    static const char *const parts[] = {"where", "kind", "message"};
    lua_settop(L, 1);
    for (int i = 0; i < 3; i++) {
        lua_pushstring(L, parts[i]);
        if (lua_rawget(L, 1) == LUA_TNIL) {
            lua_pop(L, 1);
            lua_pushstring(L, i == 0 ? "" : "?");
        } else {
            luaL_tolstring(L, -1, NULL);
            lua_replace(L, -2);
        }
    }
    lua_pushfstring(L, "%s%s: %s", lua_tostring(L, 2), lua_tostring(L, 3), lua_tostring(L, 4));
    return 1;
}

static __LJMP int error_concat(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* upvalue: the kind. ValueError('text') makes an error value for `error`. */
static __LJMP int make_error(lua_State *L) {
    /* Called through the kind's __call, so index 1 is the kind itself. */
    luaL_tolstring(L, 2, NULL);
    lua_pushvalue(L, lua_upvalueindex(1));
    new_error(L, -1, -2);
    return 1;
}

static __LJMP int host_error(lua_State *L) {
    int level = (int)luaL_optinteger(L, 2, 1);
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
        luaL_where(L, level);
        lua_pushvalue(L, 1);
        lua_concat(L, 2);
    } else if (is_error(L, 1)) {
        lua_pushliteral(L, "where");
        if (lua_rawget(L, 1) == LUA_TNIL) {
            lua_settop(L, 1);
            complete(L, level > 0 ? level : 1);
        }
        lua_settop(L, 1);
    }
    return lua_error(L);
}

/* ---- tracebacks ---- */

__LJMP void shim_note_chain(lua_State *L, lua_State *inner, int error_index) {
    shim_host *h = shim_host_of(L);
    error_index = lua_absindex(L, error_index);
    luaL_checkstack(L, 16, NULL);
    int depth = 1;
    for (shim_frame *frame = h->frame; frame != NULL; frame = frame->outer) depth++;
    /* An error on its way out comes from a deeper coroutine each time. An equal one at the same depth or below is
       another: a program may catch the same message for years. */
    bool same = false;
    if (depth < h->chain_depth) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_error);
        same = lua_rawequal(L, -1, error_index);
        lua_pop(L, 1);
    }
    h->chain_depth = depth;
    if (same) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
        lua_pushliteral(L, "\n");
    } else {
        lua_pushliteral(L, "");
        lua_pushliteral(L, "");
    }
    lua_checkstack(inner, 16);
    luaL_traceback(L, inner, NULL, 0);
    lua_concat(L, 3);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
    lua_pushvalue(L, error_index);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_chain_error);
}

void shim_push_traceback(lua_State *L, int error_index) {
    lua_checkstack(L, 24);
    bool chained = false;
    if (error_index != 0 && shim_host_of(L)->chain_depth != 0) {
        error_index = lua_absindex(L, error_index);
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_error);
        chained = !lua_isnil(L, -1) && lua_rawequal(L, -1, error_index);
        lua_pop(L, 1);
    }
    if (chained) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
        lua_pushliteral(L, "\n");
    }
    luaL_traceback(L, L, NULL, 0);
    /* The coroutines that are under way and resumed one another, outermost last. */
    int pieces = chained ? 3 : 1;
    shim_frame *frame = shim_host_of(L)->frame;
    if (frame != NULL && frame->L == L) {
        for (frame = frame->outer; frame != NULL && pieces < 12; frame = frame->outer) {
            lua_checkstack(frame->L, 16);
            lua_pushliteral(L, "\n");
            luaL_traceback(L, frame->L, NULL, 0);
            pieces += 2;
        }
    }
    if (pieces > 1) lua_concat(L, pieces); /* all strings: cannot run a metamethod */
}

/* debug.traceback([message [, level]]) over the whole chain of coroutines */
static __LJMP int host_traceback(lua_State *L) {
    if (lua_isthread(L, 1)) {
        lua_State *other = lua_tothread(L, 1);
        lua_checkstack(other, 16);
        luaL_traceback(L, other, luaL_optstring(L, 2, NULL), (int)luaL_optinteger(L, 3, 0));
        return 1;
    }
    if (!lua_isnoneornil(L, 1) && !lua_isstring(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    int level = (int)luaL_optinteger(L, 2, 1);
    luaL_checkstack(L, 32, NULL);
    luaL_traceback(L, L, lua_tostring(L, 1), level);
    int pieces = 1;
    shim_frame *frame = shim_host_of(L)->frame;
    for (frame = frame ? frame->outer : NULL; frame != NULL && pieces < 12; frame = frame->outer) {
        lua_checkstack(frame->L, 16);
        lua_pushliteral(L, "\n");
        luaL_traceback(L, frame->L, NULL, 0);
        pieces += 2;
    }
    lua_concat(L, pieces);
    return 1;
}

__LJMP void shim_open_errors(lua_State *L) {
    static const char *const kinds[] = {
        "TypeError", "ValueError", "IOError", "AttributeError", "ConnectionError", "KeyError", "IndexError",
        "RuntimeError", "TimeoutError", "ImportError", "FileNotOpenError",
    };
    lua_createtable(L, 0, 4);
    lua_pushcfunction(L, error_to_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, error_concat);
    lua_setfield(L, -2, "__concat");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_error_meta);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        lua_newtable(L);
        lua_createtable(L, 0, 3);
        lua_pushstring(L, kinds[i]);
        lua_pushcclosure(L, make_error, 1);
        lua_setfield(L, -2, "__call");
        lua_pushstring(L, kinds[i]);
        lua_setfield(L, -2, "__name");
        lua_pushliteral(L, "error kind");
        lua_setfield(L, -2, "__metatable");
        lua_setmetatable(L, -2);
        lua_setglobal(L, kinds[i]);
    }
    lua_pushcfunction(L, host_error);
    lua_setglobal(L, "error");
    lua_getglobal(L, "debug");
    lua_pushcfunction(L, host_traceback);
    lua_setfield(L, -2, "traceback");
    lua_pop(L, 1);
}
