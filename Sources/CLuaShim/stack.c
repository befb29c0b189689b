/*
 * How deep the stack of a coroutine may get. Lua's own limit is a million values. A chain of __call, which may be a circle,
 * shifts all of them once for each link, in C, where no hook comes: that takes minutes. So there are two lower limits.
 *
 *   SHIM_STACK_LIMIT   a stack that doubles beyond it gets an error at the next instruction, as at Lua's own limit.
 *   after that         a stack that doubles once more before an instruction, or is larger than HARD_LIMIT, gets no memory:
 *                      that ends a chain, in about a second.
 *
 * Between them there is room for the finalizers that the collector calls, whatever the program was just doing. Lua doubles
 * a stack when calls nest, and makes it as large as it must be when one call pushes many values, as string.byte does: only
 * the former is refused, as in the latter there is no room for a chain.
 *
 * Lua says nowhere which block is a stack, and how much of it is used. Where a lua_State keeps both is found out at the
 * start, on a coroutine whose stack is known.
 */
#include "internal.h"

#define HARD_LIMIT 50000

/* The most values that a function needs, and some for its arguments: a stack that doubles was full but for so many. */
#define LARGEST_FRAME 512

/* The bytes of a value on a stack, and the values that Lua keeps in reserve behind the end of each stack. */
#define VALUE_BYTES (2 * sizeof(void *))
#define RESERVED_VALUES 5
_Static_assert(SHIM_STACK_NOTICE_BYTES == (SHIM_STACK_LIMIT + RESERVED_VALUES) * VALUE_BYTES, "size of a stack");

static char *address_at(const lua_State *L, size_t field) { return *(char *const *)((const char *)L + field); }

/* Where a lua_State has this address; 0: nowhere near its beginning. */
static size_t field_with(const lua_State *L, const char *address) {
    for (size_t field = sizeof(void *); field < 16 * sizeof(void *); field += sizeof(void *)) {
        if (address_at(L, field) == address) return field;
    }
    return 0;
}

/* What was allocated last while the fields are looked for. */
typedef struct allocation_note {
    shim_host *host;
    char *block;
    size_t bytes;
} allocation_note;

static void *noting_allocate(void *ud, void *block, size_t kind_or_size, size_t new_size) {
    allocation_note *note = ud;
    void *result = shim_allocate(note->host, block, kind_or_size, new_size);
    if (new_size > 0) {
        note->block = result;
        note->bytes = new_size;
    }
    return result;
}

void shim_find_stack(shim_host *h) {
    enum { MORE_VALUES = 2000 }; /* than a new coroutine has: its stack is the block that is allocated last */
    allocation_note note = {h, NULL, 0};
    lua_State *probe = lua_newthread(h->main);
    lua_setallocf(h->main, noting_allocate, &note);
    bool has_grown = lua_checkstack(probe, MORE_VALUES);
    lua_setallocf(h->main, shim_allocate, h);
    if (has_grown) {
        char *stack = note.block;
        char *end = stack + note.bytes - RESERVED_VALUES * VALUE_BYTES;
        h->stack_end_field = field_with(probe, end);
        h->stack_top_field = field_with(probe, stack + VALUE_BYTES); /* one value, the function, is there always */
        if (h->stack_end_field != 0 && h->stack_top_field != 0) h->stack_field = field_with(probe, stack);
    }
    lua_pop(h->main, 1);
}

bool shim_may_grow(shim_host *h, const void *block, size_t kind_or_size, size_t new_size) {
    if (h->stack_field == 0 || h->frame == NULL) return true;
    const lua_State *L = h->frame->L;
    const char *stack = address_at(L, h->stack_field);
    /* 5.4.4 makes a new block for a stack, with 0 as the kind of object; other releases let the old one grow. */
    if (block != stack && (block != NULL || kind_or_size != 0)) return true;
    size_t size = (size_t)(address_at(L, h->stack_end_field) - stack) / VALUE_BYTES;
    size_t used = (size_t)(address_at(L, h->stack_top_field) - stack) / VALUE_BYTES;
    size_t doubled = 2 * size < LUAI_MAXSTACK ? 2 * size : LUAI_MAXSTACK;
    if (new_size != (doubled + RESERVED_VALUES) * VALUE_BYTES) return true;
    /* A finalizer that ran before it grows has let it grow already; Lua does not look again. */
    if (used + LARGEST_FRAME < size) return true;
    /* One that has grown already, and nobody has looked at since, is in a chain. */
    if (h->overflowed != 0 || size > HARD_LIMIT) {
        h->refused_stack = true;
        return false;
    }
    h->overflowed = size - LARGEST_FRAME;
    shim_watchdog_arm(h);
    return true;
}

__LJMP void shim_check_stack(lua_State *L) {
    shim_host *h = shim_host_of(L);
    size_t depth = h->overflowed;
    if (depth == 0) return;
    h->overflowed = 0;
    /* A call that pushed many values may have left it long ago. */
    if (address_at(L, h->stack_top_field) - address_at(L, h->stack_field) < (ptrdiff_t)(depth * VALUE_BYTES)) return;
    shim_allow_hooks(L);
    shim_where(L, 0);
    lua_pushliteral(L, "stack overflow: calls are nested too deep");
    lua_concat(L, 2);
    lua_error(L);
}
