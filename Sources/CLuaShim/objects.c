/*
 * Instances: Lua tables that carry a handle to a Swift object, so that programs add fields freely and derive classes.
 *
 *   instance[handle key] = userdata { object, class id }, whose user values are the event handlers.
 *   anchors      a list: the instances of active resources, each at the place that is its anchor
 *   instances    weak values: object address -> instance of the others (one instance per object)
 *
 * Events are those of active objects nearly always, and a program may have a hundred thousand of these: Swift remembers
 * the anchor of each, and finds it at once. Instances that Swift never looks for are in neither table.
 *
 * A class is a table of members, flattened at definition. Its accessors table maps names to codes: a property's getter
 * and setter, or an event's number. Handlers live inside the instance, so a handler whose closure sees the instance is
 * a cycle that Lua collects.
 */
#include "internal.h"

#include <limits.h>

typedef struct handle {
    const void *mark;   /* of a handle, see push_handle */
    void *object;
    uint64_t handlers;  /* a bit for each event that has a handler */
    uint32_t class_id;
} handle;

/* The bit of an event in `handlers`. Those beyond the last bit share it, and never clear it. */
static uint64_t bit_of(int event) { return UINT64_C(1) << (event < SHIM_LAST_HANDLER_BIT ? event : SHIM_LAST_HANDLER_BIT); }

static void note_handler(handle *u, int event, bool is_set) {
    if (is_set) {
        u->handlers |= bit_of(event);
    } else if (event < SHIM_LAST_HANDLER_BIT) {
        u->handlers &= ~bit_of(event);
    }
}

#define FUNCTION_BITS 24
#define FUNCTION_MASK ((1 << FUNCTION_BITS) - 1)

int64_t shim_property_code(uint32_t getter, uint32_t setter) {
    return (int64_t)(((uint64_t)getter << FUNCTION_BITS | setter) << 1);
}

int64_t shim_event_code(int event, uint32_t assigned) {
    return (int64_t)(((uint64_t)assigned << FUNCTION_BITS | (uint32_t)event) << 1 | 1);
}

/* ---- handles ---- */

static int release_handle(lua_State *L) {
    handle *u = lua_touserdata(L, 1);
    if (u == NULL || u->object == NULL) return 0;
    void *object = u->object;
    u->object = NULL; /* first, so that nothing finds it while Swift lets go */
    shim_host *h = shim_host_of(L);
    h->instance_count--;
    h->depth++;
    h->callbacks.release(h->callbacks.context, object);
    h->depth--;
    return 0;
}

/* Pushes the handle of the table at index: [0, +1] or nothing and NULL. */
static handle *push_handle(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TTABLE) return NULL;
    /* pairs() shows the key to programs, which may put another userdata there; none of those has this size and mark. */
    if (lua_rawgetp(L, index, &shim_key_handle) == LUA_TUSERDATA && lua_rawlen(L, -1) == sizeof(handle)) {
        handle *u = lua_touserdata(L, -1);
        if (u->mark == &shim_key_handle) return u;
    }
    lua_pop(L, 1);
    return NULL;
}

/* Pushes a handle that owns `object`: [0, +1] */
static handle *push_new_handle(lua_State *L, void *object, uint32_t class_id, int events) {
    handle *u = lua_newuserdatauv(L, sizeof *u, events);
    *u = (handle){.mark = &shim_key_handle, .object = object, .class_id = class_id};
    shim_host *h = shim_host_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, h->handle_metatable);
    lua_setmetatable(L, -2);
    h->instance_count++;
    return u;
}

void shim_push_instances(lua_State *L, bool anchored) {
    shim_host *h = shim_host_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, anchored ? h->anchors : h->instances);
}

/* [-1, 0] sets what the weak table has for `object` to the value on top */
static void set_instance(lua_State *L, const void *object) {
    shim_push_instances(L, false);
    lua_insert(L, -2);
    lua_rawsetp(L, -2, object);
    lua_pop(L, 1);
}

