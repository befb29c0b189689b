/* The library `json` of programs: its functions with their arguments, and the values that say what a table cannot. */
#include "json.h"

#include "byte_methods.h"

static const char key_array, key_object, key_null;

/* Spaces of one step of indentation. */
#define MOST_INDENT 16

bool shim_is_json_mark(lua_State *L, int index) {
    const void *mark = lua_topointer(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key_array);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key_object);
    bool is = mark == lua_topointer(L, -1) || mark == lua_topointer(L, -2);
    lua_pop(L, 2);
    return is;
}

/* ---- for the host: never raise ---- */

/* Whether the value at index is what the registry has at the key. */
static bool is_registered(lua_State *L, int index, const char *key) {
    const void *value = lua_topointer(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    bool is = value != NULL && value == lua_topointer(L, -1);
    lua_pop(L, 1);
    return is;
}

int shim_table_kind(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) return SHIM_PLAIN_TABLE;
    int kind = is_registered(L, -1, &key_array) ? SHIM_JSON_ARRAY
             : is_registered(L, -1, &key_object) ? SHIM_JSON_OBJECT : SHIM_OTHER_TABLE;
    lua_pop(L, 1);
    return kind;
}

void shim_mark_json(lua_State *L, int kind) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, kind == SHIM_JSON_ARRAY ? &key_array : &key_object);
    lua_setmetatable(L, -2);
}

bool shim_is_json_null(lua_State *L, int index) {
    return lua_type(L, index) == LUA_TUSERDATA && is_registered(L, index, &key_null);
}

void shim_push_json_null(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &key_null); }

/* ---- arguments ---- */

static __LJMP void fail_for_argument(lua_State *L, const byte_declaration *d, int argument, const char *expected) {
    const char *name = argument == 1 ? d->own : d->parameters[argument - 2];
    if (lua_isnoneornil(L, argument)) {
        shim_raise_fault(L, "TypeError", "argument '%s' of %s is missing: it must be %s", name, d->name, expected);
    }
    if (lua_type(L, argument) == LUA_TSTRING && strncmp(expected, "one of", 6) == 0) {
        shim_raise_fault(L, "ValueError", "argument '%s' of %s must be %s, got '%s'", name, d->name, expected,
                         lua_tostring(L, argument));
    }
    shim_raise_fault(L, "TypeError", "argument '%s' of %s must be %s, got a %s", name, d->name, expected,
                     luaL_typename(L, argument));
}

/* Places arguments that are given by name, so that each parameter has its place on the stack. */
static __LJMP void take_arguments(lua_State *L, const byte_declaration *d, int least) {
    int top = lua_gettop(L), count = 0;
    if (top < least) shim_raise_fault(L, "TypeError", "argument '%s' of %s is missing", d->own, d->name);
    if (top > 1 && lua_istable(L, top)) { /* {} gives nothing by name */
        lua_pushnil(L);
        if (lua_next(L, top)) lua_pop(L, 2); else lua_settop(L, top - 1);
    }
    byte_place(L, d);
    while (d->parameters[count] != NULL) count++;
    lua_settop(L, 1 + count);
}

static __LJMP bool boolean_argument(lua_State *L, const byte_declaration *d, int argument, bool otherwise) {
    if (lua_isnil(L, argument)) return otherwise;
    if (!lua_isboolean(L, argument)) fail_for_argument(L, d, argument, "a boolean");
    return lua_toboolean(L, argument);
}

static __LJMP json_encoding encoding_argument(lua_State *L, const byte_declaration *d, int argument) {
    static const char *const names[] = {"utf-8", "latin-1", "bytes"};
    if (lua_isnil(L, argument)) return JSON_UTF_8;
    if (lua_type(L, argument) == LUA_TSTRING) {
        const char *given = lua_tostring(L, argument);
        for (int i = 0; i < 3; i++) {
            if (strcmp(given, names[i]) == 0) return (json_encoding)i;
        }
    }
    fail_for_argument(L, d, argument, "one of 'utf-8', 'latin-1', 'bytes'");
    return JSON_UTF_8;
}

/* ---- decode, loads ---- */

static __LJMP int read_text(lua_State *L, const byte_declaration *d) {
    take_arguments(L, d, 1);
    if (lua_type(L, 1) != LUA_TSTRING) fail_for_argument(L, d, 1, "a string");
    json_reading how = {d->name, encoding_argument(L, d, 2), boolean_argument(L, d, 3, false)};
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    json_read(L, &how, text, length);
    return 1;
}

static __LJMP int json_decode(lua_State *L) {
    static const byte_declaration declaration = {"json.decode", {"encoding", "drop_nulls", NULL}, 0, "text"};
    return read_text(L, &declaration);
}

static __LJMP int json_loads(lua_State *L) {
    static const byte_declaration declaration = {"json.loads", {"encoding", "drop_nulls", NULL}, 0, "text"};
    return read_text(L, &declaration);
}

/* ---- encode, dumps ---- */

