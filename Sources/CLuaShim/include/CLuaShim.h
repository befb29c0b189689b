/*
 * CLuaShim: the only code that Lua may longjmp through.
 *
 * Swift sees this header and no other of Lua's: every function here is safe to call from Swift, because
 *   - it never raises (marked "never"), or
 *   - it allocates, and the allocator never refuses while the host is running (marked "memory", see allocator.c), or
 *   - it runs Lua code under protection and returns a status (marked "protected").
 * Stack effects are given as [-popped, +pushed]. Functions that push need a slot: shim_reserve() first when in doubt;
 * a host function starts with 20 free.
 */
#ifndef CLUASHIM_H
#define CLUASHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;

/* ---- the constants of Lua that Swift mirrors; checked against lua.h in state.c ---- */

enum shim_type {
    SHIM_TNONE = -1,
    SHIM_TNIL = 0,
    SHIM_TBOOLEAN = 1,
    SHIM_TLIGHTUSERDATA = 2,
    SHIM_TNUMBER = 3,
    SHIM_TSTRING = 4,
    SHIM_TTABLE = 5,
    SHIM_TFUNCTION = 6,
    SHIM_TUSERDATA = 7,
    SHIM_TTHREAD = 8
};

enum shim_status {
    SHIM_OK = 0,
    SHIM_YIELD = 1,
    SHIM_ERRRUN = 2,
    SHIM_ERRSYNTAX = 3,
    SHIM_ERRMEM = 4,
    SHIM_ERRERR = 5
};

/* ---- verdicts: what a host function tells the trampoline to do after Swift has returned ---- */

enum shim_verdict_kind {
    SHIM_RETURN,    /* return the `count` values on top */
    SHIM_FAULT,     /* raise an error value made of the two strings on top: kind, message */
    SHIM_RAISE,     /* raise the value on top */
    SHIM_WAIT,      /* suspend the task; shim_resume() later gives the results */
    SHIM_CALL       /* call the function below the `count` arguments on top, return its results; it may wait */
};

typedef struct shim_verdict {
    int32_t kind;
    int32_t count;
} shim_verdict;

/* Why a task must end, whatever its `pcall`s say. */
enum shim_kill {
    SHIM_KILL_NONE = 0,
    SHIM_KILL_TIME,         /* ran too long without a wait */
    SHIM_KILL_CANCELLED,    /* the host ended it */
    SHIM_KILL_NESTING       /* coroutine.close nested too deep for the C stack */
};

/* What a program did with a name that neither the instance nor its class has. */
enum shim_use {
    SHIM_READ,          /* read it, and has never set it on any object of the class */
    SHIM_READ_OF_OWN,   /* read it, on an instance of a class that may well have it as a field that is not set yet */
    SHIM_WRITE
};

typedef struct shim_callbacks {
    void *context;
    /* A declared function was called; the arguments are the whole stack of L. */
    shim_verdict (*call)(void *context, lua_State *L, uint32_t function);
    /* A name that neither the instance (index 1) nor its class has was read or written; the name is at index 2. */
    shim_verdict (*missing)(void *context, lua_State *L, uint32_t class_id, int use);
    /* Lua dropped the last reference to an instance. Must not call Lua. */
    void (*release)(void *context, void *object);
    /* `print` or `warn`: one whole line without its end. */
    void (*print)(void *context, const char *text, size_t length);
    void (*warn)(void *context, const char *text, size_t length);
    /* The running task has not waited for `nanoseconds`; L is where it is. Once per burst. */
    void (*slow)(void *context, lua_State *L, uint64_t nanoseconds);
} shim_callbacks;

typedef struct shim_limits {
    size_t memory_bytes;            /* 0: unlimited */
    uint64_t warn_nanoseconds;      /* 0: never */
    uint64_t burst_nanoseconds;     /* 0: never */
    uint64_t pattern_steps;
    size_t string_bytes;
    bool allow_bytecode;
} shim_limits;

/* ---- life ---- */

/* A new state with all standard libraries, guarded. NULL when there is no memory. never */
lua_State *shim_open(const shim_callbacks *callbacks, const shim_limits *limits);
/* Closes the state and everything in it. Late calls with its pointers are forbidden. never */
void shim_close(lua_State *L);
const char *shim_lua_release(void);