const uint64_t *shim_attach(lua_State *L, int index, void *object, uint32_t class_id, int events) {
    index = lua_absindex(L, index);
    handle *u = push_new_handle(L, object, class_id, events);
    lua_rawsetp(L, index, &shim_key_handle);
    lua_pushvalue(L, index);
    set_instance(L, object);
    return &u->handlers;
}

const uint64_t *shim_push_new_instance(lua_State *L, void *object, uint32_t class_id, int32_t metatable, int events,
                                       int kept, bool is_listed) {
    lua_createtable(L, 0, 1);
    handle *u = push_new_handle(L, object, class_id, events);
    lua_rotate(L, -kept - 2, 2); /* instance and handle go below the values */
    for (int i = kept; i > 0; i--) {
        note_handler(u, i, !lua_isnil(L, -1));
        lua_setiuservalue(L, -i - 1, i);
    }
    lua_rawsetp(L, -2, &shim_key_handle);
    lua_rawgeti(L, LUA_REGISTRYINDEX, metatable);
    shim_set_metatable(L, -2);
    if (is_listed) {
        lua_pushvalue(L, -1);
        set_instance(L, object);
    }
    return &u->handlers;
}

void *shim_object(lua_State *L, int index, uint32_t *class_id) {
    handle *u = push_handle(L, index);
    if (u == NULL) return NULL;
    lua_pop(L, 1);
    if (class_id != NULL) *class_id = u->class_id;
    return u->object;
}

/* Pushes the table that has the instance, and what it has: [0, +2], the type of the latter */
static int push_instance_above_its_table(lua_State *L, const void *object, int anchor) {
    shim_push_instances(L, anchor != SHIM_NO_ANCHOR);
    return anchor != SHIM_NO_ANCHOR ? lua_rawgeti(L, -1, anchor) : lua_rawgetp(L, -1, object);
}

bool shim_push_instance(lua_State *L, const void *object, int anchor) {
    int type = push_instance_above_its_table(L, object, anchor);
    lua_remove(L, -2);
    if (type == LUA_TTABLE) return true;
    lua_pop(L, 1);
    return false;
}

int shim_anchor(lua_State *L, const void *object) {
    if (!shim_push_instance(L, object, SHIM_NO_ANCHOR)) return SHIM_NO_ANCHOR;
    shim_push_instances(L, true);
    lua_insert(L, -2);
    int anchor = luaL_ref(L, -2);
    lua_pop(L, 1);
    lua_pushnil(L);
    set_instance(L, object);
    return anchor;
}

void shim_drop_anchor(lua_State *L, const void *object, int anchor) {
    if (!shim_push_instance(L, object, anchor)) return;
    set_instance(L, object);
    shim_push_instances(L, true);
    luaL_unref(L, -1, anchor);
    lua_pop(L, 1);
}

size_t shim_instance_count(lua_State *L) { return shim_host_of(L)->instance_count; }

/* ---- events ---- */

/* Pushes the handler of an event of the instance at index: [0, +1], nil when there is none. */
static void push_handler_of(lua_State *L, int index, int event) {
    if (push_handle(L, index) == NULL) {
        lua_pushnil(L);
        return;
    }
    lua_getiuservalue(L, -1, event);
    lua_remove(L, -2);
}

void shim_push_handler_at(lua_State *L, int index, int event) { push_handler_of(L, index, event); }

/* [-1, 0] the handler is on top; false when the table at index is no instance */
static bool set_handler_of(lua_State *L, int index, int event) {
    index = lua_absindex(L, index);
    handle *u = push_handle(L, index);
    if (u != NULL) {
        note_handler(u, event, !lua_isnil(L, -2));
        lua_insert(L, -2);
        lua_setiuservalue(L, -2, event);
    }
    lua_pop(L, 1);
    return u != NULL;
}

