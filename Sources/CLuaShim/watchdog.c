/*
 * The watchdog: a task that does not wait for a while is reported, then ended, by a hook that is armed when the task is
 * due (see alarm.c). The end is sticky: pcall, xpcall, coroutine.resume and wrap pass it on (see base.c and
 * coroutines.c), so a program cannot swallow it.
 */
#include "internal.h"

#include <string.h>
#include <time.h>

uint64_t shim_monotonic_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Whether the task on L has to end now. */
static bool is_over(lua_State *L, shim_host *h) {
    if (h->set_ups > 0) return false;
    uint64_t now = shim_monotonic_now();
    if (h->kill != SHIM_KILL_NONE) return now >= h->kill_grace;
    if (atomic_load_explicit(&h->stop_requested_at, memory_order_relaxed) != 0) {
        h->kill = SHIM_KILL_CANCELLED;
        h->kill_grace = 0;
        return true;
    }
    if (now < h->next_check) return false;
    uint64_t elapsed = now - h->burst_start;
    if (h->limits.warn_nanoseconds != 0 && !h->warned && elapsed >= h->limits.warn_nanoseconds) {
        h->warned = true;
        h->depth++;
        h->callbacks.slow(h->callbacks.context, L, elapsed);
        h->depth--;
    }
    if (h->limits.burst_nanoseconds != 0 && elapsed >= h->limits.burst_nanoseconds) {
        h->kill = SHIM_KILL_TIME;
        return true;
    }
    h->next_check = h->limits.burst_nanoseconds != 0 ? h->burst_start + h->limits.burst_nanoseconds : UINT64_MAX;
    return false;
}

static __LJMP void hook(lua_State *L, lua_Debug *ar) {
    shim_host *h = shim_host_of(L);
    /* A C function that is being called may have got a thousand values, which it takes from the stack. */
    if (h->overflowed != 0 && ar->event != LUA_HOOKCOUNT) return;
    lua_sethook(L, NULL, 0, 0); /* as long as there is one the VM is slow */
    shim_check_stack(L);
    if (!is_over(L, h)) return;
    h->hooks_off = true;
    shim_raise_kill(L);
}

/* ---- errors of a hook ---- */

enum { LOOKED_AT = 2 * sizeof(void *) }; /* bytes of a lua_State: its header and some flags */

static void note_state(lua_State *L, lua_Debug *ar) {
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    memcpy(shim_host_of(L)->hook_probe, (const char *)L, LOOKED_AT);
}

static int nothing(lua_State *L) {
    (void)L;
    return 0;
}

/* A byte that is 1 outside and 0 inside of a hook, and the only one that differs. */
void shim_find_hook_switch(shim_host *h) {
    unsigned char inside[LOOKED_AT] = {0}, outside[LOOKED_AT];
    h->hook_probe = inside;
    lua_State *probe = lua_newthread(h->main);
    lua_sethook(probe, note_state, LUA_MASKCALL, 0);
    lua_pushcfunction(probe, nothing);
    lua_call(probe, 0, 0);
    memcpy(outside, (const char *)probe, LOOKED_AT);
    lua_pop(h->main, 1);
    h->hook_probe = NULL;
    for (size_t i = 0; i < LOOKED_AT; i++) {
        if (inside[i] == outside[i]) continue;
        if (h->hook_switch != 0 || inside[i] != 0 || outside[i] != 1) {
            h->hook_switch = 0;
            return;
        }
        h->hook_switch = i;
    }
}

/*
 * Lua turns hooks off while one runs, and on again where its error is caught. Before that the message handler has been
 * called, and a coroutine that ends by the error keeps them off: what loops then could not be ended.
 */
void shim_allow_hooks(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->hook_switch == 0) h->hooks_off = true; else ((unsigned char *)L)[h->hook_switch] = 1;
}

/* At the next instruction, or the next call of a C function: a function of C may call others in a loop. */
void shim_watchdog_arm(shim_host *h) { lua_sethook(h->frame->L, hook, LUA_MASKCOUNT | LUA_MASKCALL, 1); }

void shim_watchdog_look(shim_host *h) {
    uint64_t now = shim_monotonic_now();
    bool stops = atomic_load(&h->stop_requested_at) != 0;
    /* While the host opens something the alarm goes on: the task is looked at when it runs again. */
    if (h->frame == NULL || h->set_ups > 0 || (now < h->next_check && !stops)) return;
    lua_Hook own = lua_gethook(h->frame->L);
    /* Once is enough, and to arm takes as long as the stack is deep: repeated, the task would come to nothing else. */
    if (own == hook) return;
    /* A hook that the program has set (debug.sethook) gives way only to the end of its task. */
    bool ends = stops || h->kill != SHIM_KILL_NONE ||
                (h->limits.burst_nanoseconds != 0 && now - h->burst_start >= h->limits.burst_nanoseconds);
    if (own == NULL || ends) shim_watchdog_arm(h);
}

__LJMP void shim_watchdog_check(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->frame != NULL && is_over(L, h)) shim_raise_kill(L);
}

bool shim_is_over(lua_State *L) {
    shim_host *h = shim_host_of(L);
    return h->frame != NULL && is_over(L, h);
}

static void set_first_check(shim_host *h, uint64_t now) {
    h->warned = false;
    uint64_t first = h->limits.burst_nanoseconds;
    if (h->limits.warn_nanoseconds != 0 && (first == 0 || h->limits.warn_nanoseconds < first)) {
        first = h->limits.warn_nanoseconds;
    }
    atomic_store_explicit(&h->next_check, first == 0 ? UINT64_MAX : now + first, memory_order_relaxed);
}

void shim_watchdog_begin(shim_host *h) {
    uint64_t now = shim_monotonic_now();
    set_first_check(h, now);
    if (h->kill == SHIM_KILL_NONE) h->kill_grace = 0;
    shim_alarm_begin(h, now);
}

void shim_watchdog_end(shim_host *h) { shim_alarm_end(h); }

void shim_forgive_time(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->frame == NULL || h->kill != SHIM_KILL_NONE) return;
    uint64_t now = shim_monotonic_now();
    h->burst_start = now;
    set_first_check(h, now);
}

void shim_kill(lua_State *L, int reason) {
    shim_host *h = shim_host_of(L);
    if (h->kill != SHIM_KILL_NONE) return;
    h->kill = reason;
    h->kill_grace = 0;
    if (h->frame != NULL) shim_watchdog_arm(h);
}

int shim_kill_reason(lua_State *L) {
    shim_host *h = shim_host_of(L);
    int reason = h->kill;
    h->kill = SHIM_KILL_NONE;
    return reason;
}

__LJMP int shim_raise_kill(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->kill_grace == 0) {
        h->kill_grace = shim_monotonic_now() + h->closers_nanoseconds;
        h->next_check = h->kill_grace;
    }
    switch (h->kill) {
    case SHIM_KILL_TIME:
        shim_where(L, 0);
        shim_push_running(L);
        lua_pushfstring(L, "the task ran for %d ms without a wait and was ended%s%s",
                        (int)(h->limits.burst_nanoseconds / 1000000), lua_tostring(L, -1)[0] == '\0' ? "" : " in ",
                        lua_tostring(L, -1));
        lua_remove(L, -2);
        break;
    case SHIM_KILL_NESTING:
        shim_where(L, 0);
        lua_pushliteral(L, "coroutine.close is nested too deep; the task was ended");
        break;
    default:
        lua_pushliteral(L, "");
        lua_pushliteral(L, "the task was cancelled");
        break;
    }
    lua_concat(L, 2);
    return lua_error(L);
}
