/*
 * Tables as text for people: what `print` shows of a table, and what the log shows of one that was raised as an error.
 *
 * A text is bounded in bytes, depth and entries, and so is the looking for its keys. The order is that of the keys' values, so
 * the same table gives the same text. Only values with a __tostring of their own run code of the program's.
 */
#include "internal.h"

#include <stdio.h>

#define SHOWN_BYTES 4000
/* Tables within tables. */
#define SHOWN_DEPTH 4
#define SHOWN_ENTRIES 100
/* Of one string. */
#define SHOWN_STRING_BYTES 200
/* Entries of all tables of a text that are gone through to find those whose keys come first. */
#define LOOKED_AT_ENTRIES 10000
/* Bytes of two strings that are compared in the time of an entry. */
#define BYTES_OF_AN_ENTRY 256

typedef struct showing {
    lua_State *L;
    size_t length;
    size_t looked_at;
    int depth;
    bool is_full;
    const void *path[SHOWN_DEPTH];
    char bytes[SHOWN_BYTES];
} showing;

static __LJMP void add_value(showing *s, int index);

/* ---- text ---- */

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

static void add(showing *s, const char *bytes, size_t length) {
    if (s->is_full) return;
    size_t room = sizeof s->bytes - s->length;
    if (length > room) {
        s->is_full = true;
        length = room;
        while (length > 0 && is_continuation((unsigned char)bytes[length])) length--; /* no half of a character */
    }
    memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

static void add_text(showing *s, const char *text) { add(s, text, strlen(text)); }

static void add_format(showing *s, const char *format, long long number) {
    char text[64];
    int length = snprintf(text, sizeof text, format, number);
    add(s, text, length > 0 ? (size_t)length : 0);
}

/* The bytes of the UTF-8 character at p, or 0 when there is none. */
static size_t character_length(const unsigned char *p, size_t room) {
    size_t length = p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : 0;
    if (length == 0 || length > room) return 0;
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(p[i])) return 0;
    }
    bool is_long_form = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90);
    bool is_beyond = (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF4 && p[1] > 0x8F);
    return is_long_form || is_beyond ? 0 : length;
}

static void add_quoted(showing *s, const char *string, size_t length) {
    const unsigned char *p = (const unsigned char *)string;
    size_t i = 0;
    add_text(s, "'");
    while (i < length && i < SHOWN_STRING_BYTES && !s->is_full) {
        unsigned char byte = p[i];
        size_t count = byte < 0x80 ? 1 : character_length(p + i, length - i);
        if (byte == '\n') {
            add_text(s, "\\n");
        } else if (byte == '\r') {
            add_text(s, "\\r");
        } else if (byte == '\t') {
            add_text(s, "\\t");
        } else if (byte == '\'' || byte == '\\') {
            char escaped[2] = {'\\', (char)byte};
            add(s, escaped, 2);
        } else if (count == 0 || byte < 0x20 || byte == 0x7F) {
            count = 1;
            add_format(s, "\\x%02llx", byte);
        } else {
            add(s, string + i, count);
        }
        i += count;
    }
    add_text(s, "'");
    if (i < length) add_format(s, "… (%lld bytes)", (long long)length);
}

/* ---- keys in their order ---- */

static int rank(lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TNUMBER: return 1;
    case LUA_TSTRING: return 2;
    case LUA_TBOOLEAN: return 3;
    default: return 4; /* in the order in which they are found */
    }
}

static __LJMP bool is_before(showing *s, int a, int b) {
    lua_State *L = s->L;
    int rank_of_a = rank(L, a), rank_of_b = rank(L, b);
    if (rank_of_a != rank_of_b) return rank_of_a < rank_of_b;
    if (rank_of_a == 3) return !lua_toboolean(L, a) && lua_toboolean(L, b);
    if (rank_of_a == 4) return false;
    if (rank_of_a == 1) return lua_compare(L, a, b, LUA_OPLT); /* two numbers: no metamethod */
    size_t length, other;
    const char *text = lua_tolstring(L, a, &length), *other_text = lua_tolstring(L, b, &other);
    size_t common = length < other ? length : other;
    s->looked_at += common / BYTES_OF_AN_ENTRY;
    int order = memcmp(text, other_text, common);
    return order != 0 ? order < 0 : length < other;
}

