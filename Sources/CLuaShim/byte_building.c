/* Methods of bytes that make another string of one: without its ends, with others in their place, at a width. */
#include <string.h>

#include "byte_methods.h"
#include "watchdog.h"

/* MARK: - strip, lstrip, rstrip, removeprefix, removesuffix */

static int strip(lua_State *L, const byte_declaration *declaration, bool left, bool right) {
    byte_slice s = byte_take(L, declaration);
    size_t length;
    const char *bytes = luaL_optlstring(L, 2, byte_whitespace, &length);
    byte_set set = byte_set_of(bytes, length);
    const char *start = s.bytes;
    const char *end = s.bytes + s.length;
    while (left && start < end && byte_set_has(&set, *start)) {
        start++;
    }
    while (right && start < end && byte_set_has(&set, end[-1])) {
        end--;
    }
    byte_push(L, byte_between(start, end));
    return 1;
}

/* s:strip([bytes]): without the bytes of this set (else whitespace) at both ends. */
static int bytes_strip(lua_State *L) {
    static const byte_declaration declaration = {"strip", {"bytes", NULL}, 0};
    return strip(L, &declaration, true, true);
}

static int bytes_lstrip(lua_State *L) {
    static const byte_declaration declaration = {"lstrip", {"bytes", NULL}, 0};
    return strip(L, &declaration, true, false);
}

static int bytes_rstrip(lua_State *L) {
    static const byte_declaration declaration = {"rstrip", {"bytes", NULL}, 0};
    return strip(L, &declaration, false, true);
}

