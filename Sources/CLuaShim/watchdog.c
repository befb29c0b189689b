/*
 * The watchdog: a count hook that every thread inherits from the main one. A task that does not wait for a while is
 * reported, then ended. The end is sticky: pcall, xpcall, coroutine.resume and wrap pass it on (see base.c
 * and coroutines.c), so a program cannot swallow it.
 */
#include "internal.h"

#include <time.h>

/* A hook costs the same whatever its count, because any hook makes the VM trace; this bounds the clock readings. */
#define HOOK_INSTRUCTIONS 4096

/* How long to-be-closed variables may go on after the task was ended. */
#define CLOSERS_NANOSECONDS 50000000ull

static uint64_t monotonic_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Whether the task on L has to end now. */
static bool is_over(lua_State *L, shim_host *h) {
    uint64_t now = monotonic_now();
    if (h->kill != SHIM_KILL_NONE) return now >= h->kill_grace;
    if (now < h->next_check) return false;
    uint64_t elapsed = now - h->burst_start;
    if (h->limits.burst_nanoseconds != 0 && elapsed >= h->limits.burst_nanoseconds) {
        h->kill = SHIM_KILL_TIME;
        return true;
    }
    if (h->limits.warn_nanoseconds != 0 && !h->warned && elapsed >= h->limits.warn_nanoseconds) {
        h->warned = true;
        h->depth++;
        h->callbacks.slow(h->callbacks.context, L, elapsed);
        h->depth--;
    }
    h->next_check = h->limits.burst_nanoseconds != 0 ? h->burst_start + h->limits.burst_nanoseconds : UINT64_MAX;
    return false;
}

static __LJMP void hook(lua_State *L, lua_Debug *ar) {
    (void)ar;
    shim_host *h = shim_host_of(L);
    if (!is_over(L, h)) return;
    h->hooks_off = true;
    shim_raise_kill(L);
}

__LJMP void shim_watchdog_check(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->frame != NULL && is_over(L, h)) shim_raise_kill(L);
}

void shim_watchdog_install(shim_host *h) { lua_sethook(h->main, hook, LUA_MASKCOUNT, HOOK_INSTRUCTIONS); }

void shim_watchdog_begin(shim_host *h) {
    h->burst_start = monotonic_now();
    h->warned = false;
    uint64_t first = h->limits.burst_nanoseconds;
    if (h->limits.warn_nanoseconds != 0 && (first == 0 || h->limits.warn_nanoseconds < first)) {
        first = h->limits.warn_nanoseconds;
    }
    h->next_check = first == 0 ? UINT64_MAX : h->burst_start + first;
    if (h->kill == SHIM_KILL_NONE) h->kill_grace = 0;
}

void shim_kill(lua_State *L, int reason) {
    shim_host *h = shim_host_of(L);
    if (h->kill == SHIM_KILL_NONE) {
        h->kill = reason;
        h->kill_grace = 0;
    }
}

int shim_kill_reason(lua_State *L) {
    shim_host *h = shim_host_of(L);
    int reason = h->kill;
    h->kill = SHIM_KILL_NONE;
    return reason;
}

__LJMP int shim_raise_kill(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->kill_grace == 0) h->kill_grace = monotonic_now() + CLOSERS_NANOSECONDS;
    switch (h->kill) {
    case SHIM_KILL_TIME:
        shim_where(L, 0);
        lua_pushfstring(L, "the task ran for %d ms without a wait and was ended",
                        (int)(h->limits.burst_nanoseconds / 1000000));
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
