/*
 * What an error of Lua's own says more: where a program calls or reads a name that is not there, and Lectern knows what
 * was meant. The hint comes with the error and not with the read, so that `if UIDevice then` stays a fair question.
 *
 * The table of hints is the host's to fill: `globals` has a text for each name of a global that is not there, `functions` for
 * those that count only when they are called, and `methods` the names of the functions that are methods of the program's
 * classes.
 */
#include "internal.h"

/* Lua's messages of such errors are short; a long one is the program's own. */
#define MOST_MESSAGE 1024
#define MOST_NAME 128

/* The end of a message of Lua's own, as in "attempt to call a nil value (global 'x')". */
typedef struct culprit {
    bool is_nil, is_called;
    char kind[16];
    char name[MOST_NAME];
} culprit;

static bool find_culprit(const char *message, size_t length, culprit *found) {
    static const char nil_value[] = "a nil value ";
    if (length < sizeof nil_value || length > MOST_MESSAGE || memcmp(message + length - 2, "')", 2) != 0) return false;
    found->is_called = strstr(message, "attempt to call ") != NULL;
    const char *open = strrchr(message, '(');
    const char *quote = open == NULL ? NULL : strchr(open, '\'');
    if (quote == NULL || quote[-1] != ' ') return false;
    size_t kind = (size_t)(quote - 1 - (open + 1)), name = (size_t)(message + length - 2 - (quote + 1));
    if (quote < open + 2 || kind >= sizeof found->kind || name >= sizeof found->name) return false;
    memcpy(found->kind, open + 1, kind);
    found->kind[kind] = '\0';
    memcpy(found->name, quote + 1, name);
    found->name[name] = '\0';
    size_t nil_length = sizeof nil_value - 1;
    found->is_nil = (size_t)(open - message) >= nil_length && memcmp(open - nil_length, nil_value, nil_length) == 0;
    return true;
}

/* Pushes the field of the table of hints: [0, +1], its type */
static __LJMP int push_hints_of(lua_State *L, const char *field) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_hints);
    lua_pushstring(L, field);
    int type = lua_rawget(L, -2);
    lua_remove(L, -2);
    return type;
}

/* Pushes the text for the name of a global of `list`, or nothing. */
static __LJMP bool push_global_hint(lua_State *L, const char *list, const char *name) {
    if (push_hints_of(L, list) == LUA_TTABLE) {
        lua_pushstring(L, name);
        lua_rawget(L, -2);
        lua_remove(L, -2);
    }
    if (lua_type(L, -1) == LUA_TSTRING) return true;
    lua_pop(L, 1);
    return false;
}

/* Pushes the text for the field of a library that was read last and is not there, or nothing. */
static __LJMP bool push_missed_hint(lua_State *L, const char *name) {
    bool is_it = push_hints_of(L, "missed_name") == LUA_TSTRING && strcmp(lua_tostring(L, -1), name) == 0;
    lua_pop(L, 1);
    if (is_it && push_hints_of(L, "missed_text") == LUA_TSTRING) return true;
    if (is_it) lua_pop(L, 1);
    return false;
}

/*
 * Pushes what to write where the failed function is a method that has got no object as its self, or nothing. The function
 * is known as a method, or it is its `self` that the message names.
 */
