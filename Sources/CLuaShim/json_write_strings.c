/* The text of JSON as it grows, and strings in it. */
#include "json_writer.h"

#include "byte_methods.h"

RARE __LJMP void json_grow(writer *w, size_t more) {
    size_t length = guarded_string_sum(w->length, more);
    if (length > w->limit) {
        luaL_error(w->L, "resulting string too large: '%s' would make more than %I bytes, which is the limit",
                   w->how->function, (LUAI_UACINT)w->limit);
    }
    size_t capacity = w->capacity > w->limit / 2 ? w->limit : w->capacity * 2;
    if (capacity < length) capacity = length;
    luaL_checkstack(w->L, 4, NULL);
    char *out = lua_newuserdatauv(w->L, capacity, 0);
    memcpy(out, w->out, w->length);
    lua_replace(w->L, w->box);
    w->out = out;
    w->capacity = capacity;
    shim_watchdog_check(w->L);
}

/* ---- escapes ---- */

static char *write_unit(char *out, unsigned unit) {
    static const char digits[] = "0123456789abcdef";
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) *out++ = digits[unit >> shift & 15];
    return out;
}

/* Of a byte of ASCII. JSON allows DEL, which no text of ASCII for people has. */
static inline char *write_escape(char *out, unsigned char byte, bool is_ascii) {
    static const char letters[128] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
    };
    if (byte == 0x7F && !is_ascii) {
        *out++ = (char)byte;
        return out;
    }
    if (letters[byte] == 0) return write_unit(out, byte);
    *out++ = '\\';
    *out++ = letters[byte];
    return out;
}

static unsigned character_at(const char *p, size_t length) {
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned c = (unsigned char)*p & masks[length];
    for (size_t i = 1; i < length; i++) c = c << 6 | ((unsigned char)p[i] & 0x3F);
    return c;
}

/* The most bytes that one character of a string becomes, of four bytes; one of a byte becomes half as many. */
#define MOST_ESCAPE 12

static RARE __LJMP void fail_for_byte(writer *w, const char *text, const char *at) {
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)*at;
    luaL_checkstack(w->L, 8, NULL);
    lua_pushfstring(w->L,
                    "the byte 0x%c%c, number %I of the string, is not UTF-8; "
                    "encoding='latin-1' takes it for a character%s",
                    digits[byte >> 4], digits[byte & 15], (LUAI_UACINT)(at - text + 1),
                    w->how->is_ascii ? "" : ", encoding='bytes' as it is");
    json_fail_on_top(w);
}

/* Writes what is no plain byte at p; gives what is behind it. */
static __LJMP const char *add_special(writer *w, const char *text, const char *p, const char *end) {
    unsigned char byte = (unsigned char)*p;
    char *out = reserve(w, MOST_ESCAPE), *from = out;
    size_t length = 1;
    if (byte < 0x80) {
        out = write_escape(out, byte, w->how->is_ascii);
    } else {
        bool is_character = true;
        if (w->how->encoding == JSON_UTF_8) {
            length = byte_character_length(p, end, &is_character);
            if (!is_character) fail_for_byte(w, text, p);
        }
        if (w->how->is_ascii) {
            unsigned c = w->how->encoding == JSON_UTF_8 ? character_at(p, length) : byte;
            if (c >= 0x10000) {
                out = write_unit(out, 0xD800 + ((c - 0x10000) >> 10));
                out = write_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
            } else {
                out = write_unit(out, c);
            }
        } else if (w->how->encoding == JSON_LATIN_1) {
            *out++ = (char)(0xC0 | byte >> 6);
            *out++ = (char)(0x80 | (byte & 0x3F));
        } else {
            memcpy(out, p, length);
            out += length;
        }
    }
    w->length += (size_t)(out - from);
    return p + length;
}

/* Of a string, when there is room for the longest that can come of it. */
static __LJMP void write_short_string(writer *w, const char *text, const char *end) {
    const char *p = text;
    char *out = w->out + w->length;
    bool copies = !w->how->is_ascii && w->how->encoding == JSON_UTF_8;
    *out++ = '"';
    for (;;) {
        if (json_is_plain[(unsigned char)*p]) {
            uint64_t bytes;
            *out++ = *p++;
            if (!json_is_plain[(unsigned char)*p]) continue;
            while (end - p >= (ptrdiff_t)sizeof bytes) {
                memcpy(&bytes, p, sizeof bytes);
                if (json_has_special(bytes)) break;
                memcpy(out, &bytes, sizeof bytes);
                p += sizeof bytes;
                out += sizeof bytes;
            }
            while (json_is_plain[(unsigned char)*p]) *out++ = *p++;
        }
        if (p >= end) break;
        if ((unsigned char)*p < 0x80) {
            out = write_escape(out, (unsigned char)*p++, w->how->is_ascii);
            continue;
        }
        size_t length = copies ? json_common_character(p) : 0;
        if (length != 0) {
            while (length-- > 0) *out++ = *p++;
            continue;
        }
        w->length = (size_t)(out - w->out);
        p = add_special(w, text, p, end);
        out = w->out + w->length;
    }
    *out++ = '"';
    w->length = (size_t)(out - w->out);
}

__LJMP void json_write_string(writer *w, const char *text, size_t length) {
    const char *p = text, *end = text + length;
    size_t room = w->capacity - w->length;
    w->spent += length / JSON_BYTES_IN_A_STEP;
    if (room > MOST_ESCAPE + 2 && length < (room - MOST_ESCAPE - 2) / (MOST_ESCAPE / 2)) {
        write_short_string(w, text, end);
        return;
    }
    add_byte(w, '"');
    for (;;) {
        const char *from = p;
        p = json_skip_plain(p, end);
        add(w, from, (size_t)(p - from));
        if (p >= end) break;
        p = add_special(w, text, p, end);
    }
    add_byte(w, '"');
}
