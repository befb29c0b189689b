/* Opening of the guarded string library, its bounds, and the two stock functions that multiply their input. */
#define _GNU_SOURCE /* memmem */
#include "guarded_strings.h"

#include <ctype.h>
#include <lualib.h>
#include <string.h>

#include "byte_methods.h"
#include "watchdog.h"

/* Longest texts of one conversion of a number, whose width and precision have two digits at most. '%.99f' of the
 * largest double has 309 digits before the point. A number counts as long as it could be: that matters only to a format
 * with thousands of them. */
#define LONGEST_FIXED_POINT 412
#define LONGEST_NUMBER 128

/* A result from this size on takes long enough to look at the time. */
#define COSTLY_BYTES ((size_t)64 * 1024)

/* MARK: - Shared by the library's files */

const guarded_string_context *guarded_string_context_of(lua_State *L) {
    return lua_touserdata(L, lua_upvalueindex(1));
}

void guarded_string_check_size(lua_State *L, const char *function, size_t bytes) {
    size_t limit = guarded_string_context_of(L)->limits.string_bytes;
    if (bytes <= limit) {
        if (bytes >= COSTLY_BYTES) {
            shim_watchdog_check(L);
        }
        return;
    }
    if (bytes == (size_t)-1) {
        luaL_error(
            L, "resulting string too large: '%s' would make more bytes than can be counted, the limit is %I", function,
            (LUAI_UACINT)limit);
    }
    luaL_error(
        L, "resulting string too large: '%s' would make %I bytes, the limit is %I", function, (LUAI_UACINT)bytes,
        (LUAI_UACINT)limit);
}

size_t guarded_string_position(lua_Integer position, size_t length) {
    if (position > 0) {
        return (size_t)position;
    }
    if (position == 0 || position < -(lua_Integer)length) {
        return 1;
    }
    return length + (size_t)position + 1;
}

const char *guarded_string_search(const char *text, size_t length, const char *needle, size_t needle_length) {
    /* memmem of the C library is linear; the stock library's search costs the product of the lengths. */
    return needle_length == 0 ? text : memmem(text, length, needle, needle_length);
}

/* MARK: - rep */

static int string_rep(lua_State *L) {
    size_t length, separator_length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &separator_length);
    size_t period = guarded_string_sum(length, separator_length);
    if (count <= 0 || period == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    size_t total = guarded_string_sum(guarded_string_product(period, (size_t)count - 1), length);
    guarded_string_check_size(L, "rep", total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    memcpy(out, text, length);
    if (count > 1) {
        memcpy(out + length, separator, separator_length);
        /* The result repeats its first period: copying what is there already doubles it each time. */
        for (size_t filled = period; filled < total;) {
            size_t more = filled < total - filled ? filled : total - filled;
            memcpy(out + filled, out, more);
            filled += more;
        }
    }
    luaL_pushresultsize(&b, total);
    return 1;
}

/* MARK: - format */

/* One conversion of a format string. */
typedef struct format_item {
    char conversion;
    size_t width;
    int has_precision;
    size_t precision;
} format_item;

/* Reads at most two digits, as the stock library does. */
static const char *read_two_digits(const char *p, const char *end, size_t *value) {
    *value = 0;
    for (int i = 0; i < 2 && p < end && isdigit((unsigned char)*p); i++) {
        *value = *value * 10 + (size_t)(*p++ - '0');
    }
    return p;
}

/* Reads the conversion that follows a '%'. A malformed one is left to the stock function, which says what is wrong. */
static const char *read_format_item(const char *p, const char *end, format_item *item) {
    while (p < end && *p != '\0' && strchr("-+ #0", *p) != NULL) {
        p++;
    }
    p = read_two_digits(p, end, &item->width);
    item->has_precision = p < end && *p == '.';
    item->precision = 0;
    if (item->has_precision) {
        p = read_two_digits(p + 1, end, &item->precision);
    }
    item->conversion = p < end ? *p : '\0';
    return p < end ? p + 1 : end;
}

/* Bytes of '%q' of a string: quotes around it, and an escape for quotes, backslashes, newlines and control bytes. */
static size_t quoted_size(const char *text, size_t length) {
    size_t size = 2;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\' || c == '\n') {
            size += 2;
        } else if (iscntrl(c)) {
            int three_digits = i + 1 < length && isdigit((unsigned char)text[i + 1]);
            size += three_digits || c >= 100 ? 4 : c >= 10 ? 3 : 2;
        } else {
            size += 1;
        }
    }
    return size;
}