static __LJMP bool push_method_hint(lua_State *L, lua_State *raised, int level, const culprit *culprit) {
    lua_Debug ar;
    if (!lua_checkstack(raised, 6) || !lua_getstack(raised, level, &ar)) return false;
    lua_getinfo(raised, "Snut", &ar);
    if (ar.what[0] == 'C' || ar.nparams == 0) return false;
    const char *local = lua_getlocal(raised, &ar, 1);
    if (local == NULL) return false;
    int type = lua_type(raised, -1);
    lua_pop(raised, 1);
    bool is_object = type == LUA_TTABLE || type == LUA_TUSERDATA;
    /* A string's own methods get it by the colon. */
    bool is_method_call = strcmp(ar.namewhat, "method") == 0;
    if (strcmp(local, "self") != 0 || is_object || is_method_call) return false;
    bool names_self = culprit != NULL && strcmp(culprit->kind, "local") == 0 && strcmp(culprit->name, "self") == 0;
    if (push_hints_of(L, "methods") == LUA_TTABLE) {
        lua_getinfo(raised, "f", &ar);
        if (raised != L) lua_xmove(raised, L, 1);
        lua_rawget(L, -2);
        lua_remove(L, -2);
    }
    const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : names_self ? ar.name : NULL;
    if (name == NULL) {
        lua_pop(L, 1);
        return false;
    }
    if (*ar.namewhat != '\0' || ar.istailcall) {
        lua_pushfstring(L, "call %s with a colon: object:%s(…), not object.%s(…)", name, name, name);
    } else { /* the host or a function of C has called it */
        lua_pushfstring(L, "%s got no object as self: hand on function(...) object:%s(...) end, not object.%s", name, name,
                        name);
    }
    lua_remove(L, -2);
    return true;
}

__LJMP void shim_add_hint(lua_State *L, lua_State *raised, int level) {
    size_t length;
    if (lua_type(L, -1) != LUA_TSTRING) return;
    const char *message = lua_tolstring(L, -1, &length);
    if (length > MOST_MESSAGE || strstr(message, ": attempt to ") == NULL || !lua_checkstack(L, 8)) return;
    culprit culprit;
    bool is_named = find_culprit(message, length, &culprit), has_hint = false;
    if (is_named && culprit.is_nil) {
        if (strcmp(culprit.kind, "global") == 0) {
            has_hint = push_global_hint(L, "globals", culprit.name) ||
                       (culprit.is_called && push_global_hint(L, "functions", culprit.name));
        } else { /* a field, or the local variable that it was put in */
            has_hint = push_missed_hint(L, culprit.name);
        }
    }
    if (!has_hint && !push_method_hint(L, raised, level, is_named ? &culprit : NULL)) return;
    lua_pushfstring(L, "%s: %s", message, lua_tostring(L, -1));
    lua_replace(L, -3);
    lua_pop(L, 1);
}

const char *shim_stray_method(lua_State *L) {
    lua_Debug ar;
    const char *name = NULL;
    if (!lua_checkstack(L, 6) || !lua_getstack(L, 1, &ar)) return NULL;
    int top = lua_gettop(L);
    lua_getinfo(L, "Suf", &ar);
    const char *local = ar.what[0] == 'C' || ar.nparams == 0 ? NULL : lua_getlocal(L, &ar, 1);
    if (local != NULL && strcmp(local, "self") == 0 && lua_rawequal(L, 1, -1) && push_hints_of(L, "methods") == LUA_TTABLE) {
        lua_pushvalue(L, top + 1);
        lua_rawget(L, -2);
        name = lua_tostring(L, -1);
    }
    lua_settop(L, top);
    return name;
}

/* upvalue: text by name. The __index of a library that lacks some of Lua's own: the read gives nil, and is remembered. */
static __LJMP int read_missing_field(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TSTRING) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &shim_key_hints);
        lua_insert(L, 3);
        lua_setfield(L, 3, "missed_text");
        lua_pushvalue(L, 2);
        lua_setfield(L, 3, "missed_name");
    }
    lua_pushnil(L);
    return 1;
}

/* missing_fields(texts) -> the __index of a library that lacks these names */
static __LJMP int missing_fields(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushcclosure(L, read_missing_field, 1);
    return 1;
}

void shim_set_hint(lua_State *L, bool is_function, const char *name, size_t name_length, const char *text, size_t length) {
    lua_checkstack(L, 8);
    push_hints_of(L, is_function ? "functions" : "globals");
    lua_pushlstring(L, name, name_length);
    lua_pushlstring(L, text, length);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

__LJMP void shim_open_hints(lua_State *L) {
    lua_createtable(L, 0, 4);
    lua_newtable(L);
    lua_setfield(L, -2, "globals");
    lua_newtable(L);
    lua_setfield(L, -2, "functions");
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "methods");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_hints);
    lua_setfield(L, -2, "hints");
    lua_pushcfunction(L, missing_fields);
    lua_setfield(L, -2, "missing_fields");
}
