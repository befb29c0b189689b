/*
 * Tracebacks that tell the program's frames only, and the record of the frames that an error has passed on its way: a
 * protected call, or the end of a coroutine, takes them off the stack before the error is reported.
 */
#include "internal.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Frames that one traceback shows from each end; those between are counted. */
#define SHOWN_FRAMES 10
/* Levels that are looked at from the inner and from the outer end of a stack that is deeper than both. To find a level
 * costs time in proportion to its number. */
#define WALKED_LEVELS 128
#define WALKED_OUTER_LEVELS 16
/* A traceback of one stack in bytes: 2 * SHOWN_FRAMES lines fit. */
#define TRACEBACK_BYTES 6144
/* What is kept of all that one error has passed. What comes later is left out. */
#define CHAIN_BYTES (4 * TRACEBACK_BYTES)
/* Entries of tables that are looked at for the name of one function. */
#define NAMED_ENTRIES 2000
/* Levels below a protected call that are counted to tell an error on its way out from another like it. */
#define COUNTED_LEVELS 1000

typedef struct traceback_text {
    size_t length;
    char bytes[TRACEBACK_BYTES];
} traceback_text;

static void add(traceback_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, arguments);
    va_end(arguments);
    size_t room = sizeof text->bytes - text->length - 1;
    if (length > 0) text->length += (size_t)length < room ? (size_t)length : room;
}

/* ---- the frames of one stack ---- */

/* Frames of the host, what stands before them, what they call in C, and the message handlers of protected calls. */
static bool is_hidden(lua_State *L, int level, lua_Debug *ar) {
    lua_getinfo(L, "S", ar);
    if (shim_is_own(ar)) return true;
    if (ar->what[0] != 'C') return false;
    if (shim_is_own_level(L, level + 1)) return true;
    lua_getinfo(L, "f", ar);
    lua_CFunction function = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    return function == shim_front || shim_is_message_handler(function);
}

/* The first level of L that does not exist, or `most`. */
static int count_levels(lua_State *L, int most) {
    lua_Debug ar;
    int low = 0, high = 1; /* levels below `low` exist */
    while (high < most && lua_getstack(L, high, &ar)) {
        low = high;
        high *= 2;
    }
    if (high > most) high = most;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (lua_getstack(L, middle, &ar)) low = middle + 1; else high = middle;
    }
    return low;
}

/* Pushes the name by which a loaded module has the value at index `function`, and gives true; else pushes nothing. */
static bool push_field_name(lua_State *L, int function, int depth, int *entries) {
    if (depth == 0 || !lua_istable(L, -1)) return false;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (--*entries < 0) {
            lua_pop(L, 2);
            return false;
        }
        if (lua_type(L, -2) == LUA_TSTRING) {
            if (lua_rawequal(L, function, -1)) {
                lua_pop(L, 1);
                return true;
            }
            if (push_field_name(L, function, depth - 1, entries)) { /* name of the module, module, name */
                lua_pushliteral(L, ".");
                lua_replace(L, -3);
                lua_concat(L, 3);
                return true;
            }
        }
        lua_pop(L, 1);
    }
    return false;
}

static bool add_global_name(traceback_text *text, lua_State *L, lua_Debug *ar) {
    int top = lua_gettop(L);
    lua_getinfo(L, "f", ar);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_loaded);
    int entries = NAMED_ENTRIES;
    bool found = push_field_name(L, top + 1, 2, &entries);
    if (found) {
        const char *name = lua_tostring(L, -1);
        add(text, "function '%.80s'", strncmp(name, "_G.", 3) == 0 ? name + 3 : name);
    }
    lua_settop(L, top);
    return found;
}

static void add_frame(traceback_text *text, lua_State *L, int level, bool with_names) {
    lua_Debug ar;
    if (!lua_getstack(L, level, &ar)) return;
    lua_getinfo(L, "Slnt", &ar);
    add(text, "\n\t%s:", ar.short_src);
    if (ar.currentline > 0) add(text, "%d:", ar.currentline);
    add(text, " in ");
    if (with_names && add_global_name(text, L, &ar)) {
        /* done */
    } else if (strcmp(ar.namewhat, "global") == 0) {
        add(text, "function '%.80s'", ar.name);
    } else if (*ar.namewhat != '\0') {
        add(text, "%s '%.80s'", ar.namewhat, ar.name);
    } else if (*ar.what == 'm') {
        add(text, "main chunk");
    } else if (*ar.what != 'C') {
        add(text, "function <%s:%d>", ar.short_src, ar.linedefined);
    } else {
        add(text, "?");
    }
    if (ar.istailcall) add(text, "\n\t(...tail calls...)");
}

