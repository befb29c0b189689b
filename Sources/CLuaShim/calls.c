/*
 * The boundary in both directions: Lua calling Swift (the trampoline acts on a returned verdict, so that raising and
 * yielding happen after the Swift frame is gone) and Swift resuming a task.
 */
#include "internal.h"

/* ---- Lua to Swift ---- */

static __LJMP int wait_continues(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    shim_host *h = shim_host_of(L);
    if (h->kill != SHIM_KILL_NONE) return shim_raise_kill(L);
    int count = h->resumed_count;
    bool raise = h->resumed_raise;
    h->resumed_thread = NULL;
    h->resumed_count = 0;
    h->resumed_raise = false;
    if (raise) return shim_raise_fault_on_top(L);
    return count;
}

static __LJMP int call_continues(lua_State *L, int status, lua_KContext base) {
    (void)status;
    return lua_gettop(L) - (int)base;
}

__LJMP int shim_act(lua_State *L, shim_host *h, shim_verdict verdict) {
    switch (verdict.kind) {
    case SHIM_RETURN:
        return verdict.count;
    case SHIM_FAULT:
        return shim_raise_fault_on_top(L);
    case SHIM_RAISE:
        return lua_error(L);
    case SHIM_WAIT:
        if (h->kill != SHIM_KILL_NONE) return shim_raise_kill(L);
        h->waiting = true;
        return lua_yieldk(L, 0, 0, wait_continues);
    default: {
        int base = lua_gettop(L) - verdict.count - 1;
        lua_callk(L, verdict.count, LUA_MULTRET, base, call_continues);
        return lua_gettop(L) - base;
    }
    }
}

__LJMP int shim_trampoline(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->kill != SHIM_KILL_NONE && h->kill_grace == 0) return shim_raise_kill(L);
    uint32_t function = (uint32_t)lua_tointeger(L, lua_upvalueindex(1));
    h->depth++;
    shim_verdict verdict = h->callbacks.call(h->callbacks.context, L, function);
    h->depth--;
    return shim_act(L, h, verdict);
}

/* ---- Lua to Lua ---- */

static __LJMP int front_continues(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return lua_gettop(L);
}

/*
 * upvalue: a function of Lectern's own in Lua. `return f()` in a program gives its frame, and with it the line that errors
 * name, to a function of Lua, but not to one of C.
 */
__LJMP int shim_front(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, front_continues);
    return lua_gettop(L);
}

/* front(f) -> f as a function of C */
static __LJMP int front(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushcclosure(L, shim_front, 1);
    return 1;
}

__LJMP void shim_open_fronts(lua_State *L) {
    lua_pushcfunction(L, front);
    lua_setfield(L, -2, "front");
}

void shim_push_function(lua_State *L, uint32_t function) {
    lua_pushinteger(L, function);
    lua_pushcclosure(L, shim_trampoline, 1);
}

bool shim_can_wait(lua_State *L) {
    shim_host *h = shim_host_of(L);
    return h->frame != NULL && h->frame->can_wait && h->kill == SHIM_KILL_NONE && lua_isyieldable(L);
}

const char *shim_call_name(lua_State *L, bool *is_method) {
    lua_Debug ar;
    *is_method = false;
    if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "n", &ar) || ar.name == NULL) return "";
    *is_method = ar.namewhat[0] == 'm';
    return ar.name;
}

/* ---- Swift to Lua ---- */

lua_State *shim_new_thread(lua_State *L) {
    lua_State *task = lua_newthread(L);
    /* A program gets it from coroutine.running: only the host may continue or end it. */
    shim_set_waiting(L, -1, true);
    return task;
}

int shim_resume(lua_State *task, lua_State *waiting, int count, bool raise, int *results) {
    shim_host *h = shim_host_of(task);
    shim_frame frame = {task, true, NULL};
    h->frame = &frame;
    h->waiting = false;
    h->hooks_off = false;
    h->overflowed = 0;
    h->refused_stack = false;
    shim_forget_errors(h);
    h->resumed_thread = waiting;
    h->resumed_count = count;
    h->resumed_raise = raise;
    shim_watchdog_begin(h);
    int depth = h->depth;
    h->depth = 0;
    int status = lua_resume(task, h->main, waiting == NULL || waiting == task ? count : 0, results);
    h->depth = depth;
    shim_watchdog_end(h);
    h->frame = NULL;
    h->waiting = false;
    h->resumed_thread = NULL;
    if (status <= LUA_YIELD) shim_forget_errors(h); /* else the host reads first what was noted */
    if (h->cycle_ended) shim_put_cycle_off(h);
    return status;
}

void shim_reset(lua_State *task) {
    shim_host *h = shim_host_of(task);
    h->kill = SHIM_KILL_NONE;
    shim_forget_errors(h);
    /* Lua leaves hooks off in a thread that died inside one. Closers that loop could not be ended there, so they are
       left to the collector. */
    if (h->hooks_off) return;
    shim_frame frame = {task, false, NULL};
    h->frame = &frame;
    shim_watchdog_begin(h);
    int depth = h->depth;
    h->depth = 0;
    lua_resetthread(task);
    h->depth = depth;
    shim_watchdog_end(h);
    h->frame = NULL;
    h->kill = SHIM_KILL_NONE;
    lua_settop(task, 0);
}
