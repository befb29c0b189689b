/*
 * Values of Lua as the text of JSON.
 *
 * Tables are read raw: nothing of the program runs meanwhile. The text grows in a userdata, which counts as the memory
 * of the program and is the collector's if an error ends the work.
 */
#include "json_writer.h"

#include "byte_methods.h"
#include "decimal_numbers.h"

#include <math.h>

static __LJMP void write_value(writer *w);

/* ---- errors ---- */

/* Puts the places into a list, the outermost first, and gives their number. */
static int list_places(const writer *w, const place *places[JSON_DEEPEST]) {
    int count = 0, i = 0;
    for (const place *p = w->place; p != NULL; p = p->outer) count++;
    for (const place *p = w->place; p != NULL; p = p->outer) places[count - ++i] = p;
    return count;
}

/* [-1, 0] what is wrong, on top */
RARE __LJMP void json_fail_on_top(writer *w) {
    lua_State *L = w->L;
    json_path path = {.length = 0};
    const place *places[JSON_DEEPEST];
    int count = list_places(w, places);
    for (int i = 0; i < count; i++) {
        const place *p = places[i];
        if (p->name != NULL) json_path_add_name(&path, p->name, p->length); else json_path_add_index(&path, p->index);
    }
    const char *text = json_path_text(&path);
    shim_raise_fault(L, "ValueError", "%s: %s%s%s%s", w->how->function, path.length > 0 ? "at " : "", text,
                     path.length > 0 ? ": " : "", lua_tostring(L, -1));
}

static RARE __LJMP void fail(writer *w, const char *problem) {
    luaL_checkstack(w->L, 4, NULL);
    lua_pushstring(w->L, problem);
    json_fail_on_top(w);
}

/* Too deep mostly means that a table is within itself: then the error is where it comes for the second time. */
static RARE __LJMP void fail_for_depth(writer *w) {
    const place *places[JSON_DEEPEST];
    int count = list_places(w, places);
    for (int i = 1; i < count; i++) {
        for (int k = 0; k < i; k++) {
            if (places[i]->table != places[k]->table) continue;
            w->place = places[i]->outer;
            fail(w, "a table that is within itself cannot be encoded");
        }
    }
    lua_pushfstring(w->L, "more than %d tables within one another", JSON_DEEPEST);
    json_fail_on_top(w);
}

/* ---- text ---- */

static __LJMP void add_indentation(writer *w) {
    add_byte(w, '\n');
    for (int i = 0; i < w->depth; i++) add(w, w->how->indent, w->how->indent_length);
}

static inline __LJMP void add_line(writer *w) {
    if (w->how->indent != NULL) add_indentation(w);
}

/* ---- numbers ---- */

static __LJMP void write_number(writer *w, int index) {
    if (lua_isinteger(w->L, index)) {
        w->length += decimal_write_integer(reserve(w, DECIMAL_BYTES), lua_tointeger(w->L, index));
        return;
    }
    double value = lua_tonumber(w->L, index);
    if (isnan(value)) fail(w, "NaN cannot be encoded");
    if (isinf(value)) fail(w, "an infinite number cannot be encoded");
    w->length += decimal_write(reserve(w, DECIMAL_BYTES), value);
}

/* ---- tables ---- */

/* The value on top, which is taken from there. */
static inline __LJMP void write_element(writer *w, place *here, lua_Integer index) {
    if (index > 1) add_separator(w, w->how->comma, w->how->comma_length);
    add_line(w);
    here->index = index;
    write_value(w);
    lua_pop(w->L, 1);
}

static __LJMP void write_elements(writer *w, place *here, int table, lua_Integer first, lua_Integer last) {
    for (lua_Integer i = first; i <= last; i++) {
        lua_rawgeti(w->L, table, i);
        write_element(w, here, i);
    }
}

/* Behind the members of a container. */
static __LJMP void end_container(writer *w, char bracket, bool is_empty) {
    w->depth--;
    if (!is_empty) add_line(w);
    w->depth++;
    add_byte(w, bracket);
}

