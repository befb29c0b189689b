/*
 * What the files of the guarded string library share. Every function registered from these lists has one upvalue, the
 * context below, and may raise: Lua calls it, never the host.
 */
#ifndef LECTERN_GUARDED_STRING_FUNCTIONS_H
#define LECTERN_GUARDED_STRING_FUNCTIONS_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

#include "guarded_strings.h"

typedef struct guarded_string_context {
    guarded_string_limits limits;
    /* The stock string.format, which has no upvalues and is therefore called as a plain C function. */
    lua_CFunction stock_format;
} guarded_string_context;

/* find, match, gmatch, gsub. */
extern const luaL_Reg guarded_pattern_functions[];

/* The context of the running function. */
const guarded_string_context *guarded_string_context_of(lua_State *L);

/* Raises when a result of `bytes` bytes, made by `function`, is over the limit. Called before the result exists. */
void guarded_string_check_size(lua_State *L, const char *function, size_t bytes);

/* `a + b`, or the largest size when that does not fit: such a sum fails the check above. */
static inline size_t guarded_string_sum(size_t a, size_t b) {
    return a > (size_t)-1 - b ? (size_t)-1 : a + b;
}

/* `a * b`, or the largest size when that does not fit. */
static inline size_t guarded_string_product(size_t a, size_t b) {
    return b != 0 && a > (size_t)-1 / b ? (size_t)-1 : a * b;
}

/*
 * Turns a Lua position (1 is the first byte, negative counts from the end) in a string of `length` bytes into a
 * position of at least 1. The result may lie after the end.
 */
size_t guarded_string_position(lua_Integer position, size_t length);

/* The first occurrence of `needle` in `text`, or null. Linear in both lengths. */
const char *guarded_string_search(const char *text, size_t length, const char *needle, size_t needle_length);

#endif
