/* The methods of Python's bytes that a string has here, so that ported programs read as they did. */
#define _GNU_SOURCE /* memmem */
#include <stdint.h>
#include <string.h>

#include "guarded_string_functions.h"

/* A piece of a string on the stack. */
typedef struct slice {
    const char *bytes;
    size_t length;
} slice;

/* A set of bytes. */
typedef struct byte_set {
    uint64_t bits[4];
} byte_set;

/* Elements of a list with a metatable that one call handles. */
#define MOST_LISTED 1000000

static const char whitespace[] = " \t\n\r\v\f";

static slice check_slice(lua_State *L, int argument) {
    slice s;
    s.bytes = luaL_checklstring(L, argument, &s.length);
    return s;
}

/* An argument that must not be empty: nothing can be cut at an empty separator. */
static slice check_separator(lua_State *L, int argument) {
    slice s = check_slice(L, argument);
    luaL_argcheck(L, s.length > 0, argument, "empty separator");
    return s;
}

static slice slice_between(const char *start, const char *end) {
    return (slice){start, (size_t)(end - start)};
}

static void push_slice(lua_State *L, slice s) {
    lua_pushlstring(L, s.bytes, s.length);
}

static byte_set set_of(const char *bytes, size_t length) {
    byte_set set = {{0, 0, 0, 0}};
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        set.bits[c >> 6] |= (uint64_t)1 << (c & 63);
    }
    return set;
}

static inline int set_has(const byte_set *set, char byte) {
    unsigned char c = (unsigned char)byte;
    return (int)(set->bits[c >> 6] >> (c & 63) & 1);
}

/* The last occurrence of `needle`, or null. Halves the range of starts until it is empty: linear but for a logarithm of
 * the needle's share, where comparing backwards would cost the product of the lengths. */
