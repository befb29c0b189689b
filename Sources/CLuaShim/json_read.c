/*
 * The text of JSON (RFC 8259) as values of Lua.
 *
 * The containers that are open lie on Lua's stack, each below what is read for it; a member's name lies between. So the
 * collector sees them, an error leaves nothing behind, and no text can nest C calls.
 */
#include "json.h"

#include "byte_methods.h"
#include "decimal_numbers.h"

#include <math.h>

/* A container that is open, and what the last one at this depth had: the next is likely to be as large. */
typedef struct level {
    bool is_array;
    int last_elements, last_members;
    lua_Integer count;
} level;

/* Room for no more than this is made in advance. */
#define MOST_EXPECTED 64

typedef struct reader {
    lua_State *L;
    const json_reading *how;
    const char *text, *end; /* a NUL stands at the end */
    size_t spent;
    int base;               /* the place of the outermost container */
    int depth, deepest;
    bool is_in_value;       /* else between values */
    level levels[JSON_DEEPEST];
} reader;

const bool json_is_plain[256] = {
    [0x20] = true,          [0x21] = true,          [0x23 ... 0x5B] = true, [0x5D ... 0x7E] = true,
};

/* ---- errors ---- */

static __attribute__((noinline, cold)) __LJMP void find_path(reader *r, json_path *path) {
    int place = r->base;
    for (int i = 0; i < r->depth; i++) {
        bool is_last = i + 1 == r->depth;
        if (r->levels[i].is_array) {
            if (!is_last || r->is_in_value) json_path_add_index(path, r->levels[i].count + 1);
            place++;
        } else {
            bool has_name = !is_last || (r->is_in_value && lua_type(r->L, place + 1) == LUA_TSTRING);
            if (has_name) {
                size_t length;
                const char *name = lua_tolstring(r->L, place + 1, &length);
                json_path_add_name(path, name, length);
            }
            place += 2;
        }
    }
}