bool shim_push_handler(lua_State *L, const void *object, int anchor, int event) {
    if (push_instance_above_its_table(L, object, anchor) != LUA_TTABLE || push_handle(L, -1) == NULL) {
        lua_pop(L, 2);
        return false;
    }
    bool is_set = lua_getiuservalue(L, -1, event) > LUA_TNIL;
    lua_copy(L, -1, -4); /* to the place of the table: below the instance */
    lua_pop(L, is_set ? 2 : 4);
    return is_set;
}

bool shim_set_handler(lua_State *L, const void *object, int anchor, int event) {
    if (!shim_push_instance(L, object, anchor)) {
        lua_pop(L, 1);
        return false;
    }
    lua_insert(L, -2);
    set_handler_of(L, -2, event);
    lua_pop(L, 1);
    return true;
}

/* ---- reading and writing names of instances ---- */

enum { CLASS = 1, ACCESSORS, ABSENT, CLASS_ID, IS_DERIVED };

/* Names that are known to be the program's own, so that only their first use pays for the search of a misspelling. Their
 * number lies under the key 1. */
#define MOST_ABSENT 512

static __LJMP int call_accessor(lua_State *L, uint32_t function) {
    shim_host *h = shim_host_of(L);
    h->depth++;
    shim_verdict verdict = h->callbacks.call(h->callbacks.context, L, function);
    h->depth--;
    return shim_act(L, h, verdict);
}

static bool is_absent(lua_State *L, int name) {
    lua_pushvalue(L, name);
    bool absent = lua_rawget(L, lua_upvalueindex(ABSENT)) != LUA_TNIL;
    lua_pop(L, 1);
    return absent;
}

static lua_Integer absent_count(lua_State *L) {
    lua_rawgeti(L, lua_upvalueindex(ABSENT), 1);
    lua_Integer count = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return count;
}

static __LJMP void remember_absent(lua_State *L, int name) {
    lua_Integer count = absent_count(L);
    if (count >= MOST_ABSENT) return;
    lua_pushinteger(L, count + 1);
    lua_rawseti(L, lua_upvalueindex(ABSENT), 1);
    lua_pushvalue(L, name);
    lua_pushboolean(L, 1);
    lua_rawset(L, lua_upvalueindex(ABSENT));
}

/* Asks the class's own function for items, which lies under the empty name; pushes the item if there is one. */
static __LJMP bool read_item(lua_State *L) {
    lua_pushliteral(L, "");
    if (lua_rawget(L, lua_upvalueindex(ACCESSORS)) != LUA_TFUNCTION) {
        lua_settop(L, 2);
        return false;
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, LUA_MULTRET);
    return lua_gettop(L) > 2;
}

static __LJMP int read_missing(lua_State *L) {
    shim_host *h = shim_host_of(L);
    int key = lua_type(L, 2);
    if (key == LUA_TSTRING ? is_absent(L, 2) : key != LUA_TNUMBER) return 0;
    if (read_item(L)) return 1;
    if (key != LUA_TSTRING) return 0;
    /*
     * A class of the program's has fields of its own that may not be set yet. So may any when there are too many to know.
     * The host's own functions look for what an object may have.
     */
    bool is_derived = lua_toboolean(L, lua_upvalueindex(IS_DERIVED));
    bool may_be_unset = is_derived || absent_count(L) >= MOST_ABSENT || shim_is_own_level(L, 1);
    h->depth++;
    shim_verdict verdict = h->callbacks.missing(h->callbacks.context, L,
                                                (uint32_t)lua_tointeger(L, lua_upvalueindex(CLASS_ID)),
                                                may_be_unset ? SHIM_READ_OF_OWN : SHIM_READ);
    h->depth--;
    if (verdict.kind == SHIM_RETURN && verdict.count == 0) {
        if (is_derived) remember_absent(L, 2);
        return 0;
    }
    return shim_act(L, h, verdict);
}

