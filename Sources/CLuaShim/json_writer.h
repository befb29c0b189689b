/* What the files that write JSON share. */
#ifndef LECTERN_JSON_WRITER_H
#define LECTERN_JSON_WRITER_H

#include "json.h"

/* Functions of errors are never inlined: calls nest as tables do, and each would have their variables on the stack. */
#define RARE __attribute__((noinline, cold))

/* What is being written, for the paths of errors: from the innermost outwards. */
typedef struct place {
    const struct place *outer;
    const void *table;
    const char *name; /* NULL: an element */
    size_t length;
    lua_Integer index;
} place;

typedef struct writer {
    lua_State *L;
    const json_writing *how;
    const void *null, *array_mark, *object_mark;
    char *out;
    size_t length, capacity, limit;
    int box;            /* the stack's place of the userdata with the text, when it has outgrown `first` */
    int depth;
    size_t spent;
    const place *place;
    char first[1000];
} writer;

/* [-1, 0] raises with the path and what is wrong, on top */
RARE __LJMP void json_fail_on_top(writer *w);
/* Makes room for so many bytes more. */
RARE __LJMP void json_grow(writer *w, size_t more);
/* Writes a string in quotes; a NUL stands behind the text. */
__LJMP void json_write_string(writer *w, const char *text, size_t length);

/* Makes room for so many bytes. */
static inline __LJMP char *reserve(writer *w, size_t count) {
    if (w->capacity - w->length < count) json_grow(w, count);
    return w->out + w->length;
}

static inline __LJMP void add(writer *w, const char *bytes, size_t length) {
    memcpy(reserve(w, length), bytes, length);
    w->length += length;
}

static inline __LJMP void add_byte(writer *w, char byte) {
    *reserve(w, 1) = byte;
    w->length++;
}

/* Of one byte mostly. */
static inline __LJMP void add_separator(writer *w, const char *bytes, size_t length) {
    if (length == 1) add_byte(w, *bytes); else add(w, bytes, length);
}

#endif
