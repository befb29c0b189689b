/*
 * The pace of the collector. By itself Lua collects whenever a program holds twice what it kept the last time. Every state
 * begins with the same few hundred KiB, so that one that keeps little more would mark all of them again for each ten pieces
 * of 64 KiB that it receives. Hence a cycle begins no sooner than after FLOOR bytes.
 *
 * How much is kept is known when a cycle ends. A userdata that nothing refers to is finalized then, each time anew; but
 * Lua takes no orders inside of a finalizer, so the next cycle is put off behind the task.
 */
#include "internal.h"

#include <limits.h>

/* With a memory limit at most this part of it: what grows a buffer of Lua's does not collect before it gives up. */
#define FLOOR ((size_t)4 << 20)
#define FLOOR_OF_LIMIT 16

static __LJMP int cycle_ended(lua_State *L) {
    shim_host *h = shim_host_of(L);
    if (h->shutting) return 0;
    h->kept = h->used;
    h->cycle_ended = true;
    if (lua_getmetatable(L, 1)) lua_setmetatable(L, 1); /* to be finalized again */
    return 0;
}

void shim_put_cycle_off(shim_host *h) {
    h->cycle_ended = false;
    size_t floor = FLOOR;
    if (h->limits.memory_bytes != 0 && floor > h->limits.memory_bytes / FLOOR_OF_LIMIT) {
        floor = h->limits.memory_bytes / FLOOR_OF_LIMIT;
    }
    if (h->kept >= floor) return;
    /* A step of n KiB is a cycle that is nearer by so many; Lua waits for as much as is kept in any case. */
    lua_gc(h->main, LUA_GCSTEP, -(int)((floor - h->kept) >> 10));
}

void shim_pace_held(shim_host *h) {
    size_t kilobytes = h->unpaced >> 10;
    h->unpaced = 0;
    if (h->shutting) return;
    h->depth++; /* the caller is the host: nothing is refused to it */
    if (h->limits.memory_bytes != 0 && h->used + h->held > h->limits.memory_bytes) {
        /* What is garbage goes before the program is refused anything: an emergency's collection would leave the
           host's objects where they are. */
        lua_gc(h->main, LUA_GCCOLLECT);
    } else {
        lua_gc(h->main, LUA_GCSTEP, (int)(kilobytes < INT_MAX ? kilobytes : INT_MAX));
    }
    h->depth--;
}

__LJMP void shim_open_collector(lua_State *L) {
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, cycle_ended);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}