size_t shim_used_bytes(lua_State *L);
size_t shim_memory_limit(lua_State *L);
void shim_set_memory_limit(lua_State *L, size_t bytes);
/*
 * Charges the program with what the host's objects hold for it, or gives back what they hold no more. It counts beside
 * Lua's own memory against the same limit. May collect. memory
 */
void shim_charge(lua_State *L, int64_t bytes);
size_t shim_held_bytes(lua_State *L);

enum shim_refusal { SHIM_REFUSED_NOTHING, SHIM_REFUSED_MEMORY, SHIM_REFUSED_STACK };
/* What was refused since the last call. never */
int shim_take_refusal(lua_State *L);
/* The most values that the stack of one coroutine may hold as calls nest, see stack.c. */
#define SHIM_STACK_LIMIT 24000
/* Lists and objects within one another that `json` reads and writes. */
#define SHIM_JSON_DEEPEST 1000
void shim_collect(lua_State *L);
/* For tests: the n-th allocation from now on that the VM makes is refused, once; 0: none. never */
void shim_refuse_allocation(lua_State *L, uint64_t n);

/* ---- stopping: never ---- */

/* A number that no other state of this process has: what other threads know this one by. */
uint64_t shim_number(lua_State *L);
/* From any thread, also when the state is closed: ends the burst under way, and each that begins, at its next instruction
   with SHIM_KILL_CANCELLED, until the request is taken. */
void shim_request_stop(uint64_t number);
bool shim_stop_is_requested(lua_State *L);
/* Takes the request, and leaves later ones unheard: closers may run. When it was made, by the monotonic clock; 0: there was
   none. */
uint64_t shim_begin_stop(lua_State *L);
/* From now on no burst may take longer than this, closers of a task that was ended included, and none is reported as slow. */
void shim_limit_bursts(lua_State *L, uint64_t nanoseconds);
/* From the next burst on: when it is reported as slow, and when it is ended. 0: never. */
void shim_set_time_limits(lua_State *L, uint64_t warn_nanoseconds, uint64_t burst_nanoseconds);
/* From any thread, also when the state is closed: for how many nanoseconds the burst under way has run, and in `place`
   where its Lua is, if that can be told; 0 when no Lua runs. */
uint64_t shim_burst_under_way(uint64_t number, char *place, size_t size);
uint64_t shim_monotonic_now(void);

/* ---- stack and values: never ---- */

bool shim_reserve(lua_State *L, int slots);
int shim_top(lua_State *L);
void shim_set_top(lua_State *L, int index);
void shim_pop(lua_State *L, int count);
void shim_push_value(lua_State *L, int index);
void shim_insert(lua_State *L, int index);
void shim_remove(lua_State *L, int index);
void shim_replace(lua_State *L, int index);
void shim_move(lua_State *from, lua_State *to, int count);

int shim_type(lua_State *L, int index);
bool shim_to_boolean(lua_State *L, int index);
/* The integer at index, also of a float without fraction; *ok tells. Never converts strings. */
int64_t shim_to_integer(lua_State *L, int index, bool *ok);
double shim_to_number(lua_State *L, int index, bool *ok);
/* Whether the number at index is an integer for Lua, not a float. */
bool shim_is_integer(lua_State *L, int index);
/* The bytes of a string, valid while it is on the stack; NULL for any other type. */
const char *shim_to_bytes(lua_State *L, int index, size_t *length);
size_t shim_raw_length(lua_State *L, int index);
bool shim_is_callable(lua_State *L, int index);
/* What tells a table or a userdata from all others; NULL for a string or a number. */
const void *shim_identity(lua_State *L, int index);

enum shim_table_kind { SHIM_PLAIN_TABLE, SHIM_JSON_ARRAY, SHIM_JSON_OBJECT, SHIM_OTHER_TABLE };
/* Whether the table at index has a metatable, and whether that is one by which `json` marks tables. */
int shim_table_kind(lua_State *L, int index);
/* Marks the table on top as an array or an object of JSON. */
void shim_mark_json(lua_State *L, int kind);
bool shim_is_json_null(lua_State *L, int index);
void shim_push_json_null(lua_State *L);

void shim_push_nil(lua_State *L);
void shim_push_boolean(lua_State *L, bool value);
void shim_push_integer(lua_State *L, int64_t value);
void shim_push_number(lua_State *L, double value);

/* ---- memory ---- */

