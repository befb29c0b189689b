/*
 * What the files of the methods of bytes share: slices, sets of bytes, and the checks of arguments. Each method is declared
 * once, with the names of its parameters; `byte_take` places and counts its arguments by that.
 */
#ifndef LECTERN_BYTE_METHODS_H
#define LECTERN_BYTE_METHODS_H

#include <stdbool.h>
#include <stdint.h>

#include "guarded_string_functions.h"

/* A piece of a string on the stack. */
typedef struct byte_slice {
    const char *bytes;
    size_t length;
} byte_slice;

/* A set of bytes. */
typedef struct byte_set {
    uint64_t bits[4];
} byte_set;

/* The most parameters of a method, the string itself not counted. */
#define MOST_BYTE_PARAMETERS 4

/* A method: its name and parameters as programs write them. */
typedef struct byte_declaration {
    const char *name;
    const char *parameters[MOST_BYTE_PARAMETERS + 1];
    int table_parameter; /* the number of one that may be a list or table; 0: none */
    const char *own; /* how messages name the first argument; NULL: it is the string whose method this is */
} byte_declaration;

/* Steps of a loop between two looks at the time. */
#define BYTE_STEPS 4096

extern const char byte_whitespace[]; /* the six bytes that Python strips */
#define BYTE_WHITESPACE_COUNT 6

/*
 * Puts arguments behind the first that a trailing table gives by name into their places, and refuses unknown names and
 * arguments that are too many.
 */
void byte_place(lua_State *L, const byte_declaration *declaration);

/* The same of a method. Gives the string itself. */
byte_slice byte_take(lua_State *L, const byte_declaration *declaration);

/* Raises an error value: "method: problem". */
int byte_raise(lua_State *L, const char *kind, const char *method, const char *problem);

byte_slice byte_check_slice(lua_State *L, int argument);

/* An argument that must not be empty: nothing can be cut at an empty separator. */
byte_slice byte_check_separator(lua_State *L, int argument);

/* A count of -1 or less means as many as there are, which is -1. */
lua_Integer byte_check_most(lua_State *L, int argument);

/*
 * The part of `s` from a position to another, as string.sub counts: 1 is the first byte, -1 the last, and both are part of
 * it. The arguments may be left out. False when the part is less than empty: nothing is found in it, not even ''.
 */
bool byte_check_part(lua_State *L, int argument, byte_slice s, byte_slice *part);

static inline byte_slice byte_between(const char *start, const char *end) {
    return (byte_slice){start, (size_t)(end - start)};
}

static inline void byte_push(lua_State *L, byte_slice s) { lua_pushlstring(L, s.bytes, s.length); }

byte_set byte_set_of(const char *bytes, size_t length);

static inline bool byte_set_has(const byte_set *set, char byte) {
    unsigned char c = (unsigned char)byte;
    return set->bits[c >> 6] >> (c & 63) & 1;
}

/* The last occurrence of `needle`, or null. Linear but for a logarithm. */
const char *byte_search_last(byte_slice text, byte_slice needle);

/* Looks at the time once in BYTE_STEPS calls. May raise. */
void byte_step(lua_State *L, size_t *steps);

/* A byte of ASCII, by class. Bytes from 128 on are in none, whatever the locale. */
static inline bool byte_is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static inline bool byte_is_lower(char c) { return c >= 'a' && c <= 'z'; }
static inline bool byte_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool byte_is_alpha(char c) { return byte_is_upper(c) || byte_is_lower(c); }

/* The length of the character of UTF-8 at `at`; of what is none, the length of its begin, and false. */
size_t byte_character_length(const char *at, const char *end, bool *is_valid);

/* Whether the text has a field of Python's format language, as '{}' and '{name:>5}'. */
bool byte_has_field(byte_slice text);

/* The methods, by file. */
extern const luaL_Reg byte_splitting_methods[];
extern const luaL_Reg byte_searching_methods[];
extern const luaL_Reg byte_class_methods[];
extern const luaL_Reg byte_building_methods[];
extern const luaL_Reg byte_hexadecimal_methods[];
extern const luaL_Reg byte_formatting_methods[];
extern const luaL_Reg byte_coding_methods[];

#endif