/* s:removeprefix(prefix): without it, if s begins so. */
static int bytes_removeprefix(lua_State *L) {
    static const byte_declaration declaration = {"removeprefix", {"prefix", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice prefix = byte_check_slice(L, 2);
    bool has = prefix.length <= s.length && memcmp(s.bytes, prefix.bytes, prefix.length) == 0;
    byte_push(L, has ? (byte_slice){s.bytes + prefix.length, s.length - prefix.length} : s);
    return 1;
}

/* s:removesuffix(suffix): without it, if s ends so. */
static int bytes_removesuffix(lua_State *L) {
    static const byte_declaration declaration = {"removesuffix", {"suffix", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice suffix = byte_check_slice(L, 2);
    bool has = suffix.length <= s.length &&
               memcmp(s.bytes + s.length - suffix.length, suffix.bytes, suffix.length) == 0;
    byte_push(L, (byte_slice){s.bytes, has ? s.length - suffix.length : s.length});
    return 1;
}

/* MARK: - replace */

/* The position of the next place to replace at or after `at`; an empty `old` stands before each byte and at the end. */
static const char *next_occurrence(const char *at, const char *end, byte_slice old, int is_first) {
    if (old.length > 0) {
        return guarded_string_search(at, (size_t)(end - at), old.bytes, old.length);
    }
    if (is_first) {
        return at;
    }
    return at < end ? at + 1 : NULL;
}

/* s:replace(old, new [, count]) */
static int bytes_replace(lua_State *L) {
    static const byte_declaration declaration = {"replace", {"old", "new", "count", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_slice old = byte_check_slice(L, 2);
    byte_slice new = byte_check_slice(L, 3);
    lua_Integer most = byte_check_most(L, 4);
    size_t steps = 0;
    const char *end = s.bytes + s.length;
    size_t count = 0;
    const char *at = s.bytes;
    while (most < 0 || count < (size_t)most) {
        const char *found = next_occurrence(at, end, old, count == 0);
        if (found == NULL) {
            break;
        }
        count++;
        byte_step(L, &steps);
        at = found + old.length;
    }
    if (count == 0) {
        lua_pushvalue(L, 1);
        return 1;
    }
    size_t total = guarded_string_sum(s.length - count * old.length, guarded_string_product(count, new.length));
    guarded_string_check_size(L, "replace", total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    at = s.bytes;
    for (size_t i = 0; i < count; i++) {
        const char *found = next_occurrence(at, end, old, i == 0);
        memcpy(out, at, (size_t)(found - at));
        out += found - at;
        memcpy(out, new.bytes, new.length);
        out += new.length;
        at = found + old.length;
    }
    memcpy(out, at, (size_t)(end - at));
    luaL_pushresultsize(&b, total);
    return 1;
}

/* MARK: - translate, maketrans */

#define TABLE_BYTES 256

/* from:maketrans(to): the table for translate that gives each byte of `from` the one of `to` at its place. */
static int bytes_maketrans(lua_State *L) {
    static const byte_declaration declaration = {"maketrans", {"to", NULL}, 0};
    byte_slice from = byte_take(L, &declaration);
    byte_slice to = byte_check_slice(L, 2);
    luaL_argcheck(L, from.length == to.length, 2, "must be as long as the bytes that it replaces");
    char table[TABLE_BYTES];
    for (int i = 0; i < TABLE_BYTES; i++) {
        table[i] = (char)i;
    }
    for (size_t i = 0; i < from.length; i++) {
        table[(unsigned char)from.bytes[i]] = to.bytes[i];
    }
    lua_pushlstring(L, table, sizeof table);
    return 1;
}

/* s:translate(table [, delete]): each byte replaced by the one that the table of 256 has for it; nil changes none. */
static int bytes_translate(lua_State *L) {
    static const byte_declaration declaration = {"translate", {"table", "delete", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    luaL_argcheck(L, lua_gettop(L) >= 2, 2, "string or nil expected, got no value");
    byte_slice table = lua_isnil(L, 2) ? (byte_slice){NULL, TABLE_BYTES} : byte_check_slice(L, 2);
    luaL_argcheck(L, table.length == TABLE_BYTES, 2, "must have 256 bytes: one for each that a byte can be");
    size_t length;
    const char *bytes = luaL_optlstring(L, 3, "", &length);
    byte_set deleted = byte_set_of(bytes, length);
    guarded_string_check_size(L, "translate", s.length);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.length);
    size_t count = 0;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.bytes[i];
        if (!byte_set_has(&deleted, c)) {
            out[count++] = table.bytes != NULL ? table.bytes[(unsigned char)c] : c;
        }
    }
    luaL_pushresultsize(&b, count);
    return 1;
}

/* MARK: - expandtabs */

/* Goes through `s` with each tab as the spaces up to the next column; writes where `out` is not null. Gives the length. */
static size_t expand_tabs(byte_slice s, lua_Integer tab_size, char *out) {
    size_t total = 0, column = 0;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.bytes[i];
        if (c == '\t') {
            size_t spaces = tab_size > 0 ? (size_t)tab_size - column % (size_t)tab_size : 0;
            if (out != NULL) {
                memset(out + total, ' ', spaces);
            }
            total = guarded_string_sum(total, spaces);
            column = guarded_string_sum(column, spaces);
            continue;
        }
        if (out != NULL) {
            out[total] = c;
        }
        total = guarded_string_sum(total, 1);
        column = c == '\n' || c == '\r' ? 0 : guarded_string_sum(column, 1);
    }
    return total;
}

/* s:expandtabs([tabsize]) */
static int bytes_expandtabs(lua_State *L) {
    static const byte_declaration declaration = {"expandtabs", {"tabsize", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    lua_Integer tab_size = luaL_optinteger(L, 2, 8);
    size_t total = expand_tabs(s, tab_size, NULL);
    guarded_string_check_size(L, "expandtabs", total);
    luaL_Buffer b;
    expand_tabs(s, tab_size, luaL_buffinitsize(L, &b, total));
    luaL_pushresultsize(&b, total);
    return 1;
}

/* MARK: - ljust, rjust, center, zfill */

/* Pushes `s` between so many bytes. */
static int pad(lua_State *L, const char *function, byte_slice s, size_t left, size_t right, char fill) {
    size_t total = guarded_string_sum(guarded_string_sum(left, right), s.length);
    guarded_string_check_size(L, function, total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    memset(out, fill, left);
    memcpy(out + left, s.bytes, s.length);
    memset(out + left + s.length, fill, right);
    luaL_pushresultsize(&b, total);
    return 1;
}

/* How many bytes the width, argument 2, has more than `s`. */
static size_t check_margin(lua_State *L, byte_slice s) {
    lua_Integer width = luaL_checkinteger(L, 2);
    return width > (lua_Integer)s.length ? (size_t)width - s.length : 0;
}

static char check_fill(lua_State *L) {
    if (lua_isnoneornil(L, 3)) {
        return ' ';
    }
    byte_slice fill = byte_check_slice(L, 3);
    luaL_argcheck(L, fill.length == 1, 3, "must be one byte");
    return fill.bytes[0];
}

/* s:ljust(width [, fillbyte]): filled up at its end. */
static int bytes_ljust(lua_State *L) {
    static const byte_declaration declaration = {"ljust", {"width", "fillbyte", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    size_t margin = check_margin(L, s);
    return pad(L, "ljust", s, 0, margin, check_fill(L));
}

/* s:rjust(width [, fillbyte]): filled up at its begin. */
static int bytes_rjust(lua_State *L) {
    static const byte_declaration declaration = {"rjust", {"width", "fillbyte", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    size_t margin = check_margin(L, s);
    return pad(L, "rjust", s, margin, 0, check_fill(L));
}

/* s:center(width [, fillbyte]): filled up at both ends; an odd byte is where Python has it. */
static int bytes_center(lua_State *L) {
    static const byte_declaration declaration = {"center", {"width", "fillbyte", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    size_t margin = check_margin(L, s);
    size_t left = margin / 2 + (margin & (margin + s.length) & 1);
    return pad(L, "center", s, left, margin - left, check_fill(L));
}

/* s:zfill(width): zeros at the begin, behind a sign. */
static int bytes_zfill(lua_State *L) {
    static const byte_declaration declaration = {"zfill", {"width", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    size_t margin = check_margin(L, s);
    if (margin == 0 || s.length == 0 || (s.bytes[0] != '+' && s.bytes[0] != '-')) {
        return pad(L, "zfill", s, margin, 0, '0');
    }
    guarded_string_check_size(L, "zfill", guarded_string_sum(margin, s.length));
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, margin + s.length);
    out[0] = s.bytes[0];
    memset(out + 1, '0', margin);
    memcpy(out + 1 + margin, s.bytes + 1, s.length - 1);
    luaL_pushresultsize(&b, margin + s.length);
    return 1;
}

const luaL_Reg byte_building_methods[] = {
    {"strip", bytes_strip},
    {"lstrip", bytes_lstrip},
    {"rstrip", bytes_rstrip},
    {"removeprefix", bytes_removeprefix},
    {"removesuffix", bytes_removesuffix},
    {"replace", bytes_replace},
    {"translate", bytes_translate},
    {"maketrans", bytes_maketrans},
    {"expandtabs", bytes_expandtabs},
    {"ljust", bytes_ljust},
    {"rjust", bytes_rjust},
    {"center", bytes_center},
    {"zfill", bytes_zfill},
    {NULL, NULL},
};
