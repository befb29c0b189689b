/*
 * Memory: a limit that binds while the VM runs and not inside the host.
 *
 * A refused allocation makes Lua raise, which is a longjmp. Refusing only while `depth` is 0, that is while bytecode
 * or a C function of the VM is running under lua_resume, keeps every allocating call of Swift safe without protection.
 * The host may overshoot; the next allocation of the program is refused then.
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

void *shim_allocate(void *ud, void *block, size_t old_size, size_t new_size) {
    shim_host *h = ud;
    if (block == NULL) old_size = 0; /* Lua passes the kind of object here */
    if (new_size == 0) {
        h->used -= old_size;
        free(block);
        return NULL;
    }
    if (new_size > old_size && h->depth == 0) {
        bool over = h->limits.memory_bytes != 0 && h->used + (new_size - old_size) > h->limits.memory_bytes;
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

bool shim_take_refusal(lua_State *L) {
    shim_host *h = shim_host_of(L);
    bool refused = h->refused;
    h->refused = false;
    return refused;
}

void shim_collect(lua_State *L) { lua_gc(L, LUA_GCCOLLECT); }
