/*
 * Table functions with bounds. Lua's own loop in C from an index to another, where no hook interrupts them: over a
 * table whose __len lies, over absent elements, or over strings of which each comparison reads megabytes. These here
 * have a bound in elements, and look at the time as they go.
 */
#include "internal.h"

/* Elements that one call may handle: of a plain table, and of one whose metamethods may be C functions. */
#define MOST_PLAIN 10000000
#define MOST_GUARDED 1000000

/* Steps after which a loop looks at the time: some 20 microseconds. */
#define STEPS_BETWEEN_LOOKS 1024
/* Bytes of a string that are handled in the time of one step. */
#define BYTES_IN_A_STEP 256

/* Counts the steps of a loop, and ends the task when it has run too long. */
static inline __LJMP void spend(lua_State *L, size_t *spent, size_t steps) {
    *spent += steps;
    if (*spent < STEPS_BETWEEN_LOOKS) return;
    *spent = 0;
    shim_watchdog_check(L);
}

/* Raises when the elements from first to last of the table at index 1 are too many for one call. */
static __LJMP void check_count(lua_State *L, const char *function, lua_Integer first, lua_Integer last) {
    if (last < first) return;
    int most = MOST_PLAIN;
    if (lua_getmetatable(L, 1)) {
        lua_pop(L, 1);
        most = MOST_GUARDED;
    }
    if ((lua_Unsigned)last - (lua_Unsigned)first >= (lua_Unsigned)most) {
        shim_raise_fault(L, "ValueError", "table.%s: at most %d elements at once", function, most);
    }
}

/* ---- insert, remove, move ---- */

static __LJMP int table_insert(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer end = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1);
    lua_Integer position = end;
    size_t spent = 0;
    switch (lua_gettop(L)) {
    case 2:
        break;
    case 3:
        position = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)position - 1 < (lua_Unsigned)end, 2, "position out of bounds");
        check_count(L, "insert", position, end);
        for (lua_Integer i = end; i > position; i--) {
            lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
            spend(L, &spent, 1);
        }
        break;
    default:
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, position);
    return 0;
}

static __LJMP int table_remove(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer size = luaL_len(L, 1);
    lua_Integer position = luaL_optinteger(L, 2, size);
    size_t spent = 0;
    if (lua_gettop(L) >= 2) {
        luaL_argcheck(L, position == size || (lua_Unsigned)position - 1 <= (lua_Unsigned)size, 2,
                      "position out of bounds");
    }
    check_count(L, "remove", position, size);
    lua_geti(L, 1, position);
    for (; position < size; position++) {
        lua_geti(L, 1, position + 1);
        lua_seti(L, 1, position);
        spend(L, &spent, 1);
    }
    lua_pushnil(L);
    lua_seti(L, 1, position);
    return 1;
}

/* Raises unless the value at index is a table, or behaves as one in reading or writing. */
static __LJMP void check_table(lua_State *L, int index, const char *metamethod) {
    if (lua_type(L, index) == LUA_TTABLE) return;
    if (luaL_getmetafield(L, index, metamethod) == LUA_TNIL) luaL_checktype(L, index, LUA_TTABLE);
    lua_pop(L, 1);
}

static __LJMP int table_move(lua_State *L) {
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    check_table(L, 1, "__index");
    check_table(L, target, "__newindex");
    check_count(L, "move", first, last);
    if (last >= first) {
        lua_Integer count = last - first + 1; /* check_count has bounded it */
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool overlaps = to > first && to <= last && (target == 1 || lua_compare(L, 1, target, LUA_OPEQ));
        size_t spent = 0;
        for (lua_Integer n = 0; n < count; n++) {
            lua_Integer i = overlaps ? count - 1 - n : n;
            lua_geti(L, 1, first + i);
            lua_seti(L, target, to + i);
            spend(L, &spent, 1);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

/* ---- concat ---- */

static __LJMP int table_concat(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t separator_length, length, spent = 0;
    const char *separator = luaL_optlstring(L, 2, "", &separator_length);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
    check_count(L, "concat", first, last);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (lua_Integer i = first; i <= last; i++) {
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1)) {
            return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1),
                              (LUAI_UACINT)i);
        }
        lua_tolstring(L, -1, &length);
        luaL_addvalue(&text);
        if (i == last) break; /* i + 1 may not exist */
        luaL_addlstring(&text, separator, separator_length);
        spend(L, &spent, 1 + (length + separator_length) / BYTES_IN_A_STEP);
    }
    luaL_pushresult(&text);
    return 1;
}

/* ---- sort: quicksort in place, so that an error or the end of the task loses no element ---- */

/* A part that is this many times smaller than its whole makes the next pivots come from anywhere. */
#define UNBALANCED 128

typedef struct sorting {
    lua_State *L;
    int table;          /* a plain one */
    bool has_function;  /* at index 2 */
    size_t spent;
    uint64_t random;
} sorting;

