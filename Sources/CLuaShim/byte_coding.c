/*
 * Methods of bytes that Python has between text and bytes. Both are strings here, so a coding changes nothing but what it
 * does not allow.
 */
#include <string.h>

#include "byte_methods.h"
#include "internal.h"

typedef enum coding { UTF_8, ASCII, LATIN_1 } coding;

/* What becomes of bytes that the coding does not allow. */
typedef enum error_rule { RAISE, LEAVE_OUT, REPLACE } error_rule;

/* U+FFFD, which stands for what could not be read. */
#define REPLACEMENT ((byte_slice){"\xEF\xBF\xBD", 3})

/* MARK: - Arguments */

#define LONGEST_NAME 16

/* Whether a name that a program gave is `name`: letters of any case, and '_' or ' ' for '-'. */
static bool is_named(byte_slice given, const char *name) {
    if (given.length != strlen(name) || given.length > LONGEST_NAME) {
        return false;
    }
    for (size_t i = 0; i < given.length; i++) {
        char c = given.bytes[i];
        if (byte_is_upper(c)) {
            c |= 0x20;
        }
        if (c == '_' || c == ' ') {
            c = '-';
        }
        if (c != name[i]) {
            return false;
        }
    }
    return true;
}

static coding check_coding(lua_State *L) {
    static const struct {
        const char *name;
        coding coding;
    } names[] = {
        {"utf-8", UTF_8},     {"utf8", UTF_8},       {"ascii", ASCII},          {"us-ascii", ASCII},
        {"latin-1", LATIN_1}, {"latin1", LATIN_1},   {"iso-8859-1", LATIN_1},   {"iso8859-1", LATIN_1},
    };
    if (lua_isnoneornil(L, 2)) {
        return UTF_8;
    }
    byte_slice given = byte_check_slice(L, 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_named(given, names[i].name)) {
            return names[i].coding;
        }
    }
    luaL_argerror(L, 2, "must be one of 'utf-8', 'ascii', 'latin-1'");
    return UTF_8;
}

static error_rule check_errors(lua_State *L) {
    static const char *const names[] = {"strict", "ignore", "replace", NULL};
    return (error_rule)luaL_checkoption(L, 3, lua_isnoneornil(L, 3) ? "strict" : NULL, names);
}

/* MARK: - Characters */

size_t byte_character_length(const char *at, const char *end, bool *is_valid) {
    const unsigned char *bytes = (const unsigned char *)at;
    unsigned char lead = bytes[0], low = 0x80, high = 0xBF;
    size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    *is_valid = length > 0;
    if (length == 0) {
        return 1;
    }
    if (lead == 0xE0) {
        low = 0xA0; /* below: a longer form of a shorter character */
    } else if (lead == 0xED) {
        high = 0x9F; /* above: halves of pairs of UTF-16 */
    } else if (lead == 0xF0) {
        low = 0x90;
    } else if (lead == 0xF4) {
        high = 0x8F; /* above: no characters */
    }
    for (size_t i = 1; i < length; i++) {
        if (at + i == end || bytes[i] < low || bytes[i] > high) {
            *is_valid = false;
            return i;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

/* The length of what is at `at`, and whether the coding allows it. */
static size_t piece_length(coding coding, bool by_characters, const char *at, const char *end, bool *is_valid) {
    if (coding == UTF_8) {
        return byte_character_length(at, end, is_valid);
    }
    *is_valid = (unsigned char)*at < 128;
    bool is_character;
    return by_characters ? byte_character_length(at, end, &is_character) : 1;
}

/* Goes through `s` with `substitute` for what the coding does not allow; writes where `out` is not null. Gives the length. */
static size_t recode(
    byte_slice s, coding coding, bool by_characters, byte_slice substitute, char *out, const char **first_wrong) {
    const char *end = s.bytes + s.length;
    size_t total = 0;
    *first_wrong = NULL;
    for (const char *at = s.bytes; at < end;) {
        bool is_valid;
        size_t length = piece_length(coding, by_characters, at, end, &is_valid);
        byte_slice piece = is_valid ? (byte_slice){at, length} : substitute;
        if (!is_valid && *first_wrong == NULL) {
            *first_wrong = at;
        }
        if (out != NULL) {
            memcpy(out + total, piece.bytes, piece.length);
        }
        total = guarded_string_sum(total, piece.length);
        at += length;
    }
    return total;
}

/* Pushes the string, or what is left of it when some of it is not allowed. */
static int push_recoded(
    lua_State *L, const char *method, byte_slice s, coding coding, bool by_characters, byte_slice replacement) {
    error_rule rule = check_errors(L);
    byte_slice substitute = rule == REPLACE ? replacement : (byte_slice){"", 0};
    const char *wrong;
    guarded_string_check_size(L, method, s.length);
    size_t total = recode(s, coding, by_characters, substitute, NULL, &wrong);
    if (wrong == NULL) {
        lua_pushvalue(L, 1);
        return 1;
    }
    if (rule == RAISE) {
        static const char digits[] = "0123456789abcdef";
        unsigned char byte = (unsigned char)*wrong;
        return shim_raise_fault(
            L, "ValueError", "%s: the byte 0x%c%c at position %I is not %s; errors='replace' or 'ignore' allows it",
            method, digits[byte >> 4], digits[byte & 15], (LUAI_UACINT)(wrong - s.bytes + 1),
            coding == ASCII ? "ASCII" : "UTF-8");
    }
    guarded_string_check_size(L, method, total);
    luaL_Buffer b;
    recode(s, coding, by_characters, substitute, luaL_buffinitsize(L, &b, total), &wrong);
    luaL_pushresultsize(&b, total);
    return 1;
}

/* MARK: - decode, encode */

/* s:decode([encoding [, errors]]): the same bytes; what is no text of the coding is an error, left out or replaced. */
static int bytes_decode(lua_State *L) {
    static const byte_declaration declaration = {"decode", {"encoding", "errors", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    coding coding = check_coding(L);
    if (coding == LATIN_1) {
        check_errors(L);
        lua_pushvalue(L, 1);
        return 1;
    }
    return push_recoded(L, "decode", s, coding, false, REPLACEMENT);
}

/* s:encode([encoding [, errors]]): the same bytes; with 'ascii', what is no ASCII is an error, left out or replaced. */
static int bytes_encode(lua_State *L) {
    static const byte_declaration declaration = {"encode", {"encoding", "errors", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    if (check_coding(L) != ASCII) {
        check_errors(L);
        lua_pushvalue(L, 1);
        return 1;
    }
    return push_recoded(L, "encode", s, ASCII, true, (byte_slice){"?", 1});
}

const luaL_Reg byte_coding_methods[] = {
    {"decode", bytes_decode},
    {"encode", bytes_encode},
    {NULL, NULL},
};