/* Puts the key on top, which stays, into its place of the list at `keys`, where there are at most `most`. */
static __LJMP void keep_key(showing *s, int keys, lua_Integer most, lua_Integer *kept) {
    lua_State *L = s->L;
    lua_Integer low = 1, high = *kept + 1;
    if (*kept == most) { /* most keys of a large table come after those that are kept */
        lua_rawgeti(L, keys, most);
        bool is_kept = most > 0 && is_before(s, -2, -1);
        lua_pop(L, 1);
        if (!is_kept) return;
    }
    while (low < high) {
        lua_Integer middle = low + (high - low) / 2;
        lua_rawgeti(L, keys, middle);
        if (is_before(s, -2, -1)) high = middle; else low = middle + 1;
        lua_pop(L, 1);
    }
    if (*kept < most) ++*kept;
    for (lua_Integer i = *kept; i > low; i--) {
        lua_rawgeti(L, keys, i - 1);
        lua_rawseti(L, keys, i);
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, keys, low);
}

static bool is_in_list(lua_State *L, int index, lua_Integer count) {
    if (!lua_isinteger(L, index)) return false;
    lua_Integer n = lua_tointeger(L, index);
    return n >= 1 && n <= count;
}

/*
 * Fills the list at `keys` with the first keys of the table that are none of its list. Returns false, with none of them, when
 * there are too many to go through.
 */
static __LJMP bool find_keys(showing *s, int table, lua_Integer count, int keys, lua_Integer most, lua_Integer *kept,
                             lua_Integer *found) {
    lua_State *L = s->L;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        if (++s->looked_at > LOOKED_AT_ENTRIES) {
            lua_pop(L, 1);
            *kept = 0;
            return false;
        }
        if (is_in_list(L, -1, count)) continue;
        ++*found;
        keep_key(s, keys, most, kept);
    }
    return true;
}

/* ---- values ---- */

static bool is_name(const char *bytes, size_t length) {
    static const char *const words[] = {
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not",
        "or", "repeat", "return", "then", "true", "until", "while",
    };
    if (length == 0 || length > SHOWN_STRING_BYTES || (bytes[0] >= '0' && bytes[0] <= '9')) return false;
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
        if (!is_letter) return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], bytes) == 0) return false;
    }
    return true;
}

static __LJMP void add_key(showing *s, int index) {
    size_t length = 0;
    const char *name = lua_type(s->L, index) == LUA_TSTRING ? lua_tolstring(s->L, index, &length) : NULL;
    if (name != NULL && is_name(name, length)) {
        add(s, name, length);
        return;
    }
    add_text(s, "[");
    add_value(s, index);
    add_text(s, "]");
}

static void add_separator(showing *s, bool *is_first) {
    if (!*is_first) add_text(s, ", ");
    *is_first = false;
}

