/*
 * The text of integers and floats in Python's format language. CPython 3.11 is the model: its digits, its exponents, and
 * the shortest text of a float that reads back as the same float.
 */
#define _GNU_SOURCE /* memrchr */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "byte_formats.h"
#include "internal.h"

/* MARK: - Integers */

#define MOST_DIGITS 64

/* Writes the digits so that they end before `end`, and gives where they begin. */
static char *write_digits(char *end, uint64_t value, unsigned base, bool is_upper) {
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        *--end = digits[value % base];
        value /= base;
    } while (value > 0);
    return end;
}

/* The byte that an integer stands for. It is laid out as what a number has behind its digits. */
static void push_byte(lua_State *L, const char *method, const byte_format *format, lua_Integer value) {
    if (format->sign != '\0' || format->is_alternate) {
        byte_raise(L, "ValueError", method, "a field of type 'c' has neither a sign nor '#'");
    }
    if (value < 0 || value > 255) {
        shim_raise_fault(
            L, "ValueError", "%s: a field of type 'c' makes one byte, of 0 to 255; got %I", method,
            (LUAI_UACINT)value);
    }
    char byte = (char)value;
    byte_number number = {false, "", {"", 0}, {&byte, 1}, 0, {"", 0}};
    byte_push_number(L, method, format, &number);
}

void byte_push_formatted_integer(lua_State *L, const char *method, const byte_format *format, lua_Integer value) {
    if (byte_is_float_type(format->type)) {
        byte_push_formatted_float(L, method, format, (lua_Number)value);
        return;
    }
    if (format->type == '\0' || strchr("bcdnoxX", format->type) == NULL) {
        shim_raise_fault(
            L, "ValueError", "%s: an integer has no format of type '%c'; it has b c d e E f F g G n o x X %%", method,
            format->type);
    }
    if (format->precision >= 0) {
        byte_raise(L, "ValueError", method, "an integer's field has no precision; a type such as 'f' has one");
    }
    if (format->has_no_minus_zero) {
        byte_raise(L, "ValueError", method, "'z' in a field is for floats, and its value is an integer");
    }
    if (format->type == 'c') {
        push_byte(L, method, format, value);
        return;
    }
    unsigned base = format->type == 'b' ? 2 : format->type == 'o' ? 8 : (format->type | 0x20) == 'x' ? 16 : 10;
    const char *prefix = base == 2 ? "0b" : base == 8 ? "0o" : format->type == 'X' ? "0X" : "0x";
    char text[MOST_DIGITS], *end = text + sizeof text;
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *digits = write_digits(end, size, base, format->type == 'X');
    byte_number number = {
        value < 0, format->is_alternate && base != 10 ? prefix : "", byte_between(digits, end), {"", 0}, 0, {"", 0}};
    byte_push_number(L, method, format, &number);
}

/* MARK: - Digits of floats */

/* The digits of a float above 0 without its point; it is 0.digits times 10 to the power of `point`. */
typedef struct float_digits {
    char text[BYTE_FLOAT_DIGITS + 1];
    int count;
    int point;
} float_digits;

/* So many digits, rounded correctly, without the zeros at their end. */
static float_digits round_digits(lua_Number value, int count) {
    char text[BYTE_NUMBER_TEXT];
    float_digits digits = {{0}, 0, 0};
    int length = snprintf(text, sizeof text, "%.*e", count - 1, value);
    char *exponent = memrchr(text, 'e', (size_t)length);
    for (char *at = text; at < exponent; at++) {
        if (byte_is_digit(*at)) {
            digits.text[digits.count++] = *at;
        }
    }
    digits.point = (int)strtol(exponent + 1, NULL, 10) + 1;
    while (digits.count > 1 && digits.text[digits.count - 1] == '0') {
        digits.count--;
    }
    return digits;
}

static lua_Number value_of(const float_digits *digits) {
    char text[64];
    snprintf(text, sizeof text, "%.*se%d", digits->count, digits->text, digits->point - digits->count);
    return strtod(text, NULL);
}

/* One more in the last of `count` places. */
static void step_up(float_digits *digits, int count) {
    while (digits->count < count) {
        digits->text[digits->count++] = '0';
    }
    while (digits->count > 0 && digits->text[digits->count - 1] == '9') {
        digits->count--;
    }
    if (digits->count == 0) {
        digits->text[digits->count++] = '1';
        digits->point++;
    } else {
        digits->text[digits->count - 1]++;
    }
}

/* The fewest digits that read back as the value. 15 always survive the way there and back, but for the tiniest floats. */
static float_digits shortest_digits(lua_Number value) {
    for (int count = value < DBL_MIN ? 1 : DBL_DIG; count < DBL_DECIMAL_DIG; count++) {
        float_digits digits = round_digits(value, count);
        if (value_of(&digits) == value) {
            return digits;
        }
        /* Below a power of two floats are closer than above: the nearest text may miss where the next one above hits. */
        step_up(&digits, count);
        if (value_of(&digits) == value) {
            return digits;
        }
    }
    return round_digits(value, DBL_DECIMAL_DIG);
}

/* MARK: - Layout of floats */

/* The text of a float from 0 on: up to the exponent, zeros that follow, the exponent. */
typedef struct float_text {
    char bytes[BYTE_NUMBER_TEXT];
    size_t head;
    size_t zeros;
    size_t length;
} float_text;

static void add(float_text *text, const char *bytes, int count) {
    memcpy(text->bytes + text->length, bytes, (size_t)count);
    text->length += (size_t)count;
}

