/* Methods of bytes about classes of bytes: digits, letters, and their case. Only ASCII has any, as in Python's bytes. */
#include "byte_methods.h"

/* MARK: - Questions */

static bool is_alnum(char c) { return byte_is_alpha(c) || byte_is_digit(c); }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_alpha(char c) { return byte_is_alpha(c); }
static bool is_digit(char c) { return byte_is_digit(c); }
static bool is_ascii(char c) { return (unsigned char)c < 128; }

static bool is_printable(char c) { return c >= ' ' && c <= '~'; }

/* Pushes whether all bytes are of a class; of none there are, `of_nothing`. */
static int test_all(lua_State *L, const byte_declaration *declaration, bool (*is_member)(char), bool of_nothing) {
    byte_slice s = byte_take(L, declaration);
    bool all = s.length > 0 || of_nothing;
    for (size_t i = 0; all && i < s.length; i++) {
        all = is_member(s.bytes[i]);
    }
    lua_pushboolean(L, all);
    return 1;
}

static int bytes_isdigit(lua_State *L) {
    static const byte_declaration declaration = {"isdigit", {NULL}, 0};
    return test_all(L, &declaration, is_digit, false);
}

static int bytes_isalpha(lua_State *L) {
    static const byte_declaration declaration = {"isalpha", {NULL}, 0};
    return test_all(L, &declaration, is_alpha, false);
}

static int bytes_isalnum(lua_State *L) {
    static const byte_declaration declaration = {"isalnum", {NULL}, 0};
    return test_all(L, &declaration, is_alnum, false);
}

static int bytes_isspace(lua_State *L) {
    static const byte_declaration declaration = {"isspace", {NULL}, 0};
    return test_all(L, &declaration, is_space, false);
}

static int bytes_isascii(lua_State *L) {
    static const byte_declaration declaration = {"isascii", {NULL}, 0};
    return test_all(L, &declaration, is_ascii, true);
}

static int bytes_isprintable(lua_State *L) {
    static const byte_declaration declaration = {"isprintable", {NULL}, 0};
    return test_all(L, &declaration, is_printable, true);
}

/* Python's text has decimal digits and other numbers beside the ten; bytes have no others. */
static int bytes_isdecimal(lua_State *L) {
    static const byte_declaration declaration = {"isdecimal", {NULL}, 0};
    return test_all(L, &declaration, is_digit, false);
}

static int bytes_isnumeric(lua_State *L) {
    static const byte_declaration declaration = {"isnumeric", {NULL}, 0};
    return test_all(L, &declaration, is_digit, false);
}

/* s:isidentifier(): whether it could be a name: letters, digits and underscores, and no digit first. */
static int bytes_isidentifier(lua_State *L) {
    static const byte_declaration declaration = {"isidentifier", {NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    bool is_name = s.length > 0 && !byte_is_digit(s.bytes[0]);
    for (size_t i = 0; is_name && i < s.length; i++) {
        is_name = is_alnum(s.bytes[i]) || s.bytes[i] == '_';
    }
    lua_pushboolean(L, is_name);
    return 1;
}

/* Pushes whether there are letters, and all of one case. */
static int test_case(lua_State *L, const byte_declaration *declaration, bool upper) {
    byte_slice s = byte_take(L, declaration);
    bool has_letter = false, has_other = false;
    for (size_t i = 0; !has_other && i < s.length; i++) {
        has_letter |= upper ? byte_is_upper(s.bytes[i]) : byte_is_lower(s.bytes[i]);
        has_other = upper ? byte_is_lower(s.bytes[i]) : byte_is_upper(s.bytes[i]);
    }
    lua_pushboolean(L, has_letter && !has_other);
    return 1;
}

static int bytes_isupper(lua_State *L) {
    static const byte_declaration declaration = {"isupper", {NULL}, 0};
    return test_case(L, &declaration, true);
}

static int bytes_islower(lua_State *L) {
    static const byte_declaration declaration = {"islower", {NULL}, 0};
    return test_case(L, &declaration, false);
}

/* s:istitle(): whether each run of letters begins with a capital and goes on in small ones. */
static int bytes_istitle(lua_State *L) {
    static const byte_declaration declaration = {"istitle", {NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    bool holds = true, has_letter = false, in_word = false;
    for (size_t i = 0; holds && i < s.length; i++) {
        bool is_letter = byte_is_alpha(s.bytes[i]);
        holds = !is_letter || byte_is_upper(s.bytes[i]) != in_word;
        has_letter |= is_letter;
        in_word = is_letter;
    }
    lua_pushboolean(L, holds && has_letter);
    return 1;
}

/* MARK: - Case */

#define CASE_BIT 0x20

/* Pushes the string with the case of each letter as `wants_upper` says of it and of what stands before. */
static int map_case(
    lua_State *L, const byte_declaration *declaration, bool (*wants_upper)(char c, bool is_first, bool in_word)) {
    byte_slice s = byte_take(L, declaration);
    guarded_string_check_size(L, declaration->name, s.length);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.length);
    bool in_word = false;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.bytes[i];
        bool is_letter = byte_is_alpha(c);
        if (is_letter && wants_upper(c, i == 0, in_word) != byte_is_upper(c)) {
            c ^= CASE_BIT;
        }
        out[i] = c;
        in_word = is_letter;
    }
    luaL_pushresultsize(&b, s.length);
    return 1;
}

static bool title_case(char c, bool is_first, bool in_word) {
    (void)c;
    (void)is_first;
    return !in_word;
}

static bool capital_case(char c, bool is_first, bool in_word) {
    (void)c;
    (void)in_word;
    return is_first;
}

static bool other_case(char c, bool is_first, bool in_word) {
    (void)is_first;
    (void)in_word;
    return byte_is_lower(c);
}

/* s:title(): each run of letters with a capital at its begin. */
static int bytes_title(lua_State *L) {
    static const byte_declaration declaration = {"title", {NULL}, 0};
    return map_case(L, &declaration, title_case);
}

/* s:capitalize(): a capital first, small letters after it. */
static int bytes_capitalize(lua_State *L) {
    static const byte_declaration declaration = {"capitalize", {NULL}, 0};
    return map_case(L, &declaration, capital_case);
}

static int bytes_swapcase(lua_State *L) {
    static const byte_declaration declaration = {"swapcase", {NULL}, 0};
    return map_case(L, &declaration, other_case);
}

static bool small_case(char c, bool is_first, bool in_word) {
    (void)c;
    (void)is_first;
    (void)in_word;
    return false;
}

/* s:casefold(): for comparisons without regard to case. Of ASCII alone, that is lower. */
static int bytes_casefold(lua_State *L) {
    static const byte_declaration declaration = {"casefold", {NULL}, 0};
    return map_case(L, &declaration, small_case);
}

const luaL_Reg byte_class_methods[] = {
    {"isdigit", bytes_isdigit}, {"isalpha", bytes_isalpha}, {"isalnum", bytes_isalnum},
    {"isspace", bytes_isspace}, {"isascii", bytes_isascii}, {"isupper", bytes_isupper},
    {"islower", bytes_islower}, {"istitle", bytes_istitle}, {"title", bytes_title},
    {"capitalize", bytes_capitalize}, {"swapcase", bytes_swapcase}, {"casefold", bytes_casefold},
    {"isprintable", bytes_isprintable}, {"isdecimal", bytes_isdecimal}, {"isnumeric", bytes_isnumeric},
    {"isidentifier", bytes_isidentifier}, {NULL, NULL},
};
