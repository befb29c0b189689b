/*
 * What the files of Python's format language share: the text between ':' and '}' of a field, read into a plain value, and
 * the two that lay out by it. "Methods" are formatted and format_map, which name themselves in messages.
 */
#ifndef LECTERN_BYTE_FORMATS_H
#define LECTERN_BYTE_FORMATS_H

#include <string.h>

#include "byte_methods.h"

/* [[fill]align][sign][z][#][0][width][grouping][.precision][type], as CPython's "internal format spec". */
typedef struct byte_format {
    char fill;
    char align;              /* one of '<', '>', '^', '=' */
    char sign;               /* '+', '-', ' ', or 0: none was written */
    char grouping;           /* ',', '_', or 0 */
    char type;               /* 0: none was written, and the value's kind has no default */
    bool is_alternate;       /* '#' */
    bool has_no_minus_zero;  /* 'z' */
    lua_Integer width;       /* -1: none */
    lua_Integer precision;   /* -1: none */
} byte_format;

/* A number in pieces, in the order in which they are written. */
typedef struct byte_number {
    bool is_negative;
    const char *prefix;  /* as "0x" */
    byte_slice digits;   /* that are grouped, and filled up by zeros */
    byte_slice rest;     /* the point and what follows */
    size_t zeros;        /* behind that */
    byte_slice tail;     /* an exponent or a percent sign */
} byte_number;

/* What an integer or a float of 64 bits needs at most: 64 digits; 309 digits, a point, and BYTE_FLOAT_DIGITS. */
#define BYTE_FLOAT_DIGITS 1100
#define BYTE_NUMBER_TEXT 1536

/*
 * Reads `text` as the format of a value that is called `kind` in messages, whose type is `default_type` and which is
 * aligned as `default_align` when the format says nothing. Raises ValueError.
 */
byte_format byte_read_format(
    lua_State *L, const char *method, byte_slice text, const char *kind, char default_type, char default_align);

/* Pushes `text` cut and filled up as the format says. Raises ValueError for what does not go with a string. */
void byte_push_formatted_text(lua_State *L, const char *method, const byte_format *format, byte_slice text);

/* Pushes an integer, by the types b c d n o x X. Raises. */
void byte_push_formatted_integer(lua_State *L, const char *method, const byte_format *format, lua_Integer value);

/* Pushes a float, by the types e E f F g G n % and none. Raises. */
void byte_push_formatted_float(lua_State *L, const char *method, const byte_format *format, lua_Number value);

/* Pushes the number with sign, fill and groups. Raises when it is over the limit. */
void byte_push_number(lua_State *L, const char *method, const byte_format *format, const byte_number *number);

/* Whether `type` is one that formats a float. */
static inline bool byte_is_float_type(char type) { return type != '\0' && memchr("eEfFgG%", type, 7) != NULL; }

#endif
