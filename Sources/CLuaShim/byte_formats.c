/* Python's format language of one field: read from text, and carried out on a string and on the pieces of a number. */
#include <stdint.h>
#include <string.h>

#include "byte_formats.h"
#include "internal.h"

/* MARK: - Reading */

static bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }
static bool is_sign(char c) { return c == '+' || c == '-' || c == ' '; }

/* Reads digits at `*at`; -1 when there are none. */
static lua_Integer read_size(lua_State *L, const char *method, const char **at, const char *end) {
    if (*at == end || !byte_is_digit(**at)) {
        return -1;
    }
    lua_Integer value = 0;
    for (; *at < end && byte_is_digit(**at); ++*at) {
        int digit = **at - '0';
        if (value > (LUA_MAXINTEGER - digit) / 10) {
            byte_raise(L, "ValueError", method, "too many digits in a field's width or precision");
        }
        value = value * 10 + digit;
    }
    return value;
}

/* Refuses groups of digits for a type that has none. */
static void check_grouping(lua_State *L, const char *method, const byte_format *format) {
    if (format->grouping == '\0' || format->type == '\0' || strchr("defgEG%F", format->type) != NULL) {
        return;
    }
    if (format->grouping == '_' && strchr("boxX", format->type) != NULL) {
        return;
    }
    shim_raise_fault(L, "ValueError", "%s: '%c' does not go with type '%c'", method, format->grouping, format->type);
}

byte_format byte_read_format(
    lua_State *L, const char *method, byte_slice text, const char *kind, char default_type, char default_align) {
    byte_format format = {' ', default_align, '\0', '\0', default_type, false, false, -1, -1};
    const char *at = text.bytes, *end = text.bytes + text.length;
    bool has_fill = false, has_align = false;
    if (end - at >= 2 && is_align(at[1])) {
        format.fill = at[0];
        format.align = at[1];
        has_fill = has_align = true;
        at += 2;
    } else if (at < end && is_align(*at)) {
        format.align = *at++;
        has_align = true;
    }
    if (at < end && is_sign(*at)) {
        format.sign = *at++;
    }
    if (at < end && *at == 'z') {
        format.has_no_minus_zero = true;
        at++;
    }
    if (at < end && *at == '#') {
        format.is_alternate = true;
        at++;
    }
    if (!has_fill && at < end && *at == '0') {
        format.fill = '0';
        if (!has_align && default_align == '>') {
            format.align = '=';
        }
        at++;
    }
    format.width = read_size(L, method, &at, end);
    if (at < end && *at == ',') {
        format.grouping = *at++;
    }
    if (at < end && *at == '_') {
        if (format.grouping != '\0') {
            byte_raise(L, "ValueError", method, "a field has ',' or '_' between groups of digits, not both");
        }
        format.grouping = *at++;
        if (at < end && *at == ',') {
            byte_raise(L, "ValueError", method, "a field has ',' or '_' between groups of digits, not both");
        }
    }
    if (at < end && *at == '.') {
        at++;
        format.precision = read_size(L, method, &at, end);
        if (format.precision < 0) {
            byte_raise(L, "ValueError", method, "a field's '.' has no precision behind it");
        }
    }
    if (end - at > 1) {
        lua_pushlstring(L, text.bytes, text.length);
        shim_raise_fault(
            L, "ValueError", "%s: the format '%s' of %s is none; its form is [[fill]align][sign][z][#][0][width]"
            "[grouping][.precision][type]", method, lua_tostring(L, -1), kind);
    }
    if (at < end) {
        format.type = *at;
    }
    check_grouping(L, method, &format);
    return format;
}

/* MARK: - Strings */

