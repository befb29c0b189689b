/* Methods of bytes that look for one string in another. Positions and parts are those of string.sub: 1 is the first byte. */
#include <string.h>

#include "byte_methods.h"
#include "watchdog.h"

/* Bytes that are compared between two looks at the time. */
#define COMPARED_BYTES ((size_t)256 * 1024)

/* MARK: - startswith, endswith */

static bool slice_starts(byte_slice s, byte_slice affix) {
    return affix.length <= s.length && memcmp(s.bytes, affix.bytes, affix.length) == 0;
}

static bool slice_ends(byte_slice s, byte_slice affix) {
    return affix.length <= s.length &&
           memcmp(s.bytes + s.length - affix.length, affix.bytes, affix.length) == 0;
}

/* Whether `test` holds for argument 2, a string or a list of strings of which one is enough. */
static bool any_affix(lua_State *L, byte_slice s, bool (*test)(byte_slice, byte_slice)) {
    if (lua_type(L, 2) != LUA_TTABLE) {
        luaL_argexpected(L, lua_isstring(L, 2), 2, "string or list of strings");
        return test(s, byte_check_slice(L, 2));
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    bool found = false;
    size_t compared = 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, 2, i) != LUA_TSTRING) {
            luaL_argerror(
                L, 2, lua_pushfstring(L, "string expected at index %I of the list, got %s", (LUAI_UACINT)i,
                                      luaL_typename(L, -1)));
        }
        byte_slice affix;
        affix.bytes = lua_tolstring(L, -1, &affix.length);
        found = found || test(s, affix);
        lua_pop(L, 1);
        compared += 64 + (found ? 0 : affix.length);
        if (compared >= COMPARED_BYTES) {
            shim_watchdog_check(L);
            compared = 0;
        }
    }
    return found;
}

static int test_affix(lua_State *L, const byte_declaration *declaration, bool (*test)(byte_slice, byte_slice)) {
    byte_slice s = byte_take(L, declaration);
    byte_slice part;
    bool is_part = byte_check_part(L, 3, s, &part);
    /* The argument is checked even where nothing can match: a wrong one is an error each time. */
    bool found = any_affix(L, part, test);
    lua_pushboolean(L, found && is_part);
    return 1;
}

/* s:startswith(prefix [, start [, end]]): whether the part of s begins so. */
static int bytes_startswith(lua_State *L) {
    static const byte_declaration declaration = {"startswith", {"prefix", "start", "end", NULL}, 1};
    return test_affix(L, &declaration, slice_starts);
}

/* s:endswith(suffix [, start [, end]]): whether the part of s ends so. */
static int bytes_endswith(lua_State *L) {
    static const byte_declaration declaration = {"endswith", {"suffix", "start", "end", NULL}, 1};
    return test_affix(L, &declaration, slice_ends);
}

/* MARK: - count, index, rindex, rfind */

/* s:count(sub [, start [, end]]): how often the part has it, without overlaps. */
static int bytes_count(lua_State *L) {
    static const byte_declaration declaration = {"count", {"sub", "start", "end", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice sub = byte_check_slice(L, 2);
    byte_slice part;
    lua_Integer count = 0;
    if (byte_check_part(L, 3, s, &part)) {
        if (sub.length == 0) {
            count = (lua_Integer)part.length + 1;
        } else {
            const char *at = part.bytes, *end = part.bytes + part.length;
            size_t steps = 0;
            while ((at = guarded_string_search(at, (size_t)(end - at), sub.bytes, sub.length)) != NULL) {
                at += sub.length;
                count++;
                byte_step(L, &steps);
            }
        }
    }
    lua_pushinteger(L, count);
    return 1;
}

/* Pushes where argument 2 begins in the part that arguments 3 and 4 give, or gives false. */
static bool push_position(lua_State *L, byte_slice s, bool is_last) {
    byte_slice sub = byte_check_slice(L, 2);
    byte_slice part;
    if (!byte_check_part(L, 3, s, &part)) {
        return false;
    }
    const char *at = is_last ? byte_search_last(part, sub)
                             : guarded_string_search(part.bytes, part.length, sub.bytes, sub.length);
    if (at == NULL) {
        return false;
    }
    lua_pushinteger(L, at - s.bytes + 1);
    return true;
}

/* s:rfind(sub [, start [, end]]): the position of the last one, or nil. */
static int bytes_rfind(lua_State *L) {
    static const byte_declaration declaration = {"rfind", {"sub", "start", "end", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    if (!push_position(L, s, true)) {
        lua_pushnil(L);
    }
    return 1;
}

static int position_or_error(lua_State *L, const byte_declaration *declaration, bool is_last) {
    byte_slice s = byte_take(L, declaration);
    if (!push_position(L, s, is_last)) {
        return byte_raise(L, "ValueError", declaration->name, "subsection not found");
    }
    return 1;
}

/* s:index(sub [, start [, end]]): the position of the first one; an error when there is none. */
static int bytes_index(lua_State *L) {
    static const byte_declaration declaration = {"index", {"sub", "start", "end", NULL}, 0};
    return position_or_error(L, &declaration, false);
}

/* s:rindex(sub [, start [, end]]): the position of the last one; an error when there is none. */
static int bytes_rindex(lua_State *L) {
    static const byte_declaration declaration = {"rindex", {"sub", "start", "end", NULL}, 0};
    return position_or_error(L, &declaration, true);
}

const luaL_Reg byte_searching_methods[] = {
    {"startswith", bytes_startswith}, {"endswith", bytes_endswith}, {"count", bytes_count}, {"rfind", bytes_rfind},
    {"index", bytes_index},           {"rindex", bytes_rindex},     {NULL, NULL},
};
