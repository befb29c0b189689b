/* What the files of the shim share. Nothing here is seen by Swift. */
#ifndef CLUASHIM_INTERNAL_H
#define CLUASHIM_INTERNAL_H

#include "../CLua/shim.h"
#include "CLuaShim.h"
#include "guarded_strings.h"
#include "watchdog.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>

/*
 * Marks, read at each declaration and definition:
 *   __LJMP  may raise: call it only from C that Lua called, or under lua_pcall.
 * Everything without a mark never raises.
 */
#define __LJMP

/* One per nested lua_resume and coroutine.close, innermost first: its L is what runs. */
typedef struct shim_frame {
    lua_State *L;
    bool can_wait;              /* every resume outside of this one may yield */
    struct shim_frame *outer;
} shim_frame;

typedef struct shim_host {
    lua_State *main;
    shim_callbacks callbacks;
    shim_limits limits;
    guarded_string_limits strings;

    /* allocator.c */
    size_t used;
    int depth;                  /* 0 while the VM runs: only then does the limit bind */
    uint64_t refusal_countdown; /* for tests */
    bool refuse_retry;          /* Lua collects after a refusal and tries once more */
    bool refused;
    bool refused_stack;         /* the last refusal was of a deeper stack */
    size_t held;                /* bytes that the host's objects hold for the program */
    size_t unpaced;             /* of these, what the collector does not know of yet */

    /* stack.c: where a lua_State has the addresses of its stack, of the stack's end and of its top; 0: unknown */
    size_t stack_field, stack_end_field, stack_top_field;
    size_t overflowed;          /* what the stack held when it grew beyond its limit, if nobody has looked at it yet */

    /* collector.c */
    size_t kept;                /* when the last cycle ended */
    bool cycle_ended;           /* and nobody has looked at it yet */

    /* resume.c, coroutines.c */
    shim_frame *volatile frame; /* the alarm's handler reads it */
    bool waiting;               /* the yield under way is a host wait, not a program's */
    lua_State *resumed_thread;  /* where the values of the present resume were pushed */
    int resumed_count;
    bool resumed_raise;
    int closing;                /* nested coroutine.close */

    /* watchdog.c, alarm.c */
    _Atomic uint64_t burst_start; /* 0 while no Lua runs */
    _Atomic uint64_t next_check;
    _Atomic pid_t burst_thread; /* which runs Lua */
    struct shim_host *outer_host; /* whose function runs this host's task */
    struct shim_host *next_host;
    uint64_t kill_grace;        /* until when closers may run after a kill */
    uint64_t closers_nanoseconds; /* how long that is */
    int kill;
    bool warned;
    size_t hook_switch;         /* where a lua_State keeps whether hooks are on; 0: not known */
    unsigned char *hook_probe;  /* while that is looked for */

    /* stopping.c */
    uint64_t number;            /* by which other threads know it */
    _Atomic uint64_t stop_requested_at; /* 0: not */
    _Atomic bool is_stopping;   /* the loop has taken it: closers may run */
    _Atomic int place_question; /* a thread asks where the running task is */
    char place[256];

    bool hooks_off;             /* an error was raised with hooks off, and no protected call has restored them since */

    /* tracebacks.c: where the error that was noted last was caught */
    int chain_depth;            /* nested resumes; 0: none was noted */
    int chain_level;            /* frames of that coroutine outside of what caught it */
    lua_State *chain_thread;    /* whose frames it goes on to pass; NULL: another's */

    /* objects.c: references of the registry, where a number is found faster than an address; and how many handles there are */
    int handle_metatable, anchors, instances;
    size_t instance_count;

    /* finalizers.c */
    int64_t finalizers_first;
    int64_t finalizers_last;
    bool shutting;

    bool sorts_names;           /* json.c: of objects, always */

    /* libraries.c */
    int set_ups;                /* nested openings of what the host brings */
    bool opens_libraries;       /* whether any is left to be opened */
    struct library_name **library_names; /* chains of names whose looks are the same; NULL: there are none */

    /* warn pieces */
    char warn_text[1024];
    size_t warn_length;
    bool warn_off;
} shim_host;

/* Any thread's host in one load: lua_newthread copies the main thread's extra space. */
static inline shim_host *shim_host_of(lua_State *L) { return *(shim_host **)lua_getextraspace(L); }

/* Keys in the registry and in instances: their addresses count. */
extern const char shim_key_handle, shim_key_internals, shim_key_error_meta,
    shim_key_chain_error, shim_key_chain_text, shim_key_waiting, shim_key_sentinel, shim_key_sentinel_meta,
    shim_key_finalizer_queue, shim_key_loaded, shim_key_hints;

void *shim_allocate(void *ud, void *block, size_t kind_or_size, size_t new_size);
int shim_panic(lua_State *L);
/* Finds out where a coroutine has the addresses of its stack. Once, at the start. */
void shim_find_stack(shim_host *h);
/* watchdog.c: finds out where a lua_State keeps whether hooks are on. */
void shim_find_hook_switch(shim_host *h);
/* Before an error is raised inside a hook that its handlers and closers may run long after. */
void shim_allow_hooks(lua_State *L);
/* Whether a block may grow to so many bytes, more than SHIM_STACK_NOTICE_BYTES: false for a stack beyond all limits. */
bool shim_may_grow(shim_host *h, const void *block, size_t kind_or_size, size_t new_size);
#define SHIM_STACK_NOTICE_BYTES ((size_t)(SHIM_STACK_LIMIT + 5) * 16)
/* Raises when the stack has got too deep. In a hook. */
__LJMP void shim_check_stack(lua_State *L);
/* Tells the collector of what the host's objects hold, so that it comes as soon as for Lua's own. */
void shim_pace_held(shim_host *h);
/* Makes the next cycle of the collector begin no sooner than it is worth while. Outside of Lua. */
void shim_put_cycle_off(shim_host *h);
void shim_warn(void *ud, const char *text, int continues);

