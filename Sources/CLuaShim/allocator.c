/*
 * Memory: a limit that binds while the VM runs and not inside the host.
 *
 * A refused allocation makes Lua raise, which is a longjmp. Refusing only while `depth` is 0, that is while bytecode
 * or a C function of the VM is running under lua_resume, keeps every allocating call of Swift safe without protection.
 * The host may overshoot; the next allocation of the program is refused then.
 *
 * What the host's objects hold for the program (`held`) counts as its memory, too.
 *
 * A coroutine's stack has limits of its own, see stack.c.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
    abort();
}

/*
 * Lua's records of calls under way come from a small spare beyond the limit. Else the finalizer of a host object that the
 * collector calls in the middle of an allocation could fail for want of one, and the object would be lost.
 */
#define FRAME_BYTES 128
#define SPARE_BYTES ((size_t)64 << 10)

/* Programs ask for sizes that no sum can hold. */
static bool has_room(const shim_host *h, size_t more, size_t limit) {
    size_t taken = h->used + h->held;
    return taken <= limit && more <= limit - taken;
}

void *shim_allocate(void *ud, void *block, size_t kind_or_size, size_t new_size) {
    shim_host *h = ud;
    size_t old_size = block == NULL ? 0 : kind_or_size; /* Lua passes the kind of object for a new block */
    if (new_size == 0) {
        h->used -= old_size;
        free(block);
        return NULL;
    }
    if (new_size > old_size && h->depth == 0) {
        bool over = h->limits.memory_bytes != 0 && !has_room(h, new_size - old_size, h->limits.memory_bytes);
        if (new_size > SHIM_STACK_NOTICE_BYTES && !shim_may_grow(h, block, kind_or_size, new_size)) return NULL;
        if (over && block == NULL && kind_or_size == 0 && new_size <= FRAME_BYTES) {
            over = !has_room(h, new_size, h->limits.memory_bytes + SPARE_BYTES);
        }
        bool chosen = h->refuse_retry || (h->refusal_countdown != 0 && --h->refusal_countdown == 0);
        if (chosen) h->refuse_retry = !h->refuse_retry;
        if (over || chosen) {
            h->refused = true;
            return NULL;
        }
    }
    void *result = realloc(block, new_size);
    if (result == NULL) {
        /* Shrinking may not fail for Lua, and in the host a NULL would become a jump over Swift. */
        if (new_size <= old_size) return block;
        if (h->depth > 0) die("lectern: the system is out of memory\n");
        h->refused = true;
        return NULL;
    }
    h->used += new_size - old_size;
    return result;
}

int shim_panic(lua_State *L) {
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "(no message)";
    const char *prefix = "lectern: an unprotected Lua error reached the host; this is a bug in Lectern: ";
    ssize_t ignored = write(STDERR_FILENO, prefix, strlen(prefix));
    ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
    die("\n");
    return 0;
}

size_t shim_used_bytes(lua_State *L) { return shim_host_of(L)->used; }
size_t shim_memory_limit(lua_State *L) { return shim_host_of(L)->limits.memory_bytes; }
void shim_set_memory_limit(lua_State *L, size_t bytes) { shim_host_of(L)->limits.memory_bytes = bytes; }
void shim_refuse_allocation(lua_State *L, uint64_t n) { shim_host_of(L)->refusal_countdown = n; }

int shim_take_refusal(lua_State *L) {
    shim_host *h = shim_host_of(L);
    int refusal = h->refused ? SHIM_REFUSED_MEMORY : h->refused_stack ? SHIM_REFUSED_STACK : SHIM_REFUSED_NOTHING;
    h->refused = h->refused_stack = false;
    return refusal;
}

void shim_collect(lua_State *L) { lua_gc(L, LUA_GCCOLLECT); }

/* ---- what the host's objects hold ---- */

/* So many bytes more, and the collector is told. */
#define PACE ((size_t)64 << 10)

void shim_charge(lua_State *L, int64_t bytes) {
    shim_host *h = shim_host_of(L);
    if (bytes <= 0) {
        size_t less = (size_t)-bytes;
        h->held -= less < h->held ? less : h->held;
        return;
    }
    h->held += (size_t)bytes;
    h->unpaced += (size_t)bytes;
    if (h->unpaced >= PACE) shim_pace_held(h);
}

size_t shim_held_bytes(lua_State *L) { return shim_host_of(L)->held; }