static const char *search_last(slice text, slice needle) {
    const char *found = NULL;
    if (needle.length > text.length) {
        return NULL;
    }
    size_t low = 0;
    size_t high = text.length - needle.length + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *at =
            memmem(text.bytes + middle, high - middle + needle.length - 1, needle.bytes, needle.length);
        if (at != NULL) {
            found = at;
            low = (size_t)(at - text.bytes) + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

/* MARK: - partition, rpartition */

/* s:partition(separator) -> before, separator, after; without a match: s, '', ''. */
static int bytes_partition(lua_State *L) {
    slice s = check_slice(L, 1);
    slice separator = check_separator(L, 2);
    const char *at = guarded_string_search(s.bytes, s.length, separator.bytes, separator.length);
    if (at == NULL) {
        lua_pushvalue(L, 1);
        lua_pushliteral(L, "");
        lua_pushliteral(L, "");
        return 3;
    }
    push_slice(L, slice_between(s.bytes, at));
    lua_pushvalue(L, 2);
    push_slice(L, slice_between(at + separator.length, s.bytes + s.length));
    return 3;
}

/* s:rpartition(separator): cuts at the last one; without a match: '', '', s. */
static int bytes_rpartition(lua_State *L) {
    slice s = check_slice(L, 1);
    slice separator = check_separator(L, 2);
    const char *at = search_last(s, separator);
    if (at == NULL) {
        lua_pushliteral(L, "");
        lua_pushliteral(L, "");
        lua_pushvalue(L, 1);
        return 3;
    }
    push_slice(L, slice_between(s.bytes, at));
    lua_pushvalue(L, 2);
    push_slice(L, slice_between(at + separator.length, s.bytes + s.length));
    return 3;
}

/* MARK: - split, splitlines */

/* Appends a piece to the list at the top of the stack. */
static void append(lua_State *L, lua_Integer *count, slice piece) {
    push_slice(L, piece);
    lua_rawseti(L, -2, ++*count);
}

static void split_at_whitespace(lua_State *L, slice s, lua_Integer most) {
    byte_set spaces = set_of(whitespace, sizeof whitespace - 1);
    const char *end = s.bytes + s.length;
    const char *at = s.bytes;
    lua_Integer count = 0;
    for (;;) {
        while (at < end && set_has(&spaces, *at)) {
            at++;
        }
        if (at == end) {
            return;
        }
        const char *start = at;
        if (count == most) {
            /* The last piece keeps the whitespace within it, and at its end too. */
            append(L, &count, slice_between(start, end));
            return;
        }
        while (at < end && !set_has(&spaces, *at)) {
            at++;
        }
        append(L, &count, slice_between(start, at));
    }
}

static void split_at_separator(lua_State *L, slice s, slice separator, lua_Integer most) {
    const char *end = s.bytes + s.length;
    const char *start = s.bytes;
    lua_Integer count = 0;
    while (count != most) {
        const char *at = guarded_string_search(start, (size_t)(end - start), separator.bytes, separator.length);
        if (at == NULL) {
            break;
        }
        append(L, &count, slice_between(start, at));
        start = at + separator.length;
    }
    append(L, &count, slice_between(start, end));
}

/* s:split([separator [, maxsplit]]) -> list. Without a separator: the words between runs of whitespace. */
static int bytes_split(lua_State *L) {
    slice s = check_slice(L, 1);
    int by_words = lua_isnoneornil(L, 2);
    slice separator = by_words ? (slice){NULL, 0} : check_separator(L, 2);
    lua_Integer most = luaL_optinteger(L, 3, -1);
    if (most < 0) {
        /* No count of pieces ever equals it. */
        most = -1;
    }
    lua_newtable(L);
    if (by_words) {
        split_at_whitespace(L, s, most);
    } else {
        split_at_separator(L, s, separator, most);
    }
    return 1;
}

/* s:splitlines([keepends]) -> list. A line ends with LF, CR or CR LF; a line end at the end of s starts no new line. */
static int bytes_splitlines(lua_State *L) {
    slice s = check_slice(L, 1);
    int keep_ends = lua_toboolean(L, 2);
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
        append(L, &count, slice_between(start, keep_ends ? next : line_end));
        start = next;
    }
    return 1;
}

/* MARK: - strip, lstrip, rstrip */

static int strip(lua_State *L, int left, int right) {
    slice s = check_slice(L, 1);
    size_t length;
    const char *bytes = luaL_optlstring(L, 2, whitespace, &length);
    byte_set set = set_of(bytes, length);
    const char *start = s.bytes;
    const char *end = s.bytes + s.length;
    while (left && start < end && set_has(&set, *start)) {
        start++;
    }
    while (right && start < end && set_has(&set, end[-1])) {
        end--;
    }
    push_slice(L, slice_between(start, end));
    return 1;
}

/* s:strip([bytes]): without the bytes of this set (else whitespace) at both ends. */
static int bytes_strip(lua_State *L) {
    return strip(L, 1, 1);
}

static int bytes_lstrip(lua_State *L) {
    return strip(L, 1, 0);
}

static int bytes_rstrip(lua_State *L) {
    return strip(L, 0, 1);
}

/* MARK: - startswith, endswith */

static int slice_starts(slice s, slice affix) {
    return affix.length <= s.length && memcmp(s.bytes, affix.bytes, affix.length) == 0;
}

static int slice_ends(slice s, slice affix) {
    return affix.length <= s.length &&
           memcmp(s.bytes + s.length - affix.length, affix.bytes, affix.length) == 0;
}

/* Whether `test` holds for argument 2, a string or a list of strings of which one is enough. */
static int any_affix(lua_State *L, slice s, int (*test)(slice, slice)) {
    if (lua_type(L, 2) != LUA_TTABLE) {
        luaL_argexpected(L, lua_isstring(L, 2), 2, "string or list of strings");
        return test(s, check_slice(L, 2));
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    int found = 0;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(L, 2, i) != LUA_TSTRING) {
            luaL_argerror(
                L, 2, lua_pushfstring(L, "string expected at index %I of the list, got %s", (LUAI_UACINT)i,
                                      luaL_typename(L, -1)));
        }
        slice affix;
        affix.bytes = lua_tolstring(L, -1, &affix.length);
        found |= test(s, affix);
        lua_pop(L, 1);
    }
    return found;
}

