/* What `base64` and `binascii` compute byte by byte: base64 in both directions, and two checksums. */
#include "byte_methods.h"
#include "internal.h"

/* Bytes between two looks at the time. */
#define PIECE ((size_t)1 << 16)

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The letters, with the two that argument `argument` gives for the last ones. */
static __LJMP void take_letters(lua_State *L, int argument, char alphabet[64]) {
    size_t count;
    const char *others = luaL_optlstring(L, argument, "+/", &count);
    if (count != 2) shim_raise_fault(L, "ValueError", "argument 'altchars' must have two bytes, got %d", (int)count);
    memcpy(alphabet, letters, 62);
    memcpy(alphabet + 62, others, 2);
}

/* base64_encode(name, data [, altchars]) */
static __LJMP int base64_encode(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    byte_slice data = byte_check_slice(L, 2);
    char alphabet[64];
    take_letters(L, 3, alphabet);
    size_t size = (data.length + 2) / 3 * 4;
    size_t limit = shim_host_of(L)->strings.string_bytes;
    if (size > (limit == 0 ? GUARDED_STRINGS_STRING_BYTES : limit)) {
        shim_raise_fault(L, "ValueError", "%s: the result of %I bytes is larger than a string may be", name,
                         (LUAI_UACINT)size);
    }
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, size);
    const unsigned char *in = (const unsigned char *)data.bytes;
    for (size_t i = 0; i < data.length; i += 3) {
        if (i % (3 * PIECE) == 0) shim_watchdog_check(L);
        size_t rest = data.length - i;
        uint32_t word = (uint32_t)in[i] << 16 | (rest > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (rest > 2 ? in[i + 2] : 0u);
        *out++ = alphabet[word >> 18];
        *out++ = alphabet[word >> 12 & 63];
        *out++ = rest > 1 ? alphabet[word >> 6 & 63] : '=';
        *out++ = rest > 2 ? alphabet[word & 63] : '=';
    }
    luaL_pushresultsize(&buffer, size);
    return 1;
}

#define NO_DIGIT 64

/* base64_decode(text, is_strict [, altchars]) -> data, or nil and the problem; by the rules of CPython 3.11. */
static __LJMP int base64_decode(lua_State *L) {
    byte_slice text = byte_check_slice(L, 1);
    bool is_strict = lua_toboolean(L, 2);
    char alphabet[64];
    take_letters(L, 3, alphabet);
    unsigned char values[256];
    memset(values, NO_DIGIT, sizeof values);
    for (unsigned char i = 0; i < 64; i++) values[(unsigned char)letters[i]] = i;
    /* The two letters mean what those do in whose place they stand, which keep their meaning. */
    for (unsigned char i = 62; i < 64; i++) values[(unsigned char)alphabet[i]] = i;
    luaL_Buffer buffer;
    char *begin = luaL_buffinitsize(L, &buffer, text.length / 4 * 3 + 3), *out = begin;
    int position = 0, pads = 0;
    unsigned char left = 0;
    bool has_pads = false;
    const char *problem = NULL;
    for (size_t i = 0; i < text.length && !problem; i++) {
        if (i % PIECE == 0) shim_watchdog_check(L);
        unsigned char byte = (unsigned char)text.bytes[i], value = values[byte];
        if (byte == '=') {
            has_pads = true;
            if (is_strict && i == 0) {
                problem = "Leading padding not allowed";
            } else if (position >= 2 && position + ++pads >= 4) {
                if (is_strict && i + 1 < text.length) problem = "Excess data after padding";
                position = 0;
                break;
            }
            continue;
        }
        if (value == NO_DIGIT) {
            if (is_strict) problem = "Only base64 data is allowed";
            continue;
        }
        if (is_strict && has_pads) problem = "Discontinuous padding not allowed";
        pads = 0;
        if (position > 0) *out++ = (char)(left << (2 * position) | value >> (6 - 2 * position));
        left = (unsigned char)(value & (0x3F >> (2 * position)));
        position = (position + 1) % 4;
    }
    if (problem == NULL && position == 1) {
        problem = "Invalid base64-encoded string: the number of its digits cannot be 1 more than a multiple of 4";
    }
    if (problem == NULL && position > 1) problem = "Incorrect padding";
    if (problem) {
        lua_pushnil(L);
        lua_pushstring(L, problem);
        return 2;
    }
    luaL_pushresultsize(&buffer, (size_t)(out - begin));
    return 1;
}

/* crc32(data, value) -> the CRC-32 of PNG and zip, going on from value */
static __LJMP int crc32(lua_State *L) {
    byte_slice data = byte_check_slice(L, 1);
    uint32_t table[256];
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        table[byte] = value;
    }
    uint32_t value = ~(uint32_t)luaL_checkinteger(L, 2);
    for (size_t i = 0; i < data.length; i++) {
        if (i % PIECE == 0) shim_watchdog_check(L);
        value = table[(value ^ (unsigned char)data.bytes[i]) & 0xFF] ^ value >> 8;
    }
    lua_pushinteger(L, (lua_Integer)(uint32_t)~value);
    return 1;
}

/* crc_hqx(data, value) -> the CRC-CCITT of BinHex, going on from value */
static __LJMP int crc_hqx(lua_State *L) {
    byte_slice data = byte_check_slice(L, 1);
    uint16_t value = (uint16_t)luaL_checkinteger(L, 2);
    for (size_t i = 0; i < data.length; i++) {
        if (i % PIECE == 0) shim_watchdog_check(L);
        value = (uint16_t)(value ^ (unsigned char)data.bytes[i] << 8);
        for (int bit = 0; bit < 8; bit++) value = (uint16_t)(value & 0x8000 ? value << 1 ^ 0x1021 : value << 1);
    }
    lua_pushinteger(L, value);
    return 1;
}

__LJMP void shim_open_binary_text(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"base64_encode", base64_encode},
        {"base64_decode", base64_decode},
        {"crc32", crc32},
        {"crc_hqx", crc_hqx},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