static __LJMP int instance_index(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(CLASS)) != LUA_TNIL) return 1;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(ACCESSORS)) != LUA_TNUMBER) {
        lua_settop(L, 2);
        return read_missing(L);
    }
    int64_t code = lua_tointeger(L, -1);
    lua_settop(L, 1);
    if (code & 1) {
        push_handler_of(L, 1, (int)(code >> 1 & FUNCTION_MASK));
        return 1;
    }
    return call_accessor(L, (uint32_t)(code >> 1 >> FUNCTION_BITS));
}

static __LJMP int instance_newindex(lua_State *L) {
    lua_settop(L, 3);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(ACCESSORS)) == LUA_TNUMBER) {
        int64_t code = lua_tointeger(L, -1);
        lua_settop(L, 3);
        const char *name = lua_tostring(L, 2);
        if (code & 1) {
            if (!lua_isnil(L, 3) && !shim_is_callable(L, 3)) {
                return shim_raise_fault(L, "TypeError", "the handler of event '%s' must be a function or nil, got a %s",
                                        name, luaL_typename(L, 3));
            }
            uint32_t assigned = lua_isnil(L, 3) ? 0 : (uint32_t)(code >> 1 >> FUNCTION_BITS);
            if (!set_handler_of(L, 1, (int)(code >> 1 & FUNCTION_MASK))) {
                return shim_raise_fault(L, "RuntimeError",
                                        "event '%s' cannot be set yet: call the base class's init first", name);
            }
            if (assigned == 0) return 0;
            lua_settop(L, 1);
            return call_accessor(L, assigned);
        }
        uint32_t setter = (uint32_t)(code >> 1) & FUNCTION_MASK;
        if (setter == 0) {
            return shim_raise_fault(L, "AttributeError", "property '%s' is read-only", name);
        }
        lua_remove(L, 2);
        return call_accessor(L, setter);
    }
    lua_settop(L, 3);
    if (lua_type(L, 2) == LUA_TSTRING && !is_absent(L, 2)) {
        lua_pushvalue(L, 2);
        bool is_member = lua_rawget(L, lua_upvalueindex(CLASS)) != LUA_TNIL;
        lua_settop(L, 3);
        if (!is_member) {
            shim_host *h = shim_host_of(L);
            h->depth++;
            shim_verdict verdict = h->callbacks.missing(h->callbacks.context, L,
                                                        (uint32_t)lua_tointeger(L, lua_upvalueindex(CLASS_ID)), SHIM_WRITE);
            h->depth--;
            if (verdict.kind != SHIM_RETURN) return shim_act(L, h, verdict);
            lua_settop(L, 3);
            /* On a class with a fall-through, reading this name may still mean something else: do not remember it. */
            if (verdict.count == 0) remember_absent(L, 2);
        }
    }
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

/* instance_metatable(class, accessors, class_id, is_derived) -> metatable */
static __LJMP int instance_metatable(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checkinteger(L, 3);
    lua_settop(L, 4);
    lua_newtable(L); /* 5: absent names */
    lua_createtable(L, 0, 6);
    for (int i = 0; i < 2; i++) {
        lua_pushvalue(L, CLASS);
        lua_pushvalue(L, ACCESSORS);
        lua_pushvalue(L, 5);
        lua_pushvalue(L, 3);
        lua_pushvalue(L, 4);
        lua_pushcclosure(L, i == 0 ? instance_index : instance_newindex, 5);
        lua_setfield(L, -2, i == 0 ? "__index" : "__newindex");
    }
    return 1;
}

/* has_handle(value) -> boolean */
static __LJMP int has_handle(lua_State *L) {
    lua_pushboolean(L, shim_object(L, 1, NULL) != NULL);
    return 1;
}

__LJMP void shim_open_objects(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"instance_metatable", instance_metatable},
        {"has_handle", has_handle},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
    shim_host *h = shim_host_of(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, release_handle);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "handle");
    lua_setfield(L, -2, "__metatable");
    h->handle_metatable = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    h->anchors = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    h->instances = luaL_ref(L, LUA_REGISTRYINDEX);
}
