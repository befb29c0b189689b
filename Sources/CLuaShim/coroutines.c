/*
 * The program's own coroutines. The stock library would swallow three things: a host wait inside a coroutine (it must
 * pass through to the scheduler), a kill (it must not become a `false`), and the C stack (a chain of coroutine.close
 * overflows it on 5.4.4, upstream 1e64c139).
 */
#include "internal.h"

/* Each level may hold 200 C calls of its own (LUAI_MAXCCALLS), so this bounds the C stack at about 6 MB. */
#define MAX_CLOSING 16

static __LJMP lua_State *check_coroutine(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

/* A coroutine in whose depth a host wait is pending, a task's own, or one that was killed: programs may not touch it. */
static bool is_waiting(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_waiting);
    lua_pushvalue(L, index);
    bool waiting = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return waiting;
}

__LJMP void shim_set_waiting(lua_State *L, int index, bool waiting) {
    index = lua_absindex(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_waiting);
    lua_pushvalue(L, index);
    if (waiting) lua_pushboolean(L, 1); else lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static int close_thread(lua_State *L, lua_State *co) {
    shim_host *h = shim_host_of(L);
    if (h->closing >= MAX_CLOSING) {
        h->kill = SHIM_KILL_NESTING;
        h->kill_grace = 0;
        return LUA_ERRRUN;
    }
    shim_frame frame = {co, false, h->frame};
    h->closing++;
    h->frame = &frame;
    int status = lua_resetthread(co);
    h->frame = frame.outer;
    h->closing--;
    return status;
}

static __LJMP int inner_continues(lua_State *L, int status, lua_KContext context);

/* context 0: coroutine.resume, the coroutine is at index 1; context 1: a wrap function, it is upvalue 1 */
static __LJMP int run(lua_State *L, lua_State *co, int count, lua_KContext context) {
    shim_host *h = shim_host_of(L);
    int co_index = context == 0 ? 1 : lua_upvalueindex(1);
    shim_frame frame = {co, h->frame != NULL && h->frame->can_wait && lua_isyieldable(L), h->frame};
    h->frame = &frame;
    int results = 0;
    int status = lua_resume(co, L, count, &results);
    h->frame = frame.outer;
    if (h->kill != SHIM_KILL_NONE) shim_watchdog_arm(h); /* should co have no instruction left to be ended at */

    if (status == LUA_YIELD && h->waiting) {
        h->depth++; /* the host knows of the wait already: for want of memory it must not turn into an error */
        shim_set_waiting(L, co_index, true);
        h->depth--;
        return lua_yieldk(L, 0, context, inner_continues);
    }
    if (status == LUA_OK || status == LUA_YIELD) {
        if (!lua_checkstack(L, results + 1)) {
            lua_pop(co, results);
            return luaL_error(L, "too many results to resume");
        }
        if (context == 0) lua_pushboolean(L, 1);
        lua_xmove(co, L, results);
        return results + (context == 0);
    }
    /* An error: its value is on top of co. */
    luaL_checkstack(L, 8, NULL);
    lua_xmove(co, L, 1);
    if (h->kill != SHIM_KILL_NONE || h->hooks_off) {
        /* co may have died with its hooks off: it is never closed or resumed again. */
        shim_set_waiting(L, co_index, true);
        h->hooks_off = false;
        shim_note_chain(L, co, -1);
        return lua_error(L);
    }
    shim_mend_error(L, co, 0);
    shim_note_chain(L, co, -1);
    if (context == 0) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    /* The stock wrap puts its own position in front of the message; here the chain of tracebacks tells it better. */
    close_thread(L, co);
    return lua_error(L);
}

static __LJMP int inner_continues(lua_State *L, int status, lua_KContext context) {
    (void)status;
    shim_host *h = shim_host_of(L);
    int co_index = context == 0 ? 1 : lua_upvalueindex(1);
    lua_State *co = lua_tothread(L, co_index);
    shim_set_waiting(L, co_index, false);
    return run(L, co, co == h->resumed_thread ? h->resumed_count : 0, context);
}

/* Moves the arguments of a resume to co, or pushes a message and returns -1. */
static __LJMP int prepare(lua_State *L, lua_State *co, int co_index, int count) {
    if (is_waiting(L, co_index)) {
        lua_pushliteral(L, "cannot resume a coroutine that waits for the outside world or was ended by the host");
        return -1;
    }
    if (!lua_checkstack(co, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    if (lua_status(co) == LUA_OK && lua_gettop(co) == 0) {
        lua_pushliteral(L, "cannot resume dead coroutine");
        return -1;
    }
    if (co == L || (lua_status(co) == LUA_OK && lua_getstack(co, 0, &(lua_Debug){0}))) {
        lua_pushliteral(L, "cannot resume non-suspended coroutine");
        return -1;
    }
    lua_xmove(L, co, count);
    return count;
}

static __LJMP int co_resume(lua_State *L) {
    lua_State *co = check_coroutine(L);
    int count = prepare(L, co, 1, lua_gettop(L) - 1);
    if (count < 0) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    return run(L, co, count, 0);
}

static __LJMP int co_wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int count = prepare(L, co, lua_upvalueindex(1), lua_gettop(L));
    if (count < 0) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
        return lua_error(L);
    }
    return run(L, co, count, 1);
}

static __LJMP int co_create(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static __LJMP int co_wrap(lua_State *L) {
    co_create(L);
    lua_pushcclosure(L, co_wrapped, 1);
    return 1;
}

static __LJMP int co_yield(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->frame == NULL || h->frame->outer == NULL) {
        return shim_raise_fault(L, "RuntimeError",
                                "coroutine.yield outside a coroutine: nobody would resume it; use Wait or a waiting call");
    }
    return lua_yield(L, lua_gettop(L));
}

static const char *status_of(lua_State *L, lua_State *co, int co_index) {
    if (L == co) return "running";
    if (is_waiting(L, co_index)) {
        bool is_over = lua_status(co) > LUA_YIELD || (lua_status(co) == LUA_OK && lua_gettop(co) == 0);
        return is_over && !lua_getstack(co, 0, &(lua_Debug){0}) ? "dead" : "normal";
    }
    switch (lua_status(co)) {
    case LUA_YIELD:
        return "suspended";
    case LUA_OK: {
        lua_Debug ar;
        if (lua_getstack(co, 0, &ar)) return "normal";
        return lua_gettop(co) == 0 ? "dead" : "suspended";
    }
    default:
        return "dead";
    }
}

static __LJMP int co_status(lua_State *L) {
    lua_pushstring(L, status_of(L, check_coroutine(L), 1));
    return 1;
}

static __LJMP int co_close(lua_State *L) {
    lua_State *co = check_coroutine(L);
    const char *status = status_of(L, co, 1);
    if (status[0] != 's' && status[0] != 'd') {
        return luaL_error(L, "cannot close a %s coroutine", status);
    }
    int result = close_thread(L, co);
    if (shim_host_of(L)->kill != SHIM_KILL_NONE) return shim_raise_kill(L);
    if (result == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    return 2;
}

/* A task's own coroutine is what a program calls its main one. */
static bool in_program_coroutine(lua_State *L) {
    shim_host *h = shim_host_of(L);
    return h->frame != NULL && h->frame->outer != NULL && h->frame->L == L;
}

static __LJMP int co_running(lua_State *L) {
    lua_pushthread(L);
    lua_pushboolean(L, !in_program_coroutine(L));
    return 2;
}

static __LJMP int co_isyieldable(lua_State *L) {
    lua_pushboolean(L, in_program_coroutine(L) && lua_isyieldable(L));
    return 1;
}

__LJMP void shim_open_coroutines(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"create", co_create},
        {"resume", co_resume},
        {"wrap", co_wrap},
        {"yield", co_yield},
        {"status", co_status},
        {"close", co_close},
        {"running", co_running},
        {"isyieldable", co_isyieldable},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    lua_pushvalue(L, -1);
    lua_setglobal(L, "coroutine");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_insert(L, -2);
    lua_setfield(L, -2, "coroutine");
    lua_pop(L, 1);
}
