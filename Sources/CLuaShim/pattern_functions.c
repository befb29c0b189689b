/* string.find, match, gmatch and gsub on the budgeted matcher. */
#include <string.h>

#include "guarded_string_functions.h"
#include "pattern_matcher.h"

/* MARK: - find and match */

/* The arguments (subject, pattern, init, plain). Returns captures, or start, end and captures for `find`. */
static int search(lua_State *L, int is_find) {
    const guarded_string_context *context = guarded_string_context_of(L);
    size_t subject_length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &subject_length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    size_t init = guarded_string_position(luaL_optinteger(L, 3, 1), subject_length) - 1;
    if (init > subject_length) {
        luaL_pushfail(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || pattern_is_literal(pattern, pattern_length))) {
        const char *found = guarded_string_search(subject + init, subject_length - init, pattern, pattern_length);
        if (found == NULL) {
            luaL_pushfail(L);
            return 1;
        }
        lua_pushinteger(L, (lua_Integer)(found - subject) + 1);
        lua_pushinteger(L, (lua_Integer)(found - subject) + (lua_Integer)pattern_length);
        return 2;
    }
    int anchored = pattern_length > 0 && *pattern == '^';
    const char *start = subject + init;
    pattern_matcher m;
    pattern_matcher_init(
        &m, L, subject, subject_length, start, pattern + anchored, pattern_length - (size_t)anchored,
        context->limits.pattern_steps);
    while (start <= m.subject_end) {
        const char *end = pattern_matcher_match(&m, start);
        if (end != NULL) {
            pattern_matcher_finish(&m);
            if (!is_find) {
                return pattern_matcher_push_captures(&m, start, end);
            }
            lua_pushinteger(L, (lua_Integer)(start - subject) + 1);
            lua_pushinteger(L, (lua_Integer)(end - subject));
            return 2 + pattern_matcher_push_captures(&m, NULL, NULL);
        }
        if (anchored) {
            break;
        }
        start = pattern_matcher_next_start(&m, start);
    }
    pattern_matcher_finish(&m);
    luaL_pushfail(L);
    return 1;
}

static int string_find(lua_State *L) {
    return search(L, 1);
}

static int string_match(lua_State *L) {
    return search(L, 0);
}

/* MARK: - gmatch */

/* Where a gmatch stands: offsets, because its subject lives in an upvalue of the iterator. */
typedef struct gmatch_state {
    size_t next;
    size_t last_end;
    int has_last_end;
    size_t steps;
} gmatch_state;

/* Upvalues: subject, pattern, state. */
static int gmatch_next(lua_State *L) {
    gmatch_state *state = lua_touserdata(L, lua_upvalueindex(3));
    size_t subject_length, pattern_length;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &subject_length);
    const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_length);
    if (state->next > subject_length) {
        return 0;
    }
    const char *start = subject + state->next;
    const char *last_end = state->has_last_end ? subject + state->last_end : NULL;
    pattern_matcher m;
    /* Each step has a budget of its own: between two steps Lua runs, and with it the watch on running time. */
    pattern_matcher_init(&m, L, subject, subject_length, start, pattern, pattern_length, state->steps);
    while (start <= m.subject_end) {
        const char *end = pattern_matcher_match(&m, start);
        if (end != NULL && end != last_end) {
            state->next = state->last_end = (size_t)(end - subject);
            state->has_last_end = 1;
            pattern_matcher_finish(&m);
            return pattern_matcher_push_captures(&m, start, end);
        }
        start = end == NULL ? pattern_matcher_next_start(&m, start) : start + 1;
    }
    state->next = subject_length + 1;
    pattern_matcher_finish(&m);
    return 0;
}

