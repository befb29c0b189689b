/* What the files of the library `json` share. */
#ifndef LECTERN_JSON_H
#define LECTERN_JSON_H

#include "internal.h"

#define JSON_DEEPEST SHIM_JSON_DEEPEST

/* Steps after which a loop looks at the time: some 50 microseconds. */
#define JSON_STEPS 1024
/* Bytes of a string that are handled in the time of one step. */
#define JSON_BYTES_IN_A_STEP 256

/* The upvalues of each function. */
#define JSON_NULL lua_upvalueindex(1)
#define JSON_ARRAY lua_upvalueindex(2)  /* the metatables by which tables are marked */
#define JSON_OBJECT lua_upvalueindex(3)

/* What the bytes of strings from 128 on are. */
typedef enum json_encoding { JSON_UTF_8, JSON_LATIN_1, JSON_ANY_BYTES } json_encoding;

typedef struct json_reading {
    const char *function; /* as messages name it */
    json_encoding encoding;
    bool drops_nulls;
} json_reading;

typedef struct json_writing {
    const char *function;
    json_encoding encoding;
    bool is_ascii, is_sorted;
    const char *indent; /* NULL: all on one line */
    size_t indent_length;
    const char *comma, *colon;
    size_t comma_length, colon_length;
} json_writing;

/* [0, +1] the value of a text. */
__LJMP void json_read(lua_State *L, const json_reading *how, const char *text, size_t length);
/* [0, +1] the text of the value at index. */
__LJMP void json_write(lua_State *L, const json_writing *how, int index);

/* Bytes that stand in the text of a string for themselves: printable ASCII but '"' and '\\'. */
extern const bool json_is_plain[256];

/* Whether one of eight bytes is none of these: never wrong when it says no, and seldom else. */
static inline bool json_has_special(uint64_t bytes) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
    return (((bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones) | (bytes + ones) | bytes) & highs) != 0;
}

/* Behind the plain bytes from p on; a NUL, which is none, stands at the end. */
static inline const char *json_skip_plain(const char *p, const char *end) {
    uint64_t bytes;
    while (end - p >= (ptrdiff_t)sizeof bytes) {
        memcpy(&bytes, p, sizeof bytes);
        if (json_has_special(bytes)) break;
        p += sizeof bytes;
    }
    while (json_is_plain[(unsigned char)*p]) p++;
    return p;
}

/* The length of a character of two or three bytes of UTF-8, of those that most texts have; 0: look closer. */
static inline size_t json_common_character(const char *at) {
    const unsigned char *p = (const unsigned char *)at;
    if ((p[1] & 0xC0) != 0x80) return 0;
    if (p[0] >= 0xC2 && p[0] < 0xE0) return 2;
    return p[0] > 0xE0 && p[0] < 0xED && (p[2] & 0xC0) == 0x80 ? 3 : 0;
}

/* Counts the steps of a loop, and ends the task when it has run too long. */
static inline __LJMP void json_spend(lua_State *L, size_t *spent, size_t steps) {
    *spent += steps;
    if (*spent < JSON_STEPS) return;
    *spent = 0;
    shim_watchdog_check(L);
}

/* Where in a value something is, as a program would write it: rooms[3].name. Of a long one the begin. */
typedef struct json_path {
    size_t length;
    bool is_full;
    char bytes[256];
} json_path;

void json_path_add_index(json_path *path, lua_Integer index);
void json_path_add_name(json_path *path, const char *name, size_t length);
/* The text, which ends with a NUL. */
const char *json_path_text(json_path *path);

#endif