/* [0, +1] the key at index for messages: of a table or a function its type. */
static RARE __LJMP void push_key(writer *w, int index) {
    lua_State *L = w->L;
    size_t length;
    json_path text = {.length = 0};
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *bytes = lua_tolstring(L, index, &length);
        json_path_add_name(&text, bytes, length);
        lua_pushstring(L, json_path_text(&text));
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        lua_tostring(L, -1); /* a copy: conversion in place would confuse lua_next */
    } else {
        lua_pushstring(L, luaL_typename(L, index));
    }
}

/* The name that the key at index, no string, is in an object: of a number its text, in `digits`. */
static RARE __LJMP const char *name_of_number(writer *w, int index, bool is_marked, char *digits, size_t *length) {
    lua_State *L = w->L;
    if (lua_type(L, index) != LUA_TNUMBER) {
        lua_pushfstring(L, "a %s cannot be a name", luaL_typename(L, index));
        json_fail_on_top(w);
    }
    double value = lua_tonumber(L, index);
    if (isinf(value)) fail(w, "an infinite number cannot be a name");
    *length = lua_isinteger(L, index) ? decimal_write_integer(digits, lua_tointeger(L, index))
                                      : decimal_write(digits, value);
    if (!is_marked) {
        push_key(w, index);
        lua_pushfstring(L,
                        "the key %s is a number, and no element of a list without holes; "
                        "json.object(t) writes it as a name, json.array(t) writes holes as null",
                        lua_tostring(L, -1));
        json_fail_on_top(w);
    }
    digits[*length] = '\0'; /* as at the end of every string that is written */
    return digits;
}

static inline __LJMP const char *name_of_key(writer *w, int index, bool is_marked, char *digits, size_t *length) {
    if (lua_type(w->L, index) == LUA_TSTRING) return lua_tolstring(w->L, index, length);
    return name_of_number(w, index, is_marked, digits, length);
}

static __LJMP void write_member(writer *w, place *here, const char *name, size_t length, bool is_first) {
    here->name = name;
    here->length = length;
    if (!is_first) add_separator(w, w->how->comma, w->how->comma_length);
    add_line(w);
    json_write_string(w, name, length);
    add_separator(w, w->how->colon, w->how->colon_length);
    write_value(w);
}

/* A name, and the place in the list of keys that has its key. */
typedef struct name {
    const char *bytes;
    size_t length;
    lua_Integer key;
} name;

static __LJMP bool is_before(writer *w, const name *a, const name *b) {
    size_t common = a->length < b->length ? a->length : b->length;
    json_spend(w->L, &w->spent, 1 + common / JSON_BYTES_IN_A_STEP);
    int order = memcmp(a->bytes, b->bytes, common);
    return order != 0 ? order < 0 : a->length < b->length;
}

/* Sorts by merging, with as much room again behind the names. Gives where they are then. */
static __LJMP name *sort_names(writer *w, name *names, size_t count) {
    name *from = names, *to = names + count;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = middle + width < count ? middle + width : count;
            size_t a = start, b = middle;
            for (size_t i = start; i < end; i++) {
                bool takes_second = a == middle || (b < end && is_before(w, &from[b], &from[a]));
                to[i] = takes_second ? from[b++] : from[a++];
            }
        }
        name *other = from;
        from = to;
        to = other;
    }
    return from;
}

/* Writes the members in the order of their names' bytes. */
static __attribute__((noinline)) __LJMP void write_sorted_members(
    writer *w, place *here, int table, size_t count, bool is_marked) {
    lua_State *L = w->L;
    int keys = table + 1;
    lua_createtable(L, count < INT32_MAX ? (int)count : 0, 0);
    name *names = lua_newuserdatauv(L, guarded_string_product(count, 2 * sizeof *names), 0);
    size_t filled = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        char digits[DECIMAL_BYTES];
        lua_pop(L, 1);
        name *n = &names[filled++];
        n->key = (lua_Integer)filled;
        n->bytes = name_of_key(w, -1, is_marked, digits, &n->length);
        if (n->bytes == digits) { /* a string in the list keeps the bytes */
            n->bytes = lua_pushlstring(L, digits, n->length);
            lua_rawseti(L, keys, (lua_Integer)(count + filled)); /* beyond the keys */
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, keys, n->key);
        json_spend(L, &w->spent, 1);
    }
    count = filled; /* the collector may have taken members of a weak table meanwhile */
    names = sort_names(w, names, count);
    w->place = here; /* only now: a bad key is an error of the table itself */
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, keys, names[i].key);
        lua_rawget(L, table);
        write_member(w, here, names[i].bytes, names[i].length, i == 0);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