static __LJMP int json_encode(lua_State *L) {
    static const byte_declaration d = {"json.encode", {"pretty", "sort_keys", "ascii", "encoding", NULL}, 0, "value"};
    take_arguments(L, &d, 1);
    bool is_pretty = boolean_argument(L, &d, 2, false);
    json_writing how = {
        .function = d.name,
        .encoding = encoding_argument(L, &d, 5),
        .is_ascii = boolean_argument(L, &d, 4, false),
        .is_sorted = boolean_argument(L, &d, 3, false) || shim_host_of(L)->sorts_names,
        .indent = is_pretty ? "  " : NULL,
        .indent_length = 2,
        .comma = ",",
        .comma_length = 1,
        .colon = is_pretty ? ": " : ":",
        .colon_length = is_pretty ? 2 : 1,
    };
    if (how.is_ascii && how.encoding == JSON_ANY_BYTES) {
        shim_raise_fault(L, "ValueError",
                         "json.encode: with 'ascii' the encoding cannot be 'bytes': escapes are of characters");
    }
    json_write(L, &how, 1);
    return 1;
}

/* The indentation of Python's: a number of spaces, or a text. */
static __LJMP void take_indent(lua_State *L, const byte_declaration *d, json_writing *how) {
    if (lua_isnil(L, 2)) return;
    if (lua_isinteger(L, 2)) {
        lua_Integer count = lua_tointeger(L, 2);
        size_t length = count < 0 ? 0 : (size_t)count;
        if (length > MOST_INDENT) {
            shim_raise_fault(L, "ValueError", "argument 'indent' of json.dumps must be at most %d, got %I", MOST_INDENT,
                             (LUAI_UACINT)count);
        }
        char spaces[MOST_INDENT];
        memset(spaces, ' ', length);
        lua_pushlstring(L, spaces, length);
        lua_replace(L, 2);
    } else if (lua_type(L, 2) != LUA_TSTRING) {
        fail_for_argument(L, d, 2, "a whole number or a string");
    }
    how->indent = lua_tolstring(L, 2, &how->indent_length);
}

/* {',', ':'}: what stands between two members, and behind a name. The strings stay on the stack. */
static __LJMP void take_separators(lua_State *L, const byte_declaration *d, json_writing *how) {
    if (lua_isnil(L, 5)) return;
    if (!lua_istable(L, 5)) fail_for_argument(L, d, 5, "a list of two strings");
    bool is_pair = lua_rawgeti(L, 5, 1) == LUA_TSTRING;
    if (lua_rawgeti(L, 5, 2) != LUA_TSTRING || !is_pair) fail_for_argument(L, d, 5, "a list of two strings");
    how->comma = lua_tolstring(L, -2, &how->comma_length);
    how->colon = lua_tolstring(L, -1, &how->colon_length);
}

static __LJMP int json_dumps(lua_State *L) {
    static const byte_declaration d = {
        "json.dumps", {"indent", "sort_keys", "ensure_ascii", "separators", NULL}, 4, "value",
    };
    take_arguments(L, &d, 1);
    json_writing how = {
        .function = d.name,
        .encoding = JSON_UTF_8,
        .is_ascii = boolean_argument(L, &d, 4, true),
        .is_sorted = boolean_argument(L, &d, 3, false) || shim_host_of(L)->sorts_names,
        .comma = ", ",
        .colon = ": ",
        .colon_length = 2,
    };
    how.comma_length = lua_isnil(L, 2) ? 2 : 1;
    take_separators(L, &d, &how);
    take_indent(L, &d, &how);
    json_write(L, &how, 1);
    return 1;
}

/* ---- array, object ---- */

/* Marks the table at index 1, or a new one. */
static __LJMP int mark(lua_State *L, const byte_declaration *d, int metatable) {
    take_arguments(L, d, 0);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    if (!lua_istable(L, 1)) fail_for_argument(L, d, 1, "a table");
    if (lua_getmetatable(L, 1)) {
        if (!shim_is_json_mark(L, -1)) {
            shim_raise_fault(L, "ValueError", "%s: the table has a metatable, which is its own mark", d->name);
        }
        lua_pop(L, 1);
    }
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static __LJMP int json_array(lua_State *L) {
    static const byte_declaration declaration = {"json.array", {NULL}, 0, "t"};
    return mark(L, &declaration, JSON_ARRAY);
}

static __LJMP int json_object(lua_State *L) {
    static const byte_declaration declaration = {"json.object", {NULL}, 0, "t"};
    return mark(L, &declaration, JSON_OBJECT);
}

/* ---- opening ---- */

static __LJMP int null_to_text(lua_State *L) {
    lua_pushliteral(L, "json.null");
    return 1;
}

/* Of a run that must be repeatable: names are always in their order, since Lua's own is another in each run. */
static __LJMP int sort_names(lua_State *L) {
    shim_host_of(L)->sorts_names = true;
    return 0;
}

/* [0, +1] what programs cannot take from its bearer or put into it. */
static __LJMP void push_metatable(lua_State *L, const char *shown) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, shown);
    lua_setfield(L, -2, "__metatable");
}

__LJMP void shim_open_json(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"encode", json_encode}, {"decode", json_decode}, {"dumps", json_dumps},
        {"loads", json_loads},   {"array", json_array},   {"object", json_object},
        {NULL, NULL},
    };
    lua_pushcfunction(L, sort_names);
    lua_setfield(L, -2, "sort_json_names");
    lua_createtable(L, 0, 7);
    lua_newuserdatauv(L, 0, 0);
    push_metatable(L, "json.null");
    lua_pushcfunction(L, null_to_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "json.null");
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_null);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "null");
    push_metatable(L, "json.array");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_array);
    push_metatable(L, "json.object");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_object);
    luaL_setfuncs(L, functions, 3);
    lua_setglobal(L, "json");
}
