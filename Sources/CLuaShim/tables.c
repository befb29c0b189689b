/*
 * Table functions with bounds. Lua's own loop in C from an index to another, where no hook interrupts them: over a
 * table whose __len lies, or over absent elements, for years.
 */
#include "internal.h"

/* Elements that one call may handle: of a plain table, and of one whose metamethods may be C functions. */
#define MOST_PLAIN 10000000
#define MOST_GUARDED 1000000

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

static __LJMP int table_insert(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer end = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1);
    lua_Integer position = end;
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
    if (lua_gettop(L) >= 2) {
        luaL_argcheck(L, position == size || (lua_Unsigned)position - 1 <= (lua_Unsigned)size, 2,
                      "position out of bounds");
    }
    check_count(L, "remove", position, size);
    lua_geti(L, 1, position);
    for (; position < size; position++) {
        lua_geti(L, 1, position + 1);
        lua_seti(L, 1, position);
    }
    lua_pushnil(L);
    lua_seti(L, 1, position);
    return 1;
}

/* upvalue: the stock table.concat, which gets both ends so that it does not ask for the length itself. */
static __LJMP int table_concat(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
    check_count(L, "concat", first, last);
    lua_settop(L, 2);
    lua_pushinteger(L, first);
    lua_pushinteger(L, last);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 4, 1);
    return 1;
}

/* upvalue: the stock table.sort. It would ask a metatable for the length, so it gets a plain copy then. */
static __LJMP int table_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_Integer count = 0;
    bool copied = lua_getmetatable(L, 1);
    if (copied) {
        count = luaL_len(L, 1);
        check_count(L, "sort", 1, count);
        lua_settop(L, 2);
        lua_newtable(L);
        for (lua_Integer i = 1; i <= count; i++) {
            lua_geti(L, 1, i);
            /* A hole would make the copy shorter, and is no value that can be compared by '<'. */
            if (lua_isnil(L, -1)) return luaL_error(L, "table.sort: element %d is nil", (int)i);
            lua_rawseti(L, 3, i);
        }
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 0);
    for (lua_Integer i = 1; copied && i <= count; i++) {
        lua_rawgeti(L, 3, i);
        lua_seti(L, 1, i);
    }
    return 0;
}

/* upvalue: the stock table.move */
static __LJMP int table_move(lua_State *L) {
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    luaL_checkinteger(L, 4);
    check_count(L, "move", first, last);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
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
    for (const luaL_Reg *function = functions; function->name != NULL; function++) {
        lua_getfield(L, -1, function->name);
        lua_pushcclosure(L, function->func, 1);
        lua_setfield(L, -2, function->name);
    }
    lua_pop(L, 1);
}