/* How long to-be-closed variables may go on after the task was ended. */
#define SHIM_CLOSERS_NANOSECONDS 50000000ull

/* A burst is what a task runs between two waits. */
void shim_watchdog_begin(shim_host *h);
void shim_watchdog_end(shim_host *h);
/* Has the watchdog look at the running task at its next instruction. */
void shim_watchdog_arm(shim_host *h);
/* Arms it when the running task is due. For the signal handler. */
void shim_watchdog_look(shim_host *h);
/* libraries.c: has the host open what the text at an index names; 0: one that is not known yet, and may name anything. */
__LJMP void shim_open_named(lua_State *L, int text);
void shim_drop_library_names(shim_host *h);

/* False when the system gives no thread. */
bool shim_alarm_open(shim_host *h);
void shim_alarm_close(shim_host *h);
void shim_alarm_begin(shim_host *h, uint64_t now);
void shim_alarm_end(shim_host *h);
/* The host of that number, locked: it stays until shim_alarm_unlock. NULL, and nothing locked, when it is closed. */
shim_host *shim_alarm_lock(uint64_t number);
void shim_alarm_unlock(void);
/* Has the thread look at the hosts now. Locked. */
void shim_alarm_wake(void);
/* Sends the signal to the thread that runs the host's task. Locked. */
void shim_alarm_send(shim_host *h);
/* Answers a question of another thread. For the signal handler, on the thread that runs the host. */
void shim_answer_place(shim_host *h);

__LJMP int shim_raise_kill(lua_State *L);

/* Marks a coroutine that programs may not resume or close. Raises for want of memory unless the host runs. */
__LJMP void shim_set_waiting(lua_State *L, int index, bool waiting);

__LJMP int shim_raise_fault(lua_State *L, const char *kind, const char *format, ...);
/* [-2] kind and message on top. */
__LJMP int shim_raise_fault_on_top(lua_State *L);
/* [0, +1] like luaL_where, but of the first level that is the program's. */
__LJMP void shim_where(lua_State *L, int level);
/* Whether a function is of a chunk of Lectern's own; of what lua_getinfo "S" filled in. */
bool shim_is_own(const lua_Debug *ar);
/* Whether there is such a level, and it is of Lectern's own or stands before one that is. Uses a place of L's stack. */
bool shim_is_own_level(lua_State *L, int level);
/* [-1, +1] A message on L that was raised on `raised`, whose frames still stand, names the program's line, and what to write
   where that is known. */
__LJMP void shim_mend_error(lua_State *L, lua_State *raised, int level);
/* hints.c: [-1, +1] Adds what to write to a message of Lua's own. `level` is that of the function that failed. */
__LJMP void shim_add_hint(lua_State *L, lua_State *raised, int level);
/* showing.c: whether the value is a table that has neither a text nor a name of its own. */
bool shim_is_plain_table(lua_State *L, int index);
/* [0, +1] The value at index as text for people: a table by its content. */
__LJMP void shim_show(lua_State *L, int index);
/* [0, +1] like luaL_traceback without a message, but of the program's frames only. */
__LJMP void shim_traceback(lua_State *L, lua_State *other, int level);
/* Notes the frames of a coroutine that ended with the error at index. */
__LJMP void shim_note_chain(lua_State *L, lua_State *inner, int error_index);
/* Called by a message handler with the error on top: notes the frames up to the function that catches it. */
__LJMP void shim_note_protected(lua_State *L, bool (*is_catcher)(lua_CFunction));
/* Drops what was noted. */
void shim_forget_errors(shim_host *h);
/* base.c: whether a C function is the message handler of a protected call. */
bool shim_is_message_handler(lua_CFunction function);

/* json.c: whether the value at index is a metatable by which `json` marks a table, which programs may replace by their own. */
bool shim_is_json_mark(lua_State *L, int index);

/* Each fills or replaces entries of the table on top (an internals table), or globals. Run protected at start. */
__LJMP void shim_open_base(lua_State *L);
__LJMP void shim_open_load(lua_State *L);
__LJMP void shim_open_tables(lua_State *L);
__LJMP void shim_open_coroutines(lua_State *L);
__LJMP void shim_open_objects(lua_State *L);
__LJMP void shim_open_finalizers(lua_State *L);
__LJMP void shim_open_collector(lua_State *L);
__LJMP void shim_open_errors(lua_State *L);
__LJMP void shim_open_hints(lua_State *L);
__LJMP void shim_open_tracebacks(lua_State *L);
__LJMP void shim_open_json(lua_State *L);
__LJMP void shim_open_binary_text(lua_State *L);

__LJMP int shim_act(lua_State *L, shim_host *h, shim_verdict verdict);
__LJMP int shim_trampoline(lua_State *L);
/* Stands before a function of Lectern's own in Lua; `host.front` makes them. */
__LJMP int shim_front(lua_State *L);
/* Adds `front` to the table on top. */
__LJMP void shim_open_fronts(lua_State *L);

#endif