/* Columns count characters; a byte that belongs to none counts as one. */
static void find_line(const reader *r, const char *at, int *line, int *column) {
    *line = *column = 1;
    for (const char *p = r->text; p < at; p++) {
        if (*p == '\n') {
            ++*line;
            *column = 1;
        } else if (r->how->encoding != JSON_UTF_8 || ((unsigned char)*p & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

/* [-1, 0] what is wrong, on top */
static __attribute__((noinline, cold)) __LJMP void fail_on_top(reader *r, const char *at) {
    lua_State *L = r->L;
    json_path path = {.length = 0};
    int line, column;
    find_path(r, &path);
    find_line(r, at, &line, &column);
    const char *text = json_path_text(&path);
    shim_raise_fault(L, "ValueError", "%s: line %d, column %d%s%s: %s", r->how->function, line, column,
                     path.length > 0 ? ", at " : "", text, lua_tostring(L, -1));
}

static __attribute__((noinline, cold)) __LJMP void fail(reader *r, const char *at, const char *problem) {
    luaL_checkstack(r->L, 4, NULL);
    lua_pushstring(r->L, problem);
    fail_on_top(r, at);
}

/* Fails with what is there instead of what belongs there. */
static __attribute__((noinline, cold)) __LJMP void fail_at(reader *r, const char *at, const char *expected) {
    lua_State *L = r->L;
    luaL_checkstack(L, 8, NULL);
    unsigned char byte = (unsigned char)*at;
    if (at >= r->end) {
        lua_pushfstring(L, "the text ends where %s should be", expected);
    } else if (byte > 0x20 && byte < 0x7F) {
        const char *format = byte == '\'' ? "%s should be where \"%c\" is" : "%s should be where '%c' is";
        lua_pushfstring(L, format, expected, byte);
    } else {
        static const char digits[] = "0123456789ABCDEF";
        lua_pushfstring(L, "%s should be where the byte 0x%c%c is", expected, digits[byte >> 4], digits[byte & 15]);
    }
    fail_on_top(r, at);
}

static __attribute__((noinline, cold)) __LJMP void fail_for_byte(reader *r, const char *at) {
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)*at;
    luaL_checkstack(r->L, 8, NULL);
    lua_pushfstring(r->L,
                    "the byte 0x%c%c, number %I of the text, is not UTF-8; "
                    "encoding='latin-1' takes it for a character, encoding='bytes' as it is",
                    digits[byte >> 4], digits[byte & 15], (LUAI_UACINT)(at - r->text + 1));
    fail_on_top(r, at);
}

/* ---- space ---- */

static inline const char *skip_space(const char *p) {
    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
    return p;
}

/* ---- strings ---- */

static inline const char *skip_character(reader *r, const char *p) {
    bool is_character;
    size_t length = json_common_character(p);
    if (length != 0) return p + length;
    length = byte_character_length(p, r->end, &is_character);
    if (!is_character) fail_for_byte(r, p);
    return p + length;
}

/* Of four hexadecimal digits; -1 if they are none. */
static int read_unit(const char *p) {
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c - '0';
        if (!byte_is_digit(c)) {
            c |= 0x20;
            if (c < 'a' || c > 'f') return -1;
            digit = c - 'a' + 10;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

static char *write_character(char *out, unsigned c) {
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

/* Reads the escape at p, a backslash, and writes its character. Gives what is behind it. */
static const char *read_escape(reader *r, const char *p, char **out) {
    static const char escaped[256] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    char c = escaped[(unsigned char)p[1]];
    if (c != 0) {
        *(*out)++ = c;
        return p + 2;
    }
    if (p[1] != 'u') fail_at(r, p + 1, "one of \", \\, /, b, f, n, r, t, u");
    int unit = read_unit(p + 2);
    if (unit < 0) fail(r, p, "\\u needs four hexadecimal digits");
    if (unit < 0xD800 || unit > 0xDFFF) {
        *out = write_character(*out, (unsigned)unit);
        return p + 6;
    }
    int low = unit < 0xDC00 && p[6] == '\\' && p[7] == 'u' ? read_unit(p + 8) : -1;
    if (low < 0xDC00 || low > 0xDFFF) fail(r, p, "half of a pair of \\u escapes, which is no character");
    *out = write_character(*out, 0x10000 + ((unsigned)(unit - 0xD800) << 10) + (unsigned)(low - 0xDC00));
    return p + 12;
}

/* Where the string ends whose first byte is at `start`: at its quote. */
static __attribute__((noinline)) const char *find_quote(reader *r, const char *start) {
    const char *p = start;
    while (p < r->end && *p != '"') p += *p == '\\' ? 2 : 1;
    if (p >= r->end) fail(r, start - 1, "the string has no end");
    return p;
}

/* What one step of the loop below writes at most. */
#define ROOM_OF_A_STEP 8

/*
 * Writes a string with escapes, or with bytes that are to be changed, to *out; up to p it has none. Gives its quote, or
 * NULL when there was no room before `limit`.
 */
static const char *change_string(reader *r, const char *start, const char *p, char **out, const char *limit) {
    char *to = *out;
    if (limit - to < p - start) return NULL;
    memcpy(to, start, (size_t)(p - start));
    to += p - start;
    for (;;) {
        if (limit - to < ROOM_OF_A_STEP) return NULL;
        unsigned char byte = (unsigned char)*p;
        if (json_is_plain[byte]) {
            uint64_t bytes;
            *to++ = *p++;
            if (!json_is_plain[(unsigned char)*p]) continue;
            while (r->end - p >= (ptrdiff_t)sizeof bytes && limit - to >= ROOM_OF_A_STEP) {
                memcpy(&bytes, p, sizeof bytes);
                if (json_has_special(bytes)) break;
                memcpy(to, &bytes, sizeof bytes);
                p += sizeof bytes;
                to += sizeof bytes;
            }
            while (json_is_plain[(unsigned char)*p] && limit - to >= ROOM_OF_A_STEP) *to++ = *p++;
        } else if (byte == '\\') {
            p = read_escape(r, p, &to);
        } else if (byte == '"') {
            *out = to;
            return p;
        } else if (byte < 0x20) {
            if (p >= r->end) fail(r, start - 1, "the string has no end");
            fail_at(r, p, "an escape, as \\n or \\u0000,");
        } else if (r->how->encoding == JSON_LATIN_1) {
            to = write_character(to, byte);
            p++;
        } else {
            const char *behind = r->how->encoding == JSON_UTF_8 ? skip_character(r, p) : p + 1;
            while (p < behind) *to++ = *p++;
        }
    }
}

/* [0, +1] such a string. Gives what is behind its end. */
static const char *read_changed_string(reader *r, const char *start, const char *p) {
    lua_State *L = r->L;
    char short_text[256], *out = short_text;
    const char *quote = change_string(r, start, p, &out, short_text + sizeof short_text);
    if (quote != NULL) {
        lua_pushlstring(L, short_text, (size_t)(out - short_text));
        return quote + 1;
    }
    /* Nothing becomes longer than it is but a character of Latin-1. */
    size_t most = (size_t)(find_quote(r, start) - start);
    if (r->how->encoding == JSON_LATIN_1) most *= 2;
    most += ROOM_OF_A_STEP;
    luaL_checkstack(L, 8, NULL);
    luaL_Buffer b;
    char *first = luaL_buffinitsize(L, &b, most);
    out = first;
    quote = change_string(r, start, p, &out, first + most);
    luaL_pushresultsize(&b, (size_t)(out - first));
    return quote + 1;
}

/* [0, +1] the string whose first byte is at `start`. Gives what is behind its end. */
static const char *read_string(reader *r, const char *start) {
    const char *p = start, *behind;
    for (;;) {
        p = json_skip_plain(p, r->end);
        if ((unsigned char)*p < 0x80 || r->how->encoding == JSON_LATIN_1) break;
        p = r->how->encoding == JSON_UTF_8 ? skip_character(r, p) : p + 1;
    }
    if (*p == '"') {
        lua_pushlstring(r->L, start, (size_t)(p - start));
        behind = p + 1;
    } else {
        behind = read_changed_string(r, start, p);
    }
    r->spent += (size_t)(behind - start) / JSON_BYTES_IN_A_STEP;
    return behind;
}

/* ---- numbers ---- */

/* Digits that fit into 64 bits, whatever they are. */
#define MOST_DIGITS 19
/* An exponent beyond needs no more digits to be infinite or nothing. */
#define MOST_EXPONENT 100000000

typedef struct decimal {
    uint64_t digits;
    int count;      /* of these, from the first that is not 0 */
    int exponent;
    bool is_cut;    /* it has more digits than are in `digits` */
} decimal;

static inline const char *read_digits(const char *p, decimal *d) {
    for (; byte_is_digit(*p); p++) {
        if (d->count >= MOST_DIGITS) {
            d->is_cut = true;
            continue;
        }
        d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        if (d->digits != 0) d->count++;
    }
    return p;
}

/* [0, +1] */
static const char *read_number(reader *r, const char *start) {
    decimal d = {0, 0, 0, false};
    const char *p = start;
    bool is_negative = *p == '-';
    if (is_negative) p++;
    if (!byte_is_digit(*p)) fail_at(r, p, "a digit");
    if (*p == '0' && byte_is_digit(p[1])) fail(r, p, "a number may not begin with 0");
    p = read_digits(p, &d);
    bool is_integer = *p != '.' && *p != 'e' && *p != 'E';
    if (is_integer && !d.is_cut && d.digits <= (uint64_t)INT64_MAX + is_negative) {
        lua_pushinteger(r->L, (lua_Integer)(is_negative ? 0 - d.digits : d.digits));
        return p;
    }
    if (*p == '.') {
        const char *point = ++p;
        if (!byte_is_digit(*p)) fail_at(r, p, "a digit");
        p = read_digits(p, &d);
        if (!d.is_cut) d.exponent = p - point > MOST_EXPONENT ? -MOST_EXPONENT : (int)(point - p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        bool is_small = *p == '-';
        if (*p == '-' || *p == '+') p++;
        if (!byte_is_digit(*p)) fail_at(r, p, "a digit");
        int exponent = 0;
        for (; byte_is_digit(*p); p++) {
            if (exponent < MOST_EXPONENT) exponent = exponent * 10 + (*p - '0');
        }
        d.exponent += is_small ? -exponent : exponent;
    }
    double value;
    if (d.is_cut || !decimal_scale(d.digits, d.exponent, &value)) {
        value = fabs(decimal_read(start));
        if (isinf(value)) fail(r, start, "the number is too large for a float");
    }
    lua_pushnumber(r->L, is_negative ? -value : value);
    r->spent += (size_t)(p - start) / JSON_BYTES_IN_A_STEP;
    return p;
}

/* ---- values ---- */

static const char *read_word(reader *r, const char *p, const char *word) {
    size_t length = strlen(word);
    /* The NUL at the end keeps this within the text. */
    if (strncmp(p, word, length) != 0) fail_at(r, p, "a value");
    return p + length;
}

/* [0, +1] a new container; `p` is at its bracket. */
static void open_container(reader *r, const char *p, bool is_array) {
    lua_State *L = r->L;
    if (r->depth == JSON_DEEPEST) {
        lua_pushfstring(L, "more than %d lists and objects within one another", JSON_DEEPEST);
        fail_on_top(r, p);
    }
    luaL_checkstack(L, 8, NULL);
    level *l = &r->levels[r->depth];
    if (r->depth == r->deepest) {
        l->last_elements = l->last_members = 0;
        r->deepest++;
    }
    if (is_array) {
        lua_createtable(L, l->last_elements, 0);
        lua_pushvalue(L, JSON_ARRAY);
        lua_setmetatable(L, -2);
    } else {
        lua_createtable(L, 0, l->last_members);
    }
    l->is_array = is_array;
    l->count = 0;
    r->depth++;
}

static void close_container(reader *r) {
    level *l = &r->levels[--r->depth];
    int count = l->count < MOST_EXPECTED ? (int)l->count : MOST_EXPECTED;
    if (l->is_array) l->last_elements = count; else l->last_members = count;
}

/* [0, +1] the value at p with all that is in it. Gives what is behind it. */
static const char *read_value(reader *r, const char *p) {
    lua_State *L = r->L;
    level *l;
value:
    p = skip_space(p);
    r->is_in_value = true;
    json_spend(L, &r->spent, 1);
    switch (*p) {
    case '"':
        p = read_string(r, p + 1);
        break;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
        p = read_number(r, p);
        break;
    case '{':
        open_container(r, p, false);
        p = skip_space(p + 1);
        if (*p != '}') goto member;
        p++;
        close_container(r);
        break;
    case '[':
        open_container(r, p, true);
        p = skip_space(p + 1);
        if (*p != ']') goto value;
        p++;
        close_container(r);
        break;
    case 't':
        p = read_word(r, p, "true");
        lua_pushboolean(L, 1);
        break;
    case 'f':
        p = read_word(r, p, "false");
        lua_pushboolean(L, 0);
        break;
    case 'n':
        p = read_word(r, p, "null");
        if (r->how->drops_nulls && r->depth > 0 && !r->levels[r->depth - 1].is_array) {
            lua_pushnil(L);
        } else {
            lua_pushvalue(L, JSON_NULL);
        }
        break;
    default:
        fail_at(r, p, "a value");
    }
has_value:
    if (r->depth == 0) return p;
    l = &r->levels[r->depth - 1];
    p = skip_space(p);
    if (l->is_array) {
        lua_rawseti(L, -2, ++l->count);
        if (*p == ',') {
            p++;
            goto value;
        }
        r->is_in_value = false;
        if (*p != ']') fail_at(r, p, "',' or ']'");
    } else {
        lua_rawset(L, -3);
        l->count++;
        if (*p == ',') {
            p = skip_space(p + 1);
            goto member;
        }
        r->is_in_value = false;
        if (*p != '}') fail_at(r, p, "',' or '}'");
    }
    p++;
    close_container(r);
    goto has_value;
member:
    r->is_in_value = false;
    if (*p != '"') fail_at(r, p, "a name in double quotes");
    p = skip_space(read_string(r, p + 1));
    if (*p != ':') fail_at(r, p, "':'");
    p++;
    goto value;
}

/* Editors and some devices put it before a text of UTF-8. */
static const char *skip_mark(const char *text, size_t length) {
    return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
}

static bool is_utf_16(const char *text, size_t length) {
    if (length < 2) return false;
    bool has_mark = memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0;
    return has_mark || (text[0] == '\0') != (text[1] == '\0');
}

__LJMP void json_read(lua_State *L, const json_reading *how, const char *text, size_t length) {
    reader r;
    r.L = L;
    r.how = how;
    r.text = text;
    r.end = text + length;
    r.spent = 0;
    r.base = lua_gettop(L) + 1;
    r.depth = r.deepest = 0;
    luaL_checkstack(L, 8, NULL);
    if (is_utf_16(text, length)) fail(&r, text, "this is UTF-16; only UTF-8 is read");
    const char *p = skip_space(read_value(&r, skip_mark(text, length)));
    r.is_in_value = false;
    if (p < r.end) fail_at(&r, p, "the end of the text");
}
