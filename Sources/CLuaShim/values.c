/* Safe twins of the Lua API for Swift: plain moves of values, none of which runs a metamethod. */
#include "internal.h"

bool shim_reserve(lua_State *L, int slots) { return lua_checkstack(L, slots) != 0; }
int shim_top(lua_State *L) { return lua_gettop(L); }
void shim_set_top(lua_State *L, int index) { lua_settop(L, index); } /* Swift never marks a slot to be closed */
void shim_pop(lua_State *L, int count) { lua_pop(L, count); }
void shim_push_value(lua_State *L, int index) { lua_pushvalue(L, index); }
void shim_insert(lua_State *L, int index) { lua_insert(L, index); }
void shim_remove(lua_State *L, int index) { lua_remove(L, index); }
void shim_replace(lua_State *L, int index) { lua_replace(L, index); }
void shim_move(lua_State *from, lua_State *to, int count) { lua_xmove(from, to, count); }

int shim_type(lua_State *L, int index) { return lua_type(L, index); }
bool shim_to_boolean(lua_State *L, int index) { return lua_toboolean(L, index); }

int64_t shim_to_integer(lua_State *L, int index, bool *ok) {
    int is = 0;
    lua_Integer value = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &is) : 0;
    *ok = is != 0;
    return value;
}

bool shim_is_integer(lua_State *L, int index) {
    return lua_isinteger(L, index);
}

double shim_to_number(lua_State *L, int index, bool *ok) {
    *ok = lua_type(L, index) == LUA_TNUMBER;
    return *ok ? lua_tonumber(L, index) : 0;
}

const char *shim_to_bytes(lua_State *L, int index, size_t *length) {
    /* lua_tolstring would convert a number in place, which allocates and confuses iteration. */
    if (lua_type(L, index) != LUA_TSTRING) return NULL;
    return lua_tolstring(L, index, length);
}

size_t shim_raw_length(lua_State *L, int index) { return lua_rawlen(L, index); }

bool shim_is_callable(lua_State *L, int index) {
    if (lua_type(L, index) == LUA_TFUNCTION) return true;
    if (!lua_getmetatable(L, index)) return false;
    lua_pushstring(L, "__call");
    bool callable = lua_rawget(L, -2) == LUA_TFUNCTION;
    lua_pop(L, 2);
    return callable;
}

const void *shim_identity(lua_State *L, int index) {
    int type = lua_type(L, index);
    return type == LUA_TTABLE || type == LUA_TUSERDATA ? lua_topointer(L, index) : NULL;
}

void shim_push_nil(lua_State *L) { lua_pushnil(L); }
void shim_push_boolean(lua_State *L, bool value) { lua_pushboolean(L, value); }
void shim_push_integer(lua_State *L, int64_t value) { lua_pushinteger(L, value); }
void shim_push_number(lua_State *L, double value) { lua_pushnumber(L, value); }
void shim_push_bytes(lua_State *L, const char *bytes, size_t length) { lua_pushlstring(L, bytes, length); }
void shim_push_table(lua_State *L, int array, int fields) { lua_createtable(L, array, fields); }

int shim_raw_get_index(lua_State *L, int table, int64_t n) { return lua_rawgeti(L, table, n); }

int shim_raw_get_name(lua_State *L, int table, const char *name, size_t length) {
    table = lua_absindex(L, table);
    lua_pushlstring(L, name, length);
    return lua_rawget(L, table);
}

void shim_raw_set_index(lua_State *L, int table, int64_t n) { lua_rawseti(L, table, n); }

void shim_raw_set(lua_State *L, int table) { lua_rawset(L, table); }

void shim_raw_set_name(lua_State *L, int table, const char *name, size_t length) {
    table = lua_absindex(L, table);
    lua_pushlstring(L, name, length);
    lua_insert(L, -2);
    lua_rawset(L, table);
}

bool shim_next(lua_State *L, int table) { return lua_next(L, table) != 0; }

int32_t shim_reference(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }
void shim_push_reference(lua_State *L, int32_t reference) { lua_rawgeti(L, LUA_REGISTRYINDEX, reference); }
void shim_drop_reference(lua_State *L, int32_t reference) { luaL_unref(L, LUA_REGISTRYINDEX, reference); }
void shim_push_globals(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); }
void shim_push_main_table(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_internals); }

void shim_set_environment(lua_State *L) {
    if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
}

static __LJMP int to_text(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

void shim_to_text(lua_State *L, int index) {
    if (lua_type(L, index) == LUA_TSTRING) {
        lua_pushvalue(L, index);
        return;
    }
    index = lua_absindex(L, index);
    lua_pushcfunction(L, to_text);
    lua_pushvalue(L, index);
    if (shim_call(L, 1, 1) == LUA_OK && lua_type(L, -1) == LUA_TSTRING) return;
    lua_pop(L, 1);
    lua_pushstring(L, luaL_typename(L, index));
}

int shim_call(lua_State *L, int arguments, int results) {
    shim_host *h = shim_host_of(L);
    shim_frame frame = {L, false, h->frame};
    int depth = h->depth;
    bool hooks_off = h->hooks_off; /* of the task that ended last: its message may be what is asked for here */
    bool is_outermost = h->frame == NULL;
    h->frame = &frame; /* before the burst begins: when a stop is asked for already, its hook goes there at once */
    if (h->set_ups == 0) h->depth = 0; /* what the host opens has its memory */
    if (is_outermost) shim_watchdog_begin(h);
    int status = lua_pcall(L, arguments, results, 0);
    h->depth = depth;
    h->frame = frame.outer;
    h->hooks_off = hooks_off;
    if (is_outermost) {
        shim_watchdog_end(h);
        h->kill = SHIM_KILL_NONE; /* it ended this call, and nothing else runs */
    }
    return status;
}