static __LJMP void write_object(writer *w, int table, bool is_marked) {
    lua_State *L = w->L;
    place here = {w->place, lua_topointer(L, table), NULL, 0, 0};
    size_t count = 0;
    add_byte(w, '{');
    if (w->how->is_sorted) {
        lua_pushnil(L);
        while (lua_next(L, table)) {
            lua_pop(L, 1);
            count++;
            json_spend(L, &w->spent, 1);
        }
        if (count > 0) {
            write_sorted_members(w, &here, table, count, is_marked);
            w->place = here.outer;
        }
    } else {
        lua_pushnil(L);
        while (lua_next(L, table)) {
            char digits[DECIMAL_BYTES];
            size_t length;
            w->place = here.outer; /* a bad key is an error of the table itself */
            const char *bytes = name_of_key(w, -2, is_marked, digits, &length);
            w->place = &here;
            write_member(w, &here, bytes, length, count++ == 0);
            lua_pop(L, 1);
        }
        w->place = here.outer;
    }
    end_container(w, '}', count == 0);
}

/* The length of a table that is marked as an array: its highest index, or its field `n`, as table.pack makes it. */
static __LJMP lua_Integer marked_length(writer *w, int table) {
    lua_State *L = w->L;
    lua_Integer length = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_Integer n = 0;
        json_spend(L, &w->spent, 1);
        if (lua_isinteger(L, -2)) {
            n = lua_tointeger(L, -2);
        } else if (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "n") == 0 && lua_isinteger(L, -1)) {
            n = lua_tointeger(L, -1);
            if (n == 0) n = length;
            if (n == 0) {
                lua_pop(L, 1);
                continue;
            }
        }
        if (n < 1) {
            push_key(w, -2);
            lua_pushfstring(L, "an array has no place for the key %s", lua_tostring(L, -1));
            json_fail_on_top(w);
        }
        if (n > length) length = n;
        lua_pop(L, 1);
    }
    return length;
}

static RARE __LJMP void fail_for_hole(writer *w, int table) {
    lua_Integer hole = 1;
    for (; lua_rawgeti(w->L, table, hole) != LUA_TNIL; hole++) {
        lua_pop(w->L, 1);
        json_spend(w->L, &w->spent, 1);
    }
    lua_pushfstring(w->L, "a list with a hole: [%I] is nil; json.array(t) writes null there", (LUAI_UACINT)hole);
    json_fail_on_top(w);
}

/*
 * [-1, 0] Raises unless the key on top and those that follow it are elements from `first` to `last`, as many as there
 * are: else the table is no list.
 */
static RARE __LJMP void check_rest(writer *w, int table, lua_Integer first, lua_Integer last) {
    lua_State *L = w->L;
    lua_Integer found = 0;
    for (;;) {
        bool is_integer = lua_isinteger(L, -1);
        lua_Integer index = is_integer ? lua_tointeger(L, -1) : 0;
        if (is_integer && index > last) fail_for_hole(w, table);
        if (index < 1) {
            push_key(w, -1);
            lua_pushfstring(L, "a list that also has the key %s; json.object(t) writes all keys as names",
                            lua_tostring(L, -1));
            json_fail_on_top(w);
        }
        found++;
        if (!lua_next(L, table)) break;
        lua_pop(L, 1);
        json_spend(L, &w->spent, 1);
    }
    if (found != last - first + 1) fail_for_hole(w, table);
}