/* Whether the value at index a comes before the one at b; both are relative to the top. */
static __LJMP bool comes_before(sorting *s, int a, int b) {
    lua_State *L = s->L;
    if (s->has_function) {
        lua_pushvalue(L, 2);
        lua_pushvalue(L, a - 1);
        lua_pushvalue(L, b - 2);
        lua_call(L, 2, 1);
        bool before = lua_toboolean(L, -1);
        lua_pop(L, 1);
        spend(L, &s->spent, 1);
        return before;
    }
    size_t steps = 1;
    if (lua_type(L, a) == LUA_TSTRING && lua_type(L, b) == LUA_TSTRING) {
        size_t length = lua_rawlen(L, a), other = lua_rawlen(L, b);
        steps += (length < other ? length : other) / BYTES_IN_A_STEP;
    }
    bool before = lua_compare(L, a, b, LUA_OPLT);
    spend(L, &s->spent, steps);
    return before;
}

/* Puts the elements at two places in order. Returns whether they were swapped. */
static __LJMP bool put_in_order(sorting *s, lua_Integer low, lua_Integer high) {
    lua_rawgeti(s->L, s->table, low);
    lua_rawgeti(s->L, s->table, high);
    if (!comes_before(s, -1, -2)) {
        lua_pop(s->L, 2);
        return false;
    }
    lua_rawseti(s->L, s->table, low);
    lua_rawseti(s->L, s->table, high);
    return true;
}

static __LJMP void raise_invalid_order(lua_State *L) { luaL_error(L, "invalid order function for sorting"); }

/* Parts the elements between low and high around the one at high - 1, and returns where that one belongs. */
static __LJMP lua_Integer part(sorting *s, lua_Integer low, lua_Integer high) {
    lua_State *L = s->L;
    lua_Integer i = low, j = high - 1;
    lua_rawgeti(L, s->table, high - 1); /* the pivot */
    for (;;) {
        while (lua_rawgeti(L, s->table, ++i), comes_before(s, -1, -2)) {
            if (i == high - 1) raise_invalid_order(L);
            lua_pop(L, 1);
        }
        while (lua_rawgeti(L, s->table, --j), comes_before(s, -3, -1)) {
            if (j < i) raise_invalid_order(L);
            lua_pop(L, 1);
        }
        if (j < i) break;
        lua_rawseti(L, s->table, i); /* with a[i] and a[j] on the stack: each goes to the other's place */
        lua_rawseti(L, s->table, j);
    }
    lua_pop(L, 1);
    lua_rawseti(L, s->table, high - 1); /* a[i]; the pivot is on top now */
    lua_rawseti(L, s->table, i);
    return i;
}

static __LJMP void sort_part(sorting *s, lua_Integer low, lua_Integer high) {
    bool is_unbalanced = false;
    while (low < high) {
        put_in_order(s, low, high);
        if (high - low == 1) return;
        lua_Integer middle = low + (high - low) / 2;
        if (is_unbalanced) {
            s->random = s->random * 6364136223846793005u + 1442695040888963407u;
            middle = low + 1 + (lua_Integer)((s->random >> 33) % (uint64_t)(high - low - 1));
        }
        if (!put_in_order(s, low, middle)) put_in_order(s, middle, high);
        if (high - low == 2) return;
        lua_rawgeti(s->L, s->table, middle);
        lua_rawgeti(s->L, s->table, high - 1);
        lua_rawseti(s->L, s->table, middle);
        lua_rawseti(s->L, s->table, high - 1);
        lua_Integer size = high - low, pivot = part(s, low, high), smaller;
        /* The smaller part by a call, the larger one by the loop: so the calls nest no deeper than its logarithm. */
        if (pivot - low < high - pivot) {
            sort_part(s, low, pivot - 1);
            smaller = pivot - low;
            low = pivot + 1;
        } else {
            sort_part(s, pivot + 1, high);
            smaller = high - pivot;
            high = pivot - 1;
        }
        is_unbalanced = smaller < size / UNBALANCED;
    }
}

static __LJMP int table_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    size_t spent = 0;
    lua_Integer count = luaL_len(L, 1);
    check_count(L, "sort", 1, count);
    /* A table with a metatable is sorted as a copy, since its elements may be functions' results. */
    bool is_copied = lua_getmetatable(L, 1);
    lua_settop(L, 2);
    if (is_copied) {
        lua_newtable(L);
        for (lua_Integer i = 1; i <= count; i++) {
            lua_geti(L, 1, i);
            /* A hole would make the copy shorter, and is no value that can be compared by '<'. */
            if (lua_isnil(L, -1)) return luaL_error(L, "table.sort: element %d is nil", (int)i);
            lua_rawseti(L, 3, i);
            spend(L, &spent, 1);
        }
    }
    sorting s = {L, is_copied ? 3 : 1, !lua_isnil(L, 2), 0, (uint64_t)count};
    sort_part(&s, 1, count);
    for (lua_Integer i = 1; is_copied && i <= count; i++) {
        lua_rawgeti(L, 3, i);
        lua_seti(L, 1, i);
        spend(L, &spent, 1);
    }
    return 0;
}

__LJMP void shim_open_tables(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"insert", table_insert},
        {"remove", table_remove},
        {"concat", table_concat},
        {"sort", table_sort},
        {"move", table_move},
        {NULL, NULL},
    };
    lua_getglobal(L, LUA_TABLIBNAME);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