static void add_zeros(float_text *text, int count) {
    if (count > 0) {
        memset(text->bytes + text->length, '0', (size_t)count);
        text->length += (size_t)count;
    }
}

/*
 * The form without a type: no exponent where the number is easily read without, and then at least one digit behind the
 * point. A precision of 0 means the shortest digits.
 */
static void write_plain(float_text *text, lua_Number value, int precision, size_t zeros, bool is_alternate) {
    float_digits digits;
    if (value == 0) {
        digits = (float_digits){"0", 1, 1};
    } else {
        digits = precision == 0 ? shortest_digits(value) : round_digits(value, precision);
    }
    int point = digits.point;
    bool has_exponent = point <= -4 || point > (precision == 0 ? 16 : precision - 1);
    int end = is_alternate && precision > 0 ? precision : digits.count;
    int exponent = point - 1;
    if (has_exponent) {
        point = 1;
    }
    int least = has_exponent ? point : point + 1;
    if (end < least) {
        end = least;
    }
    if (point <= 0) {
        add(text, "0.", 2);
        add_zeros(text, -point);
        add(text, digits.text, digits.count);
        add_zeros(text, end - digits.count);
    } else {
        int before = digits.count < point ? digits.count : point;
        add(text, digits.text, before);
        add_zeros(text, point - before);
        add(text, ".", 1);
        add(text, digits.text + before, digits.count - before);
        add_zeros(text, end - (digits.count > point ? digits.count : point));
        if (text->bytes[text->length - 1] == '.' && !is_alternate) {
            text->length--;
        }
    }
    text->head = text->length;
    text->zeros = is_alternate && precision > 0 ? zeros : 0;
    if (has_exponent) {
        text->length += (size_t)sprintf(text->bytes + text->length, "e%+.2d", exponent);
    }
}

/* The forms that C has too. */
static void write_typed(
    float_text *text, lua_Number value, char type, int precision, size_t zeros, bool is_alternate) {
    const char form[] = {'%', '#', '.', '*', type, '\0'}, plain_form[] = {'%', '.', '*', type, '\0'};
    text->length =
        (size_t)snprintf(text->bytes, sizeof text->bytes, is_alternate ? form : plain_form, precision, value);
    const char *exponent = memchr(text->bytes, type >= 'a' ? 'e' : 'E', text->length);
    text->head = exponent != NULL && (type | 0x20) != 'f' ? (size_t)(exponent - text->bytes) : text->length;
    text->zeros = (type | 0x20) != 'g' || is_alternate ? zeros : 0;
}

static float_text text_of(lua_Number value, const byte_format *format) {
    float_text text = {{0}, 0, 0, 0};
    char type = format->type == 'n' ? 'g' : format->type == '%' ? 'f' : format->type;
    if (!isfinite(value)) {
        bool is_upper = type >= 'A' && type <= 'Z';
        add(&text, isnan(value) ? (is_upper ? "NAN" : "nan") : (is_upper ? "INF" : "inf"), 3);
        text.head = text.length;
        return text;
    }
    /* No float has more digits than this; the zeros behind them need no conversion. */
    lua_Integer precision = format->precision;
    size_t zeros = precision > BYTE_FLOAT_DIGITS ? (size_t)(precision - BYTE_FLOAT_DIGITS) : 0;
    int digits = zeros > 0 ? BYTE_FLOAT_DIGITS : (int)precision;
    if (type != '\0') {
        write_typed(&text, value, type, precision < 0 ? 6 : digits, zeros, format->is_alternate);
    } else {
        write_plain(&text, value, precision < 0 ? 0 : digits > 0 ? digits : 1, zeros, format->is_alternate);
    }
    return text;
}

/* Whether all digits before the exponent are 0. */
static bool is_zero(const float_text *text) {
    for (size_t i = 0; i < text->head; i++) {
        if (text->bytes[i] >= '1' && text->bytes[i] <= '9') {
            return false;
        }
    }
    return true;
}

void byte_push_formatted_float(lua_State *L, const char *method, const byte_format *format, lua_Number value) {
    if (format->type != '\0' && format->type != 'n' && !byte_is_float_type(format->type)) {
        bool is_integer_type = strchr("bcdoxX", format->type) != NULL; /* a type of 0 is none */
        shim_raise_fault(
            L, "ValueError", "%s: a float has no format of type '%c'; it has e E f F g G n %%%s", method, format->type,
            is_integer_type ? ", and math.tointeger makes an integer of it" : "");
    }
    if (format->precision > INT_MAX) {
        byte_raise(L, "ValueError", method, "a field's precision is too large");
    }
    bool is_percent = format->type == '%';
    if (is_percent) {
        value *= 100;
    }
    float_text text = text_of(fabs(value), format);
    bool is_negative = signbit(value) && !isnan(value);
    if (format->has_no_minus_zero && isfinite(value) && is_zero(&text)) {
        is_negative = false;
    }
    size_t digits = 0;
    while (digits < text.head && byte_is_digit(text.bytes[digits])) {
        digits++;
    }
    byte_slice tail = {text.bytes + text.head, text.length - text.head};
    if (is_percent) {
        tail = (byte_slice){"%", 1};
    }
    byte_number number = {
        is_negative, "", {text.bytes, digits}, {text.bytes + digits, text.head - digits}, text.zeros, tail};
    byte_push_number(L, method, format, &number);
}