/* s:startswith(prefix [, start]): whether the string from position `start` begins so. */
static int bytes_startswith(lua_State *L) {
    slice s = check_slice(L, 1);
    size_t start = guarded_string_position(luaL_optinteger(L, 3, 1), s.length) - 1;
    int in_range = start <= s.length;
    slice rest = in_range ? (slice){s.bytes + start, s.length - start} : (slice){s.bytes, 0};
    /* The prefix is checked even where nothing can match: a wrong argument is an error each time. */
    int found = any_affix(L, rest, slice_starts);
    lua_pushboolean(L, found && in_range);
    return 1;
}

/* s:endswith(suffix). */
static int bytes_endswith(lua_State *L) {
    slice s = check_slice(L, 1);
    lua_pushboolean(L, any_affix(L, s, slice_ends));
    return 1;
}

/* MARK: - replace, join */

/* The position of the next place to replace at or after `at`; an empty `old` stands before each byte and at the end. */
static const char *next_occurrence(const char *at, const char *end, slice old, int is_first) {
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
    slice s = check_slice(L, 1);
    slice old = check_slice(L, 2);
    slice new = check_slice(L, 3);
    lua_Integer most = luaL_optinteger(L, 4, -1);
    const char *end = s.bytes + s.length;
    size_t count = 0;
    const char *at = s.bytes;
    while (most < 0 || count < (size_t)most) {
        const char *found = next_occurrence(at, end, old, count == 0);
        if (found == NULL) {
            break;
        }
        count++;
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

/* separator:join(list): the strings (or numbers) of the list with the separator between them. */
static int bytes_join(lua_State *L) {
    slice separator = check_slice(L, 1);
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

/* MARK: - hex, fromhex */

/* s:hex(): two lower-case digits for each byte. */
static int bytes_hex(lua_State *L) {
    static const char digits[] = "0123456789abcdef";
    slice s = check_slice(L, 1);
    size_t total = guarded_string_product(s.length, 2);
    guarded_string_check_size(L, "hex", total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.bytes[i];
        out[2 * i] = digits[c >> 4];
        out[2 * i + 1] = digits[c & 15];
    }
    luaL_pushresultsize(&b, total);
    return 1;
}

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* string.fromhex(text): the bytes that the digits give; whitespace may stand between two bytes. */
static int bytes_fromhex(lua_State *L) {
    slice s = check_slice(L, 1);
    byte_set spaces = set_of(whitespace, sizeof whitespace - 1);
    guarded_string_check_size(L, "fromhex", s.length / 2);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.length / 2 + 1);
    size_t count = 0;
    for (size_t i = 0; i < s.length;) {
        if (set_has(&spaces, s.bytes[i])) {
            i++;
            continue;
        }
        int high = digit_value(s.bytes[i]);
        int low = high >= 0 && i + 1 < s.length ? digit_value(s.bytes[i + 1]) : -1;
        if (high < 0 || low < 0) {
            size_t position = i + (high < 0 ? 1 : 2);
            luaL_argerror(
                L, 1, lua_pushfstring(L, position > s.length ? "a second hexadecimal digit is missing at position %I"
                                                             : "not a hexadecimal digit at position %I",
                                      (LUAI_UACINT)position));
        }
        out[count++] = (char)(high << 4 | low);
        i += 2;
    }
    luaL_pushresultsize(&b, count);
    return 1;
}

const luaL_Reg guarded_byte_methods[] = {
    {"partition", bytes_partition},
    {"rpartition", bytes_rpartition},
    {"split", bytes_split},
    {"splitlines", bytes_splitlines},
    {"strip", bytes_strip},
    {"lstrip", bytes_lstrip},
    {"rstrip", bytes_rstrip},
    {"startswith", bytes_startswith},
    {"endswith", bytes_endswith},
    {"replace", bytes_replace},
    {"join", bytes_join},
    {"hex", bytes_hex},
    {"fromhex", bytes_fromhex},
    {NULL, NULL},
};
