/* The life of a state: opening with everything guarded, and closing. */
#include "internal.h"

#include <stdlib.h>

_Static_assert(SHIM_TNONE == LUA_TNONE, "type");
_Static_assert(SHIM_TNIL == LUA_TNIL, "type");
_Static_assert(SHIM_TBOOLEAN == LUA_TBOOLEAN, "type");
_Static_assert(SHIM_TLIGHTUSERDATA == LUA_TLIGHTUSERDATA, "type");
_Static_assert(SHIM_TNUMBER == LUA_TNUMBER, "type");
_Static_assert(SHIM_TSTRING == LUA_TSTRING, "type");
_Static_assert(SHIM_TTABLE == LUA_TTABLE, "type");
_Static_assert(SHIM_TFUNCTION == LUA_TFUNCTION, "type");
_Static_assert(SHIM_TUSERDATA == LUA_TUSERDATA, "type");
_Static_assert(SHIM_TTHREAD == LUA_TTHREAD, "type");
_Static_assert(SHIM_OK == LUA_OK, "status");
_Static_assert(SHIM_YIELD == LUA_YIELD, "status");
_Static_assert(SHIM_ERRRUN == LUA_ERRRUN, "status");
_Static_assert(SHIM_ERRSYNTAX == LUA_ERRSYNTAX, "status");
_Static_assert(SHIM_ERRMEM == LUA_ERRMEM, "status");
_Static_assert(SHIM_ERRERR == LUA_ERRERR, "status");
_Static_assert(LUA_VERSION_NUM == 504, "the shim knows Lua 5.4");
_Static_assert(LUA_EXTRASPACE >= sizeof(void *), "the host's address lives in the extra space");
_Static_assert(sizeof(lua_Integer) == 8 && sizeof(lua_Number) == 8, "64-bit numbers");

const char shim_key_handle, shim_key_internals, shim_key_error_meta,
    shim_key_chain_error, shim_key_chain_text, shim_key_waiting, shim_key_sentinel, shim_key_sentinel_meta,
    shim_key_finalizer_queue, shim_key_loaded, shim_key_hints;

const char *shim_lua_release(void) { return LUA_RELEASE; }

/*
 * 5.4.4 creates these inside lua_resume without protection; under a refusing allocator that is a panic (upstream
 * 25da574f). Short strings that exist already are found instead of made.
 */
static __LJMP void anchor_resume_messages(lua_State *L) {
    static const char *const messages[] = {
        "cannot resume dead coroutine",
        "cannot resume non-suspended coroutine",
        "C stack overflow",
        "error in error handling",
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        lua_pushstring(L, messages[i]);
        lua_pushboolean(L, 1);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
}

static __LJMP void new_registry_table(lua_State *L, const char *key, const char *mode) {
    lua_newtable(L);
    if (mode != NULL) {
        lua_newtable(L);
        lua_pushstring(L, mode);
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static __LJMP int open_protected(lua_State *L) {
    shim_host *h = shim_host_of(L);
    anchor_resume_messages(L);
    luaL_openlibs(L);
    new_registry_table(L, &shim_key_waiting, "k");
    new_registry_table(L, &shim_key_finalizer_queue, NULL);
    guarded_strings_open(L, &h->strings);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shim_key_internals);
    shim_open_errors(L);
    shim_open_hints(L);
    shim_open_tracebacks(L);
    shim_open_base(L);
    shim_open_load(L);
    shim_open_tables(L);
    shim_open_coroutines(L);
    shim_open_objects(L);
    shim_open_fronts(L);
    shim_open_finalizers(L);
    shim_open_collector(L);
    shim_open_json(L);
    shim_open_binary_text(L);
    lua_pop(L, 1);
    return 0;
}

lua_State *shim_open(const shim_callbacks *callbacks, const shim_limits *limits) {
    shim_host *h = calloc(1, sizeof *h);
    if (h == NULL) return NULL;
    h->callbacks = *callbacks;
    h->limits = *limits;
    h->strings.pattern_steps = limits->pattern_steps;
    h->strings.string_bytes = limits->string_bytes;
    h->closers_nanoseconds = SHIM_CLOSERS_NANOSECONDS;
    h->depth = 1;
    lua_State *L = lua_newstate(shim_allocate, h);
    if (L == NULL) {
        free(h);
        return NULL;
    }
    h->main = L;
    *(shim_host **)lua_getextraspace(L) = h;
    lua_atpanic(L, shim_panic);
    lua_setwarnf(L, shim_warn, h);
    shim_find_stack(h);
    shim_find_hook_switch(h);
    lua_pushcfunction(L, open_protected);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK || !shim_alarm_open(h)) {
        lua_close(L);
        free(h);
        return NULL;
    }
    return L;
}

void shim_close(lua_State *L) {
    shim_host *h = shim_host_of(L);
    h->shutting = true;
    h->depth = 1;
    lua_close(h->main);
    shim_alarm_close(h);
    shim_drop_library_names(h);
    free(h);
}

void shim_warn(void *ud, const char *text, int continues) {
    shim_host *h = ud;
    if (h->warn_length == 0 && !continues && text[0] == '@') { /* control messages: only @on and @off exist */
        if (text[1] == 'o') h->warn_off = text[2] == 'f';
        return;
    }
    while (*text != '\0' && h->warn_length < sizeof h->warn_text) h->warn_text[h->warn_length++] = *text++;
    if (continues) return;
    if (!h->warn_off) {
        h->depth++;
        h->callbacks.warn(h->callbacks.context, h->warn_text, h->warn_length);
        h->depth--;
    }
    h->warn_length = 0;
}
