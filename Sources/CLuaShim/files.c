/* Lua's own file objects over descriptors that the host has opened: no name is looked up a second time. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static __LJMP int close_file(lua_State *L) {
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_fileresult(L, fclose(stream->f) == 0, NULL);
}

/* As the stock library has it: r, w or a, then + and b. */
static bool is_mode(const char *mode) {
    if (*mode == '\0' || strchr("rwa", *mode++) == NULL) return false;
    if (*mode == '+') mode++;
    return strspn(mode, "b") == strlen(mode);
}

/* io.open; upvalue: the host's function, which gives a descriptor. */
static __LJMP int open_file(lua_State *L) {
    const char *mode = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "r";
    if (!is_mode(mode)) {
        shim_where(L, 1);
        lua_pushliteral(L, "bad argument #2 to 'open' (invalid mode)");
        lua_concat(L, 2);
        return lua_error(L);
    }
    lua_settop(L, 2);
    /* Before the file is open: from then on nothing may raise until somebody owns the descriptor. */
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    stream->closef = NULL;
    luaL_setmetatable(L, LUA_FILEHANDLE);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 3);
    if (!lua_isinteger(L, 4)) return 3;
    int descriptor = (int)lua_tointeger(L, 4);
    stream->f = fdopen(descriptor, mode);
    if (stream->f == NULL) {
        int code = errno;
        close(descriptor);
        errno = code;
        return luaL_fileresult(L, 0, lua_tostring(L, 1));
    }
    stream->closef = close_file;
    lua_settop(L, 3);
    return 1;
}

void shim_wrap_opener(lua_State *L) { lua_pushcclosure(L, open_file, 1); }
