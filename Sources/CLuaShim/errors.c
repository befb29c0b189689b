/* Error values: tables with kind, message, where and traceback, what a program may do with them, and whose line they name. */
#include "internal.h"

#include <stdarg.h>
#include <string.h>

/* Chunks of Lectern itself are named "=[lectern …]"; errors and tracebacks name the program's lines, not theirs. */
#define OWN_CHUNK "[lectern"

bool shim_is_own(const lua_Debug *ar) { return strncmp(ar->source, "=" OWN_CHUNK, sizeof OWN_CHUNK) == 0; }

bool shim_is_own_level(lua_State *L, int level) {
    lua_Debug ar;
    if (!lua_getstack(L, level, &ar)) return false;
    lua_getinfo(L, "Sf", &ar);
    bool is_front = lua_tocfunction(L, -1) == shim_front;
    lua_pop(L, 1);
    return is_front || shim_is_own(&ar);
}

__LJMP void shim_where(lua_State *L, int level) {
    lua_Debug ar;
    for (; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0 && !shim_is_own(&ar)) {
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

/* What follows the position of a line of Lectern's own at the begin of a message, or NULL. */
static const char *behind_own_position(const char *message) {
    if (strncmp(message, OWN_CHUNK, sizeof OWN_CHUNK - 1) != 0) return NULL;
    const char *p = strchr(message, ']');
    if (p == NULL || p[1] != ':') return NULL;
    for (p += 2; *p >= '0' && *p <= '9'; p++) {}
    return p[0] == ':' && p[1] == ' ' ? p + 2 : NULL;
}

/*
 * Lua and its C functions put the position of the innermost Lua function before a message. Where that is one of
 * Lectern's own, the program's line that led there takes its place. It is found while the frames still stand.
 */
static __LJMP void mend_position(lua_State *L, lua_State *raised, int level) {
    if (lua_type(L, -1) != LUA_TSTRING) return;
    size_t length;
    const char *message = lua_tolstring(L, -1, &length), *rest = message, *next;
    while ((next = behind_own_position(rest)) != NULL) rest = next;
    if (rest == message) return;
    shim_where(raised, level);
    if (raised != L) {
        if (lua_rawlen(raised, -1) == 0) { /* a coroutine of nothing but the host's */
            lua_pop(raised, 1);
            shim_where(L, 0);
        } else {
            lua_xmove(raised, L, 1);
        }
    }
    lua_pushlstring(L, rest, length - (size_t)(rest - message));
    lua_concat(L, 2);
    lua_replace(L, -2);
}

__LJMP void shim_mend_error(lua_State *L, lua_State *raised, int level) {
    shim_add_hint(L, raised, level);
    mend_position(L, raised, level);
}

void shim_mend_message(lua_State *L) {
    if (lua_checkstack(L, 8)) shim_mend_error(L, L, 0);
}

static __LJMP void complete(lua_State *L, int level) { /* the error value is on top */
    shim_where(L, level);
    lua_setfield(L, -2, "where");
    shim_traceback(L, L, level);
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
    bool is = lua_rawgetp(L, -1, &shim_key_error_meta) == LUA_TBOOLEAN;
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
    if (lua_isnoneornil(L, 2)) lua_pushliteral(L, ""); else luaL_tolstring(L, 2, NULL);
    lua_pushvalue(L, lua_upvalueindex(1));
    new_error(L, -1, -2);
    return 1;
}

static __LJMP int host_error(lua_State *L) {
    int level = (int)luaL_optinteger(L, 2, 1);
    lua_settop(L, 1);
    /* Lectern's own functions mean the program's line that led to them, however many of them lie between. */
    if (level > 1 && shim_is_own_level(L, 1)) level = 1;
    if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
        if (shim_is_own_level(L, level)) shim_where(L, level); else luaL_where(L, level);
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

/* [0, +1] what error values have in common, and are told by. */
static __LJMP void push_metatable(lua_State *L) {
    lua_createtable(L, 0, 6);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &shim_key_error_meta);
    lua_pushcfunction(L, error_to_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, error_concat);
    lua_setfield(L, -2, "__concat");
}

/* error_metatable(class): of the errors of a program's own class. */
static __LJMP int error_metatable(lua_State *L) {
    lua_settop(L, 1);
    push_metatable(L);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "__index");
    return 1;
}

__LJMP void shim_open_errors(lua_State *L) {
    static const char *const kinds[] = {
        "Exception", "TypeError", "ValueError", "IOError", "AttributeError", "ConnectionError", "KeyError", "IndexError",
        "RuntimeError", "TimeoutError", "ImportError", "FileNotOpenError", "PermissionError", "NotImplementedError",
    };
    lua_pushcfunction(L, error_metatable);
    lua_setfield(L, -2, "error_metatable");
    push_metatable(L);
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
    lua_getglobal(L, "IOError"); /* two names of one kind, as in Python */
    lua_setglobal(L, "OSError");
    lua_pushcfunction(L, host_error);
    lua_setglobal(L, "error");
}
