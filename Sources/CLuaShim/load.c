/*
 * Loading of text. The parser runs in C and looks up each name in all functions around it, so a text of a megabyte can
 * take it minutes. It reads in small pieces here, and the watchdog looks at the time with each.
 */
#include "internal.h"

/* Bytes of a piece. The costliest text takes some 100 microseconds for each name, so a piece takes few milliseconds. */
#define PIECE 128

typedef struct text_reader {
    const char *next;
    size_t left;
} text_reader;

static __LJMP const char *read_piece(lua_State *L, void *context, size_t *size) {
    text_reader *reader = context;
    if (reader->left == 0) return NULL;
    shim_watchdog_check(L);
    const char *piece = reader->next;
    *size = reader->left < PIECE ? reader->left : PIECE;
    reader->next += *size;
    reader->left -= *size;
    return piece;
}

int shim_load(lua_State *L, const char *text, size_t length, const char *chunk_name) {
    shim_host *h = shim_host_of(L);
    text_reader reader = {text, length};
    shim_frame frame = {L, false, NULL};
    int depth = h->depth;
    bool is_outermost = h->frame == NULL; /* a program's main file: no task runs yet */
    if (is_outermost) {
        h->frame = &frame;
        shim_watchdog_begin(h);
    }
    h->depth = 0; /* the parser is protected, and a chunk counts against the limit */
    int status = lua_load(L, read_piece, &reader, chunk_name, h->limits.allow_bytecode ? "bt" : "t");
    h->depth = depth;
    if (is_outermost) {
        shim_watchdog_end(h);
        h->frame = NULL;
        h->kill = SHIM_KILL_NONE; /* it ended this call, and nothing else runs */
    }
    return status;
}

/* ---- load(chunk [, name [, mode [, env]]]) of programs ---- */

/* The piece that a program's function gave last, which must stay while the parser reads it. */
#define HELD_PIECE 5

/* Hands out what the function at index 1 gives, also in small pieces. */
static __LJMP const char *read_from_function(lua_State *L, void *context, size_t *size) {
    text_reader *reader = context;
    if (reader->left == 0) {
        luaL_checkstack(L, 2, "too many nested functions");
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            return NULL;
        }
        if (!lua_isstring(L, -1)) luaL_error(L, "reader function must return a string");
        lua_replace(L, HELD_PIECE);
        reader->next = lua_tolstring(L, HELD_PIECE, &reader->left);
    }
    return read_piece(L, reader, size);
}

static __LJMP int host_load(lua_State *L) {
    shim_host *h = shim_host_of(L);
    size_t length;
    bool has_environment = lua_gettop(L) >= 4;
    const char *mode = luaL_optstring(L, 3, "bt");
    const char *text = lua_tolstring(L, 1, &length);
    if (!h->limits.allow_bytecode) {
        if (strchr(mode, 't') == NULL) {
            return shim_raise_fault(L, "ValueError", "load: binary chunks are not accepted; use mode 't'");
        }
        mode = "t";
    }
    int status;
    if (text != NULL) {
        const char *name = luaL_optstring(L, 2, text);
        text_reader reader = {text, length};
        lua_settop(L, HELD_PIECE);
        shim_open_named(L, 1);
        status = lua_load(L, read_piece, &reader, name, mode);
    } else {
        const char *name = luaL_optstring(L, 2, "=(load)");
        text_reader reader = {NULL, 0};
        luaL_checktype(L, 1, LUA_TFUNCTION);
        lua_settop(L, HELD_PIECE);
        shim_open_named(L, 0);
        status = lua_load(L, read_from_function, &reader, name, mode);
    }
    if (h->kill != SHIM_KILL_NONE) { /* the parser's protection turned the end of the task into a result */
        h->hooks_off = false;
        return lua_error(L);
    }
    if (status != LUA_OK) {
        luaL_pushfail(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_environment) {
        lua_pushvalue(L, 4);
        if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
    }
    return 1;
}

__LJMP void shim_open_load(lua_State *L) {
    lua_pushcfunction(L, host_load);
    lua_setglobal(L, "load");
}
