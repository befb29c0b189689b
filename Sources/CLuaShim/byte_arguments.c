/* Arguments of the methods of bytes: by position or by name, and none that the method does not know. */
#define _GNU_SOURCE /* memmem */
#include <string.h>

#include "byte_methods.h"
#include "internal.h"

const char byte_whitespace[] = " \t\n\r\v\f";

/* The number of the parameter that is called so, from 1 on, or 0. */
static int parameter_number(const byte_declaration *declaration, const char *name) {
    for (int i = 0; declaration->parameters[i] != NULL; i++) {
        if (strcmp(declaration->parameters[i], name) == 0) return i + 1;
    }
    return 0;
}

/* Pushes the names of the parameters, for messages: of those that can be given by name, or of all. */
static void push_names(lua_State *L, const byte_declaration *declaration, bool with_own) {
    luaL_Buffer names;
    luaL_buffinit(L, &names);
    if (with_own && declaration->own != NULL) {
        luaL_addstring(&names, declaration->own);
        if (declaration->parameters[0] != NULL) luaL_addstring(&names, ", ");
    }
    for (int i = 0; declaration->parameters[i] != NULL; i++) {
        if (i > 0) luaL_addstring(&names, ", ");
        luaL_addstring(&names, declaration->parameters[i]);
    }
    luaL_pushresult(&names);
}

/* Whether the table on top, argument number `given`, gives parameters by name. */
static bool gives_names(lua_State *L, const byte_declaration *declaration, int given) {
    int table = lua_gettop(L);
    bool has_names = false;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            lua_settop(L, table);
            return false;
        }
        const char *name = lua_tostring(L, -1);
        int number = parameter_number(declaration, name);
        if (number == 0) {
            if (!has_names && declaration->table_parameter == given) {
                lua_settop(L, table);
                return false;
            }
            push_names(L, declaration, false);
            shim_raise_fault(L, "TypeError", "%s has no parameter '%s'; it has %s", declaration->name, name,
                             lua_tostring(L, -1));
        }
        if (number < given) {
            shim_raise_fault(L, "TypeError", "%s got parameter '%s' twice: by position and by name", declaration->name,
                             name);
        }
        has_names = true;
    }
    return has_names;
}

/* The table on top is argument number `given`, and each of its keys is a parameter's name. */
static void place_named(lua_State *L, const byte_declaration *declaration, int given, int count) {
    lua_settop(L, 1 + count);
    lua_pushvalue(L, 1 + given);
    lua_pushnil(L);
    lua_replace(L, 1 + given);
    for (int i = 1; i <= count; i++) {
        lua_pushstring(L, declaration->parameters[i - 1]);
        if (lua_rawget(L, -2) == LUA_TNIL) {
            lua_pop(L, 1);
        } else {
            lua_replace(L, 1 + i);
        }
    }
    lua_settop(L, 1 + count);
}

void byte_place(lua_State *L, const byte_declaration *declaration) {
    int given = lua_gettop(L) - 1;
    if (given > 0) {
        int count = 0;
        while (declaration->parameters[count] != NULL) count++;
        if (given <= count && lua_istable(L, -1) && gives_names(L, declaration, given)) {
            place_named(L, declaration, given, count);
            given = count;
        }
        while (given > count && lua_isnil(L, 1 + given)) given--; /* as good as nothing */
        if (given > count) {
            if (declaration->own != NULL) {
                count++;
                given++;
            }
            if (count == 0) {
                shim_raise_fault(L, "TypeError", "%s takes no arguments, got %d", declaration->name, given);
            }
            push_names(L, declaration, true);
            shim_raise_fault(L, "TypeError", "%s takes at most %d argument%s (%s), got %d", declaration->name, count,
                             count == 1 ? "" : "s", lua_tostring(L, -1), given);
        }
        lua_settop(L, 1 + given);
    }
}

byte_slice byte_take(lua_State *L, const byte_declaration *declaration) {
    byte_place(L, declaration);
    return byte_check_slice(L, 1);
}

int byte_raise(lua_State *L, const char *kind, const char *method, const char *problem) {
    return shim_raise_fault(L, kind, "%s: %s", method, problem);
}

byte_slice byte_check_slice(lua_State *L, int argument) {
    byte_slice s;
    s.bytes = luaL_checklstring(L, argument, &s.length);
    return s;
}

byte_slice byte_check_separator(lua_State *L, int argument) {
    byte_slice s = byte_check_slice(L, argument);
    luaL_argcheck(L, s.length > 0, argument, "empty separator");
    return s;
}

lua_Integer byte_check_most(lua_State *L, int argument) {
    lua_Integer most = luaL_optinteger(L, argument, -1);
    return most < 0 ? -1 : most;
}

bool byte_check_part(lua_State *L, int argument, byte_slice s, byte_slice *part) {
    lua_Integer length = (lua_Integer)s.length;
    lua_Integer first = luaL_optinteger(L, argument, 1);
    lua_Integer last = luaL_optinteger(L, argument + 1, -1);
    if (first < 0) first = first < -length ? 1 : first + length + 1;
    if (first == 0) first = 1;
    if (last < 0) last = last < -length ? 0 : last + length + 1;
    if (last > length) last = length;
    if (first > last + 1) {
        *part = (byte_slice){s.bytes, 0};
        return false;
    }
    *part = (byte_slice){s.bytes + (first - 1), (size_t)(last - first + 1)};
    return true;
}

byte_set byte_set_of(const char *bytes, size_t length) {
    byte_set set = {{0, 0, 0, 0}};
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        set.bits[c >> 6] |= (uint64_t)1 << (c & 63);
    }
    return set;
}

/* Halves the range of starts until it is empty, where comparing backwards would cost the product of the lengths. */
const char *byte_search_last(byte_slice text, byte_slice needle) {
    const char *found = NULL;
    if (needle.length > text.length) return NULL;
    if (needle.length == 0) return text.bytes + text.length;
    size_t low = 0;
    size_t high = text.length - needle.length + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *at =
            memmem(text.bytes + middle, high - middle + needle.length - 1, needle.bytes, needle.length);
        if (at != NULL) {
            found = at;
            low = (size_t)(at - text.bytes) + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

void byte_step(lua_State *L, size_t *steps) {
    if (++*steps % BYTE_STEPS == 0) shim_watchdog_check(L);
}