/* Bytes that the item makes of the argument. Replaces the argument of '%s' by its text, so that __tostring runs once. */
static size_t format_item_size(lua_State *L, const format_item *item, int argument) {
    size_t length;
    if (item->conversion == 's') {
        luaL_tolstring(L, argument, &length);
        lua_replace(L, argument);
        if (item->has_precision && item->precision < length) {
            length = item->precision;
        }
        return length > item->width ? length : item->width;
    }
    if (item->conversion == 'q' && lua_type(L, argument) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, argument, &length);
        return quoted_size(text, length);
    }
    return item->conversion == 'f' ? LONGEST_FIXED_POINT : LONGEST_NUMBER;
}

static int string_format(lua_State *L) {
    int top = lua_gettop(L);
    size_t length;
    const char *p = luaL_checklstring(L, 1, &length);
    const char *end = p + length;
    /* The stock function refuses a missing argument or a wrong conversion itself, so the count just ends there. */
    size_t size = 0;
    int argument = 1;
    while (p < end) {
        if (*p != '%') {
            size = guarded_string_sum(size, 1);
            p++;
        } else if (p + 1 < end && p[1] == '%') {
            size = guarded_string_sum(size, 1);
            p += 2;
        } else {
            format_item item;
            p = read_format_item(p + 1, end, &item);
            if (++argument > top || item.conversion == '\0') {
                break;
            }
            size = guarded_string_sum(size, format_item_size(L, &item, argument));
        }
        guarded_string_check_size(L, "format", size);
    }
    /* Lua would return the text as it is: no argument has a place in it. */
    if (argument == 1 && top > 1 && byte_has_field((byte_slice){lua_tostring(L, 1), length})) {
        byte_raise(
            L, "ValueError", "format",
            "the text has fields as '{}' and no conversion as '%s'; 'formatted' fills in fields as Python does");
    }
    return guarded_string_context_of(L)->stock_format(L);
}

/* MARK: - Opening */

static const luaL_Reg building_functions[] = {
    {"rep", string_rep},
    {"format", string_format},
    {NULL, NULL},
};

void guarded_strings_open(lua_State *L, const guarded_string_limits *limits) {
    int top = lua_gettop(L);
    luaL_checkstack(L, 8, "guarded strings");
    if (lua_getglobal(L, LUA_STRLIBNAME) != LUA_TTABLE) {
        luaL_error(L, "the string library is not open");
    }
    guarded_string_context *context = lua_newuserdatauv(L, sizeof *context, 0);
    context->limits = limits != NULL ? *limits : (guarded_string_limits){0, 0};
    if (context->limits.pattern_steps == 0) {
        context->limits.pattern_steps = GUARDED_STRINGS_PATTERN_STEPS;
    }
    if (context->limits.string_bytes == 0) {
        context->limits.string_bytes = GUARDED_STRINGS_STRING_BYTES;
    }
    lua_getfield(L, top + 1, "format");
    context->stock_format = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    if (context->stock_format == NULL || context->stock_format == string_format) {
        luaL_error(L, "the guarded string library must be opened once, on the stock one");
    }
    static const luaL_Reg *const lists[] = {
        building_functions,     guarded_pattern_functions, byte_splitting_methods,  byte_searching_methods,
        byte_class_methods,     byte_building_methods,     byte_hexadecimal_methods, byte_formatting_methods,
        byte_coding_methods,
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        lua_pushvalue(L, top + 1);
        lua_pushvalue(L, top + 2);
        luaL_setfuncs(L, lists[i], 1);
        lua_pop(L, 1);
    }
    lua_settop(L, top);
}