void shim_push_bytes(lua_State *L, const char *bytes, size_t length);
void shim_push_table(lua_State *L, int array, int fields);
/* A host function: calls shim_callbacks.call with this id. */
void shim_push_function(lua_State *L, uint32_t function);

int shim_raw_get_index(lua_State *L, int table, int64_t n);   /* [0, +1] */
int shim_raw_get_name(lua_State *L, int table, const char *name, size_t length); /* [0, +1] */
void shim_raw_set_index(lua_State *L, int table, int64_t n);  /* [-1, 0] */
void shim_raw_set(lua_State *L, int table);                   /* [-2, 0] the key is neither nil nor NaN */
void shim_raw_set_name(lua_State *L, int table, const char *name, size_t length); /* [-1, 0] */
/* Table iteration as lua_next: [-1, +2 or 0]; the key must be one that the last call gave. */
bool shim_next(lua_State *L, int table);

int32_t shim_reference(lua_State *L);                         /* [-1, 0] anchors the value on top */
void shim_push_reference(lua_State *L, int32_t reference);    /* [0, +1] */
void shim_drop_reference(lua_State *L, int32_t reference);    /* never */
void shim_push_globals(lua_State *L);                         /* [0, +1] */
void shim_push_main_table(lua_State *L);                      /* [0, +1] the table of host internals for the prelude */

/* Makes the function on top, which gives a descriptor or nil, a message and a number, one that gives Lua's own files: [-1, +1] */
void shim_wrap_opener(lua_State *L);

/* ---- protected ---- */

/* Compiles text (never bytecode): [0, +1] the function, or the message when the status is not SHIM_OK. */
int shim_load(lua_State *L, const char *text, size_t length, const char *chunk_name);
/* Makes the value on top the environment of the loaded chunk below it: [-1, 0]. never */
void shim_set_environment(lua_State *L);
/* tostring() of the value at index: [0, +1] always a string, also when __tostring fails. */
void shim_to_text(lua_State *L, int index);
/*
 * The content of the table at index as text for people: [0, +1]. False, and nothing pushed, when it has a text of its own or
 * a __tostring in it failed. protected
 */
bool shim_show_table(lua_State *L, int index);
/* Calls synchronously, where no wait is possible: [-(arguments+1), +results or +1 message]. */
int shim_call(lua_State *L, int arguments, int results);

/* ---- tasks ---- */

/* A new coroutine for a task, which programs may not resume or close: [0, +1] on L. memory */
lua_State *shim_new_thread(lua_State *L);
/*
 * Starts (the function and its `count` arguments are on task) or continues (the `count` values are on the thread that
 * waited) a task. With `raise` two values kind and message are on the waiting thread and are raised there.
 * Returns SHIM_OK with *results values on task, SHIM_YIELD when it waits, or an error with its value on task's top.
 * protected
 */
int shim_resume(lua_State *task, lua_State *waiting, int count, bool raise, int *results);
/* Ends the task: every `pcall` passes it on. Takes effect at its next instruction or when it is resumed. never */
void shim_kill(lua_State *L, int reason);
/* Lets the time of the running task begin anew: what it took so far was the host's. never */
void shim_forgive_time(lua_State *L);
/*
 * Between these two what runs is the host's own: it may take memory beyond the limit, and nothing ends it half-way. They
 * nest. never
 */
void shim_begin_set_up(lua_State *L);
void shim_end_set_up(lua_State *L);
/* Adds a name that a library brings; false: there is no memory for it. The library is a number from 0 on. never */
bool shim_add_library_name(lua_State *L, const char *name, size_t length, int library);
/* Sets the flag of each library of which a name is a word of the text. never */
void shim_find_libraries(lua_State *L, const char *text, size_t length, bool *found);
/* Whether `load` of a program asks the internals' function `open_libraries` to open what the text names. never */
void shim_open_by_load(lua_State *L, bool on);
/*
 * Whether the task on L has to end now, because it ran too long: for work of the host that takes long for its arguments.
 * When it has to, the host function returns a fault, whatever it says: no pcall stops it. never
 */
bool shim_is_over(lua_State *L);
/* The reason why the task that was resumed last was ended. never */
int shim_kill_reason(lua_State *L);
/* Whether the function running on L may return SHIM_WAIT. never */
bool shim_can_wait(lua_State *L);
/* Runs pending to-be-closed variables of a task that failed, under the watchdog. The thread is not used again. protected */
void shim_reset(lua_State *task);
/* Objects whose Lua finalizer waits to be run: [0, +2] function and object, or false and nothing. memory */
bool shim_next_finalizer(lua_State *L);
bool shim_has_finalizers(lua_State *L);

