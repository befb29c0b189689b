/* Methods of bytes that cut a string into pieces, and the one that joins them. */
#include "byte_methods.h"
#include "watchdog.h"

/* MARK: - partition, rpartition */

/* s:partition(separator) -> before, separator, after; without a match: s, '', ''. */
static int bytes_partition(lua_State *L) {
    static const byte_declaration declaration = {"partition", {"sep", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice separator = byte_check_separator(L, 2);
    const char *at = guarded_string_search(s.bytes, s.length, separator.bytes, separator.length);
    if (at == NULL) {
        lua_pushvalue(L, 1);
        lua_pushliteral(L, "");
        lua_pushliteral(L, "");
        return 3;
    }
    byte_push(L, byte_between(s.bytes, at));
    lua_pushvalue(L, 2);
    byte_push(L, byte_between(at + separator.length, s.bytes + s.length));
    return 3;
}

/* s:rpartition(separator): cuts at the last one; without a match: '', '', s. */
static int bytes_rpartition(lua_State *L) {
    static const byte_declaration declaration = {"rpartition", {"sep", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice separator = byte_check_separator(L, 2);
    const char *at = byte_search_last(s, separator);
    if (at == NULL) {
        lua_pushliteral(L, "");
        lua_pushliteral(L, "");
        lua_pushvalue(L, 1);
        return 3;
    }
    byte_push(L, byte_between(s.bytes, at));
    lua_pushvalue(L, 2);
    byte_push(L, byte_between(at + separator.length, s.bytes + s.length));
    return 3;
}

/* MARK: - split, rsplit, splitlines */

/* Appends a piece to the list at the top of the stack. */
static void append(lua_State *L, lua_Integer *count, byte_slice piece) {
    byte_push(L, piece);
    lua_rawseti(L, -2, ++*count);
    if (*count % BYTE_STEPS == 0) {
        shim_watchdog_check(L);
    }
}

/* Turns the list at the top of the stack round. */
static void reverse_list(lua_State *L, lua_Integer count) {
    for (lua_Integer low = 1, high = count; low < high; low++, high--) {
        lua_rawgeti(L, -1, low);
        lua_rawgeti(L, -2, high);
        lua_rawseti(L, -3, low);
        lua_rawseti(L, -2, high);
        if (low % BYTE_STEPS == 0) {
            shim_watchdog_check(L);
        }
    }
}

static void split_at_whitespace(lua_State *L, byte_slice s, lua_Integer most) {
    byte_set spaces = byte_set_of(byte_whitespace, BYTE_WHITESPACE_COUNT);
    const char *end = s.bytes + s.length;
    const char *at = s.bytes;
    lua_Integer count = 0;
    for (;;) {
        while (at < end && byte_set_has(&spaces, *at)) {
            at++;
        }
        if (at == end) {
            return;
        }
        const char *start = at;
        if (count == most) {
            /* The last piece keeps the whitespace within it, and at its end too. */
            append(L, &count, byte_between(start, end));
            return;
        }
        while (at < end && !byte_set_has(&spaces, *at)) {
            at++;
        }
        append(L, &count, byte_between(start, at));
    }
}

static void split_at_separator(lua_State *L, byte_slice s, byte_slice separator, lua_Integer most) {
    const char *end = s.bytes + s.length;
    const char *start = s.bytes;
    lua_Integer count = 0;
    while (count != most) {
        const char *at = guarded_string_search(start, (size_t)(end - start), separator.bytes, separator.length);
        if (at == NULL) {
            break;
        }
        append(L, &count, byte_between(start, at));
        start = at + separator.length;
    }
    append(L, &count, byte_between(start, end));
}

/* s:split([separator [, maxsplit]]) -> list. Without a separator: the words between runs of whitespace. */
static int bytes_split(lua_State *L) {
    static const byte_declaration declaration = {"split", {"sep", "maxsplit", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    int by_words = lua_isnoneornil(L, 2);
    byte_slice separator = by_words ? (byte_slice){NULL, 0} : byte_check_separator(L, 2);
    lua_Integer most = byte_check_most(L, 3); /* no count of pieces ever equals -1 */
    lua_newtable(L);
    if (by_words) {
        split_at_whitespace(L, s, most);
    } else {
        split_at_separator(L, s, separator, most);
    }
    return 1;
}

/* The words from the end on, last first. */
static lua_Integer rsplit_at_whitespace(lua_State *L, byte_slice s, lua_Integer most) {
    byte_set spaces = byte_set_of(byte_whitespace, BYTE_WHITESPACE_COUNT);
    const char *end = s.bytes + s.length;
    lua_Integer count = 0;
    for (;;) {
        while (end > s.bytes && byte_set_has(&spaces, end[-1])) {
            end--;
        }
        if (end == s.bytes) {
            return count;
        }
        const char *start = end;
        if (count == most) {
            /* The last piece keeps the whitespace within it, and at its begin too. */
            append(L, &count, byte_between(s.bytes, end));
            return count;
        }
        while (start > s.bytes && !byte_set_has(&spaces, start[-1])) {
            start--;
        }
        append(L, &count, byte_between(start, end));
        end = start;
    }
}

/* Pushes the bytes of `s` in reverse order, in memory that the list on top of the stack is below of. */
static byte_slice push_reversed(lua_State *L, byte_slice s) {
    char *reversed = lua_newuserdatauv(L, s.length > 0 ? s.length : 1, 0);
    for (size_t i = 0; i < s.length; i++) {
        reversed[i] = s.bytes[s.length - 1 - i];
    }
    return (byte_slice){reversed, s.length};
}

/* Searches the reversed string forwards: that is linear, where searching the last one again and again is not. */
static lua_Integer rsplit_at_separator(lua_State *L, byte_slice s, byte_slice separator, lua_Integer most) {
    byte_slice text = push_reversed(L, s);
    byte_slice needle = push_reversed(L, separator);
    lua_pushvalue(L, -3);
    const char *end = s.bytes + s.length;
    const char *from = text.bytes;
    lua_Integer count = 0;
    while (count != most) {
        size_t left = text.length - (size_t)(from - text.bytes);
        const char *at = guarded_string_search(from, left, needle.bytes, needle.length);
        if (at == NULL) {
            break;
        }
        append(L, &count, (byte_slice){end - (at - from), (size_t)(at - from)});
        end -= (size_t)(at - from) + separator.length;
        from = at + separator.length;
    }
    append(L, &count, byte_between(s.bytes, end));
    return count;
}

/* s:rsplit([sep [, maxsplit]]) -> list: like split, but what maxsplit leaves whole is at the begin. */
static int bytes_rsplit(lua_State *L) {
    static const byte_declaration declaration = {"rsplit", {"sep", "maxsplit", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    bool by_words = lua_isnoneornil(L, 2);
    byte_slice separator = by_words ? (byte_slice){NULL, 0} : byte_check_separator(L, 2);
    lua_Integer most = byte_check_most(L, 3);
    lua_newtable(L);
    reverse_list(L, by_words ? rsplit_at_whitespace(L, s, most) : rsplit_at_separator(L, s, separator, most));
    return 1;
}

/* An argument that a Python program writes as True, False, 1 or 0. */
static bool check_truth(lua_State *L, int argument) {
    if (lua_isnoneornil(L, argument)) {
        return false;
    }
    luaL_argexpected(L, lua_isboolean(L, argument) || lua_isinteger(L, argument), argument, "boolean");
    return lua_isboolean(L, argument) ? lua_toboolean(L, argument) : lua_tointeger(L, argument) != 0;
}

/* s:splitlines([keepends]) -> list. A line ends with LF, CR or CR LF; a line end at the end of s starts no new line. */
static int bytes_splitlines(lua_State *L) {
    static const byte_declaration declaration = {"splitlines", {"keepends", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    bool keep_ends = check_truth(L, 2);
    const char *end = s.bytes + s.length;
    const char *start = s.bytes;
    lua_Integer count = 0;
    lua_newtable(L);
    while (start < end) {
        const char *line_end = start;
        while (line_end < end && *line_end != '\n' && *line_end != '\r') {
            line_end++;
        }
        const char *next = line_end;
        if (next < end) {
            next += *next == '\r' && next + 1 < end && next[1] == '\n' ? 2 : 1;
        }
        append(L, &count, byte_between(start, keep_ends ? next : line_end));
        start = next;
    }
    return 1;
}

/* MARK: - join */

/* Elements of a list with a metatable that one call handles. */
#define MOST_LISTED 1000000

/* separator:join(list): the strings (or numbers) of the list with the separator between them. */
static int bytes_join(lua_State *L) {
    static const byte_declaration declaration = {"join", {"iterable", NULL}, 1};
    byte_slice separator = byte_take(L, &declaration);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_Integer count = luaL_len(L, 2);
    /* The length of a plain table is true; a metatable's may be anything. */
    luaL_argcheck(L, count <= MOST_LISTED || !lua_getmetatable(L, 2), 2, "list too long");
    size_t total = 0;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) {
            total = guarded_string_sum(total, separator.length);
            guarded_string_check_size(L, "join", total);
            luaL_addlstring(&b, separator.bytes, separator.length);
        }
        if (i % BYTE_STEPS == 0) {
            shim_watchdog_check(L);
        }
        lua_geti(L, 2, i);
        if (!lua_isstring(L, -1)) {
            luaL_argerror(
                L, 2, lua_pushfstring(L, "string expected at index %I of the list, got %s", (LUAI_UACINT)i,
                                      luaL_typename(L, -1)));
        }
        size_t length;
        lua_tolstring(L, -1, &length);
        total = guarded_string_sum(total, length);
        guarded_string_check_size(L, "join", total);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

const luaL_Reg byte_splitting_methods[] = {
    {"partition", bytes_partition}, {"rpartition", bytes_rpartition}, {"split", bytes_split},
    {"rsplit", bytes_rsplit},       {"splitlines", bytes_splitlines}, {"join", bytes_join},
    {NULL, NULL},
};