/* Adds the visible frames of the levels from `level` to before `end`. Uses up to 10 places of L's stack. */
static void add_frames(traceback_text *text, lua_State *L, int level, int end, bool with_names) {
    int shown[WALKED_LEVELS + WALKED_OUTER_LEVELS];
    int count = 0, passed = 0;
    int inner_end = end;
    if (end - level > WALKED_LEVELS + WALKED_OUTER_LEVELS) {
        inner_end = level + WALKED_LEVELS;
        passed = end - WALKED_OUTER_LEVELS - inner_end;
    }
    lua_Debug ar;
    for (; level < end; level++) {
        if (level == inner_end) level += passed;
        if (lua_getstack(L, level, &ar) && !is_hidden(L, level, &ar)) shown[count++] = level;
    }
    int skipped = count > 2 * SHOWN_FRAMES ? count - 2 * SHOWN_FRAMES : 0;
    for (int i = 0; i < count; i++) {
        if (i == SHOWN_FRAMES && passed + skipped > 0) {
            add(text, "\n\t...\t(skipping %d levels)", passed + skipped);
            i += skipped;
        }
        add_frame(text, L, shown[i], with_names);
    }
}

/* Pushes on L the traceback of `other` from a level on, with or without the heading. [0, +1] memory */
static void push_frames(lua_State *L, lua_State *other, int level, bool with_heading) {
    traceback_text text = {.length = 0};
    lua_checkstack(other, 12);
    if (with_heading) add(&text, "stack traceback:");
    add_frames(&text, other, level, count_levels(other, INT_MAX / 2), true);
    lua_pushlstring(L, text.bytes, text.length);
}

__LJMP void shim_traceback(lua_State *L, lua_State *other, int level) { push_frames(L, other, level, true); }

/* ---- what an error has passed ---- */

/* Whether a message is another with something before it: `error(e)` puts a position there. */
static bool is_extended(lua_State *L, int index, int noted_index) {
    if (lua_type(L, noted_index) != LUA_TSTRING || lua_type(L, index) != LUA_TSTRING) return false;
    size_t noted_length, length;
    const char *noted = lua_tolstring(L, noted_index, &noted_length), *message = lua_tolstring(L, index, &length);
    if (noted_length + 2 > length || strstr(noted, ": ") == NULL) return false; /* a word alone may be any error's */
    const char *end = message + length - noted_length;
    return memcmp(end - 2, ": ", 2) == 0 && memcmp(end, noted, noted_length) == 0;
}

/* Whether the error at index is the one that was noted. */
static bool is_noted(lua_State *L, int index) {
    if (shim_host_of(L)->chain_depth == 0) return false;
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_error);
    bool is = !lua_isnil(L, -1) && (lua_rawequal(L, -1, index) || is_extended(L, index, -1));
    lua_pop(L, 1);
    return is;
}

/*
 * Notes that the error at index has passed the frames that are on top as text, which it takes. An error on its way out
 * comes from a deeper coroutine or a deeper level each time. An equal one at the same place or below is another: a program
 * may catch the same message for years.
 */
static __LJMP void note(lua_State *L, lua_State *passed, int index, int level) {
    shim_host *h = shim_host_of(L);
    index = lua_absindex(L, index);
    int depth = 1;
    for (shim_frame *frame = h->frame; frame != NULL; frame = frame->outer) depth++;
    bool is_outer = depth < h->chain_depth || (depth == h->chain_depth && level < h->chain_level);
    if (is_outer && is_noted(L, index)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
        if (lua_rawlen(L, -1) + lua_rawlen(L, -2) > CHAIN_BYTES) {
            lua_replace(L, -2);
        } else {
            lua_insert(L, -2);
            if (h->chain_thread != passed) {
                lua_pushliteral(L, "\nstack traceback:");
                lua_insert(L, -2);
            }
            lua_concat(L, h->chain_thread != passed ? 3 : 2);
        }
    } else {
        lua_pushliteral(L, "stack traceback:");
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    h->chain_depth = depth;
    h->chain_level = level;
    h->chain_thread = passed == L ? L : NULL; /* of an ended coroutine there is no more to come */
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
    lua_pushvalue(L, index);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_chain_error);
}