static __LJMP void add_entries(showing *s, int table) {
    lua_State *L = s->L;
    bool is_first = true;
    lua_Integer count = (lua_Integer)lua_rawlen(L, table), listed = count < SHOWN_ENTRIES ? count : SHOWN_ENTRIES;
    for (lua_Integer i = 1; i <= listed && !s->is_full; i++) {
        add_separator(s, &is_first);
        lua_rawgeti(L, table, i);
        add_value(s, -1);
        lua_pop(L, 1);
    }
    if (s->is_full) return;
    lua_newtable(L);
    int keys = lua_gettop(L);
    lua_Integer kept = 0, found = 0;
    bool knows_all = find_keys(s, table, count, keys, SHOWN_ENTRIES - listed, &kept, &found);
    shim_watchdog_check(L);
    for (lua_Integer i = 1; i <= kept && !s->is_full; i++) {
        add_separator(s, &is_first);
        lua_rawgeti(L, keys, i);
        add_key(s, -1);
        add_text(s, " = ");
        lua_rawget(L, table);
        add_value(s, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_Integer left_out = count - listed + found - kept;
    if (left_out == 0 && knows_all) return;
    add_separator(s, &is_first);
    if (left_out > 0) add_format(s, knows_all ? "… %lld more" : "… at least %lld more", (long long)left_out);
    else add_text(s, "…");
}

static __LJMP void add_table(showing *s, int index) {
    lua_State *L = s->L;
    const void *identity = lua_topointer(L, index);
    for (int i = 0; i < s->depth; i++) {
        if (s->path[i] != identity) continue;
        add_text(s, "<cycle>");
        return;
    }
    if (s->depth == SHOWN_DEPTH) {
        lua_pushnil(L);
        bool has_entries = lua_next(L, index);
        if (has_entries) lua_pop(L, 2);
        add_text(s, has_entries ? "{…}" : "{}");
        return;
    }
    luaL_checkstack(L, 12, NULL);
    s->path[s->depth++] = identity;
    add_text(s, "{");
    add_entries(s, index);
    add_text(s, "}");
    s->depth--;
}

/* Adds what a value without a __tostring is: the name that its metatable gives it, or its type. */
static __LJMP void add_type(showing *s, int index) {
    bool is_named = luaL_getmetafield(s->L, index, "__name") != LUA_TNIL;
    add_text(s, "<");
    add_text(s, is_named && lua_type(s->L, -1) == LUA_TSTRING ? lua_tostring(s->L, -1) : luaL_typename(s->L, index));
    add_text(s, ">");
    if (is_named) lua_pop(s->L, 1);
}

static __LJMP void add_value(showing *s, int index) {
    lua_State *L = s->L;
    index = lua_absindex(L, index);
    size_t length;
    const char *text;
    int type = lua_type(L, index);
    if (type == LUA_TSTRING) {
        text = lua_tolstring(L, index, &length);
        add_quoted(s, text, length);
    } else if (shim_is_plain_table(L, index)) {
        add_table(s, index);
    } else if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER ||
               luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
        if (type != LUA_TNIL && type != LUA_TBOOLEAN && type != LUA_TNUMBER) lua_pop(L, 1);
        text = luaL_tolstring(L, index, &length);
        add(s, text, length);
        lua_pop(L, 1);
    } else {
        add_type(s, index);
    }
}

/* ---- what others use ---- */

bool shim_is_plain_table(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TTABLE) return false;
    if (!lua_getmetatable(L, index)) return true;
    lua_pushliteral(L, "__tostring");
    bool has_text = lua_rawget(L, -2) != LUA_TNIL;
    lua_pushliteral(L, "__name");
    bool has_name = lua_rawget(L, -3) == LUA_TSTRING;
    lua_pop(L, 3);
    return !has_text && !has_name;
}

__LJMP void shim_show(lua_State *L, int index) {
    index = lua_absindex(L, index);
    luaL_checkstack(L, 12, NULL);
    /* Not on the C stack: a __tostring may print, again and again within itself. */
    showing *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (showing){.L = L};
    add_value(s, index);
    lua_pushlstring(L, s->bytes, s->length);
    if (s->is_full) {
        lua_pushliteral(L, "…");
        lua_concat(L, 2);
    }
    lua_remove(L, -2);
}

static __LJMP int show(lua_State *L) {
    shim_show(L, 1);
    return 1;
}

bool shim_show_table(lua_State *L, int index) {
    if (!shim_is_plain_table(L, index)) return false;
    index = lua_absindex(L, index);
    lua_pushcfunction(L, show);
    lua_pushvalue(L, index);
    if (shim_call(L, 1, 1) == LUA_OK) return true;
    lua_pop(L, 1);
    return false;
}
