/*
 * Libraries that the host opens when a text that is loaded first names them, in the middle of a task perhaps. What is run
 * for that is the host's own: it may take memory beyond the limit, which binds the program again with its next allocation,
 * and nothing ends it half-way.
 */
#include "internal.h"

#include <stdlib.h>

/* ---- the names of libraries, among the words of a text ---- */

typedef struct library_name {
    struct library_name *next;
    int library;
    size_t length;
    char text[];
} library_name;

enum { CHAINS = 256 };

/* Most words of a text share it with no name. */
static size_t look_of(const char *word, size_t length) {
    return ((unsigned char)word[0] * 31u ^ (unsigned char)word[length - 1] * 7u ^ length) % CHAINS;
}

static bool is_part_of_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool shim_add_library_name(lua_State *L, const char *name, size_t length, int library) {
    shim_host *h = shim_host_of(L);
    if (h->library_names == NULL) h->library_names = calloc(CHAINS, sizeof *h->library_names);
    library_name *new = malloc(sizeof *new + length);
    if (h->library_names == NULL || new == NULL) {
        free(new);
        return false;
    }
    new->library = library;
    new->length = length;
    memcpy(new->text, name, length);
    library_name **chain = &h->library_names[look_of(name, length)];
    new->next = *chain;
    *chain = new;
    return true;
}

void shim_find_libraries(lua_State *L, const char *text, size_t length, bool *found) {
    library_name **chains = shim_host_of(L)->library_names;
    if (chains == NULL) return;
    const char *end = text + length;
    for (const char *at = text; at < end; at++) {
        if (!is_part_of_name(*at)) continue;
        const char *word = at;
        while (at < end && is_part_of_name(*at)) at++;
        size_t size = (size_t)(at - word);
        for (const library_name *name = chains[look_of(word, size)]; name != NULL; name = name->next) {
            if (name->length == size && memcmp(name->text, word, size) == 0) found[name->library] = true;
        }
    }
}

void shim_drop_library_names(shim_host *h) {
    for (size_t i = 0; h->library_names != NULL && i < CHAINS; i++) {
        for (library_name *name = h->library_names[i], *next; name != NULL; name = next) {
            next = name->next;
            free(name);
        }
    }
    free(h->library_names);
    h->library_names = NULL;
}

/* ---- opening ---- */

void shim_begin_set_up(lua_State *L) { shim_host_of(L)->set_ups++; }

void shim_end_set_up(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (--h->set_ups == 0) shim_forgive_time(L);
}

void shim_open_by_load(lua_State *L, bool on) { shim_host_of(L)->opens_libraries = on; }

/* Where the function of the host is that opens what a text names. */
#define OPENER "open_libraries"

__LJMP void shim_open_named(lua_State *L, int text) {
    if (!shim_host_of(L)->opens_libraries) return;
    luaL_checkstack(L, 3, "too many nested functions");
    shim_push_main_table(L);
    lua_getfield(L, -1, OPENER);
    lua_remove(L, -2);
    if (text != 0) lua_pushvalue(L, text);
    lua_call(L, text != 0, 0);
}