__LJMP void shim_note_chain(lua_State *L, lua_State *inner, int error_index) {
    luaL_checkstack(L, 16, NULL);
    error_index = lua_absindex(L, error_index);
    push_frames(L, inner, 0, false);
    note(L, inner, error_index, INT_MAX);
}

__LJMP void shim_note_protected(lua_State *L, bool (*is_catcher)(lua_CFunction)) {
    if (!lua_checkstack(L, 12)) return; /* the stack has overflown: the message must do */
    shim_host *h = shim_host_of(L);
    lua_Debug ar;
    int end = 1; /* level 0 is the message handler */
    while (end <= WALKED_LEVELS && lua_getstack(L, end, &ar)) {
        lua_getinfo(L, "f", &ar);
        bool is_caught = is_catcher(lua_tocfunction(L, -1));
        lua_pop(L, 1);
        if (is_caught) break;
        end++;
    }
    int levels = count_levels(L, end + COUNTED_LEVELS);
    h->depth++; /* little, and for want of memory this error must not become another */
    traceback_text text = {.length = 0};
    add_frames(&text, L, 1, end, false);
    lua_pushlstring(L, text.bytes, text.length);
    note(L, L, -2, levels - end);
    h->depth--;
}

void shim_forget_errors(shim_host *h) {
    if (h->chain_depth == 0) return;
    h->chain_depth = 0;
    h->chain_thread = NULL;
    if (!lua_checkstack(h->main, 1)) return;
    lua_pushnil(h->main);
    lua_rawsetp(h->main, LUA_REGISTRYINDEX, &shim_key_chain_error);
    lua_pushnil(h->main);
    lua_rawsetp(h->main, LUA_REGISTRYINDEX, &shim_key_chain_text);
}

/* Pushes the traceback of L from a level on, behind what the error at index has passed already and before the coroutines
 * that resumed this one, outermost last. */
static void push_whole(lua_State *L, int level, int error_index) {
    bool is_chained = error_index != 0 && is_noted(L, error_index);
    bool is_continued = is_chained && shim_host_of(L)->chain_thread == L;
    int pieces = 1;
    if (is_chained) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_chain_text);
        lua_pushstring(L, is_continued ? "" : "\n");
        pieces = 3;
    }
    push_frames(L, L, level, !is_continued);
    shim_frame *frame = shim_host_of(L)->frame;
    if (frame != NULL && frame->L == L) {
        for (frame = frame->outer; frame != NULL && pieces < 12; frame = frame->outer) {
            lua_pushliteral(L, "\n");
            push_frames(L, frame->L, 0, true);
            pieces += 2;
        }
    }
    if (pieces > 1) lua_concat(L, pieces); /* all strings: cannot run a metamethod */
}

void shim_push_traceback(lua_State *L, int error_index) {
    lua_checkstack(L, 32);
    push_whole(L, 0, error_index == 0 ? 0 : lua_absindex(L, error_index));
}

/* debug.traceback([message [, level]]) over the whole chain of coroutines */
static __LJMP int host_traceback(lua_State *L) {
    if (lua_isthread(L, 1)) {
        lua_State *other = lua_tothread(L, 1);
        const char *message = luaL_optstring(L, 2, NULL);
        int level = (int)luaL_optinteger(L, 3, 0);
        lua_settop(L, 2);
        if (message != NULL) lua_pushliteral(L, "\n");
        shim_traceback(L, other, level);
        if (message != NULL) lua_concat(L, 3);
        return 1;
    }
    if (!lua_isnoneornil(L, 1) && !lua_isstring(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    int level = (int)luaL_optinteger(L, 2, 1);
    luaL_checkstack(L, 40, NULL);
    lua_settop(L, 1);
    bool has_message = lua_isstring(L, 1);
    if (has_message) lua_pushliteral(L, "\n");
    push_whole(L, level < 0 ? INT_MAX / 2 : level, has_message ? 1 : 0);
    if (has_message) lua_concat(L, 3);
    return 1;
}

__LJMP void shim_open_tracebacks(lua_State *L) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_loaded);
    lua_getglobal(L, "debug");
    lua_pushcfunction(L, host_traceback);
    lua_setfield(L, -2, "traceback");
    lua_pop(L, 1);
}
