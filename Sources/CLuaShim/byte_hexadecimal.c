/* Methods of bytes between a string and its hexadecimal digits. */
#include "byte_methods.h"

/* Bytes between two separators, counted from the end; negative: from the begin; 0: no separators. */
static lua_Integer check_group(lua_State *L, size_t length) {
    lua_Integer group = luaL_optinteger(L, 3, 1);
    /* One group of all, or of more: written so that the least integer is no trouble. */
    bool is_whole = group >= 0 ? (size_t)group >= length : (size_t)-(group + 1) + 1 >= length;
    return is_whole ? 0 : group;
}

/* s:hex([sep [, bytes_per_sep]]): two lower-case digits for each byte, with a separator between groups of bytes. */
static int bytes_hex(lua_State *L) {
    static const char digits[] = "0123456789abcdef";
    static const byte_declaration declaration = {"hex", {"sep", "bytes_per_sep", NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    lua_Integer group = check_group(L, s.length);
    char separator = '\0';
    if (lua_isnoneornil(L, 2)) {
        group = 0;
    } else {
        byte_slice given = byte_check_slice(L, 2);
        luaL_argcheck(L, given.length == 1 && (unsigned char)given.bytes[0] < 128, 2, "must be one byte of ASCII");
        separator = given.bytes[0];
    }
    size_t width = (size_t)(group < 0 ? -group : group);
    size_t separators = width > 0 ? (s.length - 1) / width : 0;
    size_t total = guarded_string_sum(guarded_string_product(s.length, 2), separators);
    guarded_string_check_size(L, "hex", total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    size_t until = width == 0 ? s.length : group < 0 ? width : s.length - separators * width;
    for (size_t i = 0; i < s.length; i++) {
        if (i == until) {
            *out++ = separator;
            until += width;
        }
        unsigned char c = (unsigned char)s.bytes[i];
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
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
    static const byte_declaration declaration = {"fromhex", {NULL}, 0};
    byte_slice s = byte_take(L, &declaration);
    byte_set spaces = byte_set_of(byte_whitespace, BYTE_WHITESPACE_COUNT);
    guarded_string_check_size(L, "fromhex", s.length / 2);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, s.length / 2 + 1);
    size_t count = 0;
    for (size_t i = 0; i < s.length;) {
        if (byte_set_has(&spaces, s.bytes[i])) {
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

const luaL_Reg byte_hexadecimal_methods[] = {
    {"hex", bytes_hex},
    {"fromhex", bytes_fromhex},
    {NULL, NULL},
};