void byte_push_formatted_text(lua_State *L, const char *method, const byte_format *format, byte_slice text) {
    if (format->type != 's') {
        shim_raise_fault(
            L, "ValueError", "%s: a string has no format of type '%c'; it has s", method, format->type);
    }
    if (format->sign != '\0') {
        byte_raise(L, "ValueError", method, "a string's field has no sign");
    }
    if (format->has_no_minus_zero || format->is_alternate) {
        byte_raise(L, "ValueError", method, "'z' and '#' in a field are for numbers, and its value is a string");
    }
    if (format->align == '=') {
        byte_raise(L, "ValueError", method, "the alignment '=' is for numbers, and the field's value is a string");
    }
    if (format->precision >= 0 && (size_t)format->precision < text.length) {
        text.length = (size_t)format->precision;
    }
    size_t total = format->width > 0 && (size_t)format->width > text.length ? (size_t)format->width : text.length;
    size_t padding = total - text.length;
    size_t left = format->align == '>' ? padding : format->align == '^' ? padding / 2 : 0;
    guarded_string_check_size(L, method, total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    memset(out, format->fill, left);
    memcpy(out + left, text.bytes, text.length);
    memset(out + left + text.length, format->fill, padding - left);
    luaL_pushresultsize(&b, total);
}

/* MARK: - Numbers */

/* Digits between two separators; 0: there are none. */
static size_t group_of(const byte_format *format) {
    if (format->grouping == '\0') {
        return 0;
    }
    return format->type != '\0' && strchr("boxX", format->type) != NULL ? 4 : 3;
}

/* The bytes of so many digits with their separators. */
static size_t grouped_length(size_t digits, size_t group) {
    return group == 0 || digits == 0 ? digits : digits + (digits - 1) / group;
}

/* How many digits, zeros before them included, it takes to reach a width: no number begins with a separator. */
static size_t digits_to_reach(size_t width, size_t digits, size_t group) {
    if (digits == 0 || grouped_length(digits, group) >= width) {
        return digits;
    }
    if (group == 0) {
        return width;
    }
    size_t rest = width % (group + 1);
    return width / (group + 1) * group + (rest > 0 ? rest : 1);
}

/* Writes the digits in groups so that they end before `end`. */
static void write_grouped(char *end, byte_slice digits, size_t count, size_t group, char separator) {
    const char *from = digits.bytes + digits.length;
    for (size_t i = 0; i < count; i++) {
        if (group > 0 && i > 0 && i % group == 0) {
            *--end = separator;
        }
        *--end = i < digits.length ? *--from : '0';
    }
}

void byte_push_number(lua_State *L, const char *method, const byte_format *format, const byte_number *number) {
    char sign = number->is_negative ? '-' : format->sign == '-' ? '\0' : format->sign;
    size_t prefix = strlen(number->prefix);
    size_t others = (sign != '\0') + prefix + number->rest.length + number->tail.length;
    others = guarded_string_sum(others, number->zeros);
    size_t width = format->width > 0 ? (size_t)format->width : 0;
    size_t group = group_of(format);
    size_t digits = number->digits.length;
    if (format->fill == '0' && format->align == '=' && width > others) {
        /* Nothing is laid out before the size is known to be within the limit. */
        guarded_string_check_size(L, method, width);
        digits = digits_to_reach(width - others, digits, group);
    }
    size_t grouped = grouped_length(digits, group);
    size_t length = guarded_string_sum(others, grouped);
    size_t padding = width > length ? width - length : 0;
    size_t total = guarded_string_sum(length, padding);
    guarded_string_check_size(L, method, total);
    size_t left = format->align == '>' ? padding : format->align == '^' ? padding / 2 : 0;
    size_t inner = format->align == '=' ? padding : 0;

    luaL_Buffer b;
    char *begin = luaL_buffinitsize(L, &b, total), *out = begin;
    memset(out, format->fill, left);
    out += left;
    if (sign != '\0') {
        *out++ = sign;
    }
    memcpy(out, number->prefix, prefix);
    out += prefix;
    memset(out, format->fill, inner);
    out += inner + grouped;
    write_grouped(out, number->digits, digits, group, format->grouping);
    memcpy(out, number->rest.bytes, number->rest.length);
    out += number->rest.length;
    memset(out, '0', number->zeros);
    out += number->zeros;
    memcpy(out, number->tail.bytes, number->tail.length);
    out += number->tail.length;
    memset(out, format->fill, (size_t)(begin + total - out));
    luaL_pushresultsize(&b, total);
}