static int string_gmatch(lua_State *L) {
    const guarded_string_context *context = guarded_string_context_of(L);
    size_t subject_length;
    luaL_checklstring(L, 1, &subject_length);
    luaL_checkstring(L, 2);
    size_t init = guarded_string_position(luaL_optinteger(L, 3, 1), subject_length) - 1;
    lua_settop(L, 2);
    gmatch_state *state = lua_newuserdatauv(L, sizeof *state, 0);
    state->next = init > subject_length ? subject_length + 1 : init;
    state->last_end = 0;
    state->has_last_end = 0;
    state->steps = context->limits.pattern_steps;
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* MARK: - gsub */

/* The result that a gsub builds: a buffer that knows its bound. */
typedef struct bounded_buffer {
    luaL_Buffer buffer;
    size_t length;
} bounded_buffer;

static void add_bytes(bounded_buffer *b, const char *bytes, size_t length) {
    b->length = guarded_string_sum(b->length, length);
    guarded_string_check_size(b->buffer.L, "gsub", b->length);
    luaL_addlstring(&b->buffer, bytes, length);
}

/* Adds the string or number at the top of the stack and pops it. */
static void add_value(bounded_buffer *b) {
    size_t length;
    lua_tolstring(b->buffer.L, -1, &length);
    b->length = guarded_string_sum(b->length, length);
    guarded_string_check_size(b->buffer.L, "gsub", b->length);
    luaL_addvalue(&b->buffer);
}

/* Adds the replacement text at argument 3, with '%0' to '%9' and '%%' replaced. */
static void add_template(pattern_matcher *m, bounded_buffer *b, const char *start, const char *end) {
    lua_State *L = m->L;
    size_t length;
    const char *text = lua_tolstring(L, 3, &length);
    const char *text_end = text + length;
    while (text < text_end) {
        const char *escape = memchr(text, PATTERN_ESCAPE, (size_t)(text_end - text));
        if (escape == NULL) {
            break;
        }
        add_bytes(b, text, (size_t)(escape - text));
        char kind = escape + 1 < text_end ? escape[1] : '\0';
        text = escape + 2;
        if (kind == PATTERN_ESCAPE) {
            add_bytes(b, escape, 1);
        } else if (kind == '0') {
            add_bytes(b, start, (size_t)(end - start));
        } else if (kind >= '1' && kind <= '9') {
            pattern_matcher_push_capture(m, kind - '1', start, end);
            add_value(b);
        } else {
            luaL_error(L, "invalid use of '%c' in replacement string", PATTERN_ESCAPE);
        }
    }
    if (text < text_end) {
        add_bytes(b, text, (size_t)(text_end - text));
    }
}

/* Adds what replaces the match `start`..`end`; returns whether anything was replaced. `kind` is argument 3's type. */
static int add_replacement(pattern_matcher *m, bounded_buffer *b, const char *start, const char *end, int kind) {
    lua_State *L = m->L;
    if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        int count = pattern_matcher_push_captures(m, start, end);
        lua_call(L, count, 1);
    } else if (kind == LUA_TTABLE) {
        pattern_matcher_push_capture(m, 0, start, end);
        lua_gettable(L, 3);
    } else {
        add_template(m, b, start, end);
        return 1;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        add_bytes(b, start, (size_t)(end - start));
        return 0;
    }
    if (!lua_isstring(L, -1)) {
        return luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    add_value(b);
    return 1;
}

static int string_gsub(lua_State *L) {
    const guarded_string_context *context = guarded_string_context_of(L);
    size_t subject_length, pattern_length;
    const char *start = luaL_checklstring(L, 1, &subject_length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    int kind = lua_type(L, 3);
    luaL_argexpected(
        L, kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION || kind == LUA_TTABLE, 3,
        "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)subject_length + 1);
    if (kind == LUA_TNUMBER) {
        /* Converted once, not for each match. */
        lua_tolstring(L, 3, NULL);
    }
    int anchored = pattern_length > 0 && *pattern == '^';
    const char *last_end = NULL;
    /* The bytes from here on go into the result as they are. They are copied only before a match. */
    const char *kept = start;
    lua_Integer count = 0;
    int changed = 0;
    pattern_matcher m;
    pattern_matcher_init(
        &m, L, start, subject_length, start, pattern + anchored, pattern_length - (size_t)anchored,
        context->limits.pattern_steps);
    bounded_buffer b = {.length = 0};
    luaL_buffinit(L, &b.buffer);
    while (count < most) {
        const char *end = pattern_matcher_match(&m, start);
        if (end != NULL && end != last_end) {
            count++;
            add_bytes(&b, kept, (size_t)(start - kept));
            changed |= add_replacement(&m, &b, start, end, kind);
            start = last_end = kept = end;
        } else {
            start = end == NULL && !anchored ? pattern_matcher_next_start(&m, start) : start + 1;
        }
        if (anchored || start > m.subject_end) {
            break;
        }
    }
    pattern_matcher_finish(&m);
    if (changed) {
        add_bytes(&b, kept, (size_t)(m.subject_end - kept));
        luaL_pushresult(&b.buffer);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

const luaL_Reg guarded_pattern_functions[] = {
    {"find", string_find},
    {"match", string_match},
    {"gmatch", string_gmatch},
    {"gsub", string_gsub},
    {NULL, NULL},
};