/* Where the function at `level` of L is: "file:line:" or "". [0, +1] memory */
void shim_push_where(lua_State *L, int level);
/* The C function that runs on L at the moment, as messages name it; "" when Lua code runs. [0, +1] memory */
void shim_push_running(lua_State *L);
/*
 * Makes the error message on top of a dead task name the program's line where it names one of the host's, and say what to
 * write where that is known, see shim_set_hint. [-1, +1] memory
 */
void shim_mend_message(lua_State *L);
/*
 * Sets what an error says that a program makes by calling a global that is not there, or by reading into it, if it is not
 * a function. memory
 */
void shim_set_hint(lua_State *L, bool is_function, const char *name, size_t name_length, const char *text, size_t length);
/*
 * Inside of the read of a name that an instance lacks: the method of a program's class that has the instance as its self,
 * and NULL when it is none's. The name lives as long as the method. memory
 */
const char *shim_stray_method(lua_State *L);
/* The traceback of L and of the coroutines that its error came through. [0, +1] memory */
void shim_push_traceback(lua_State *L, int error_index);
/* The name by which the running host function was called, and whether with ':'; "" when unknown. memory */
const char *shim_call_name(lua_State *L, bool *is_method);

/* ---- instances: tables with a handle to a Swift object ---- */

/* Makes the table on top the metatable of the table at index: [-1, 0]. Its __gc is run by a task. memory */
void shim_set_metatable(lua_State *L, int index);
/* In which bit an instance's handlers are noted: that of the event's number, at most this one. */
#define SHIM_LAST_HANDLER_BIT 63
/*
 * Makes the table at index an instance of `object`, which the handle now owns, with that many events. The result tells, for
 * as long as the handle owns the object, which events have a handler: one whose bit is not set has none. memory
 */
const uint64_t *shim_attach(lua_State *L, int index, void *object, uint32_t class_id, int events);
/*
 * A new instance of `object`, which the handle now owns, with the metatable that `metatable` refers to and that many
 * events. The `kept` values on top become the handlers 1 to `kept`: [-kept, +1]. One that is not listed is not found by
 * the object. Its result is that of shim_attach. memory
 */
const uint64_t *shim_push_new_instance(lua_State *L, void *object, uint32_t class_id, int32_t metatable, int events,
                                       int kept, bool is_listed);
/* The object of the instance at index; NULL when it is none. never */
void *shim_object(lua_State *L, int index, uint32_t *class_id);
/* The anchor of an instance that has none. */
#define SHIM_NO_ANCHOR 0
/* Pushes the instance of `object`, which has that anchor: [0, +1] or nothing and false when Lua has none. never */
bool shim_push_instance(lua_State *L, const void *object, int anchor);
/* Keeps an instance without an anchor alive; its anchor, or SHIM_NO_ANCHOR when Lua has none. memory */
int shim_anchor(lua_State *L, const void *object);
/* Keeps an instance alive no longer: it has no anchor any more. memory */
void shim_drop_anchor(lua_State *L, const void *object, int anchor);
/* Pushes the handler of an event, then the instance: [0, +2] or nothing and false. never */
bool shim_push_handler(lua_State *L, const void *object, int anchor, int event);
/* Pushes what the instance at index has as handler of an event: [0, +1], nil when there is none. never */
void shim_push_handler_at(lua_State *L, int index, int event);
/* Sets the handler on top (function or nil): [-1, 0]. memory */
bool shim_set_handler(lua_State *L, const void *object, int anchor, int event);
/*
 * A table whose values are the instances with an anchor, or those without: [0, +1]. Free places of the former hold values
 * that are no instances. never
 */
void shim_push_instances(lua_State *L, bool anchored);
/* How many instances are alive. never */
size_t shim_instance_count(lua_State *L);

/* Accessor codes, the values of an accessors table (see objects.c). */
int64_t shim_property_code(uint32_t getter, uint32_t setter);
/* assigned: a function that is called with the instance after a handler was set; 0 for none. */
int64_t shim_event_code(int event, uint32_t assigned);

#endif