/*
 * A table that has an element 1. Most lists give their elements in order; if one does not, or it is none, what follows
 * is looked through before it goes on by numbers. What is written by then is right, or not needed.
 */
static __LJMP void write_list(writer *w, int table, lua_Integer count) {
    lua_State *L = w->L;
    place here = {w->place, lua_topointer(L, table), NULL, 0, 0};
    lua_Integer written = 0;
    add_byte(w, '[');
    w->place = &here;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_isinteger(L, -2) && lua_tointeger(L, -2) == written + 1) {
            write_element(w, &here, ++written);
            continue;
        }
        lua_pop(L, 1);
        w->place = here.outer;
        check_rest(w, table, written + 1, count);
        w->place = &here;
        write_elements(w, &here, table, written + 1, count);
        break;
    }
    w->place = here.outer;
    end_container(w, ']', false);
}

static __LJMP void write_marked_array(writer *w, int table) {
    place here = {w->place, lua_topointer(w->L, table), NULL, 0, 0};
    lua_Integer count = marked_length(w, table);
    add_byte(w, '[');
    w->place = &here;
    write_elements(w, &here, table, 1, count);
    w->place = here.outer;
    end_container(w, ']', count == 0);
}

/* The table on top. */
static __LJMP void write_table(writer *w) {
    lua_State *L = w->L;
    int table = lua_gettop(L);
    if (w->depth >= JSON_DEEPEST) fail_for_depth(w);
    luaL_checkstack(L, 16, NULL);
    const void *mark = NULL;
    if (lua_getmetatable(L, table)) {
        mark = lua_topointer(L, -1);
        lua_pop(L, 1);
        if (mark != w->array_mark && mark != w->object_mark && shim_object(L, table, NULL) != NULL) {
            fail(w, "an object of Lectern cannot be encoded");
        }
    }
    w->depth++;
    if (mark == w->array_mark) {
        write_marked_array(w, table);
    } else if (mark == w->object_mark) {
        write_object(w, table, true);
    } else {
        lua_Integer count = (lua_Integer)lua_rawlen(L, table);
        if (count > 0) write_list(w, table, count); else write_object(w, table, false);
    }
    w->depth--;
}

/* The value on top, which stays. */
static __LJMP void write_value(writer *w) {
    lua_State *L = w->L;
    json_spend(L, &w->spent, 1);
    size_t length;
    const char *text;
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        add(w, "null", 4);
        break;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1)) add(w, "true", 4); else add(w, "false", 5);
        break;
    case LUA_TNUMBER:
        write_number(w, -1);
        break;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &length);
        json_write_string(w, text, length);
        break;
    case LUA_TTABLE:
        write_table(w);
        break;
    case LUA_TUSERDATA:
        if (lua_touserdata(L, -1) == w->null) {
            add(w, "null", 4);
            break;
        }
        /* fall through */
    default:
        lua_pushfstring(L, "a %s cannot be encoded", luaL_typename(L, -1));
        json_fail_on_top(w);
    }
}

__LJMP void json_write(lua_State *L, const json_writing *how, int index) {
    writer w;
    size_t limit = shim_host_of(L)->strings.string_bytes;
    index = lua_absindex(L, index);
    luaL_checkstack(L, 16, NULL);
    w.L = L;
    w.how = how;
    w.null = lua_touserdata(L, JSON_NULL);
    w.array_mark = lua_topointer(L, JSON_ARRAY);
    w.object_mark = lua_topointer(L, JSON_OBJECT);
    w.out = w.first;
    w.length = 0;
    w.limit = limit != 0 ? limit : GUARDED_STRINGS_STRING_BYTES;
    w.capacity = sizeof w.first < w.limit ? sizeof w.first : w.limit;
    w.depth = 0;
    w.spent = 0;
    w.place = NULL;
    lua_pushnil(L);
    w.box = lua_gettop(L);
    lua_pushvalue(L, index);
    write_value(&w);
    lua_pop(L, 1);
    lua_pushlstring(L, w.out, w.length);
    lua_replace(L, w.box);
}
