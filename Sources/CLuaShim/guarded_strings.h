/*
 * The string library of a program: Lua's own functions with bounds on work and memory, and the methods that programs
 * ported from Python expect of a string.
 */
#ifndef LECTERN_GUARDED_STRINGS_H
#define LECTERN_GUARDED_STRINGS_H

#include <lua.h>
#include <stddef.h>

/* Steps that one call of find, match, gsub or one step of a gmatch may take, before the share of its subject. */
#define GUARDED_STRINGS_PATTERN_STEPS ((size_t)1000000)

/* Bytes of the longest string that a function of this library makes. */
#define GUARDED_STRINGS_STRING_BYTES ((size_t)16 * 1024 * 1024)

/* Bounds on the string functions of one Lua state. A field of zero means the default above. */
typedef struct guarded_string_limits {
    /* Steps of the pattern matcher for one call; a subject adds 16 steps for each of its bytes. */
    size_t pattern_steps;
    /* Bytes of the longest result. */
    size_t string_bytes;
} guarded_string_limits;

/*
 * Puts the guarded functions and the added methods into the global table `string`, where luaopen_string has left the
 * stock ones. A null `limits` means the defaults; the values are copied.
 *
 * Stack: neutral. May raise (memory, or a state without the stock library): call it protected.
 */
void guarded_strings_open(lua_State *L, const guarded_string_limits *limits);

#endif
