/*
 * Stopping a program from another thread, whatever it runs: a request ends the burst under way and each that begins, at
 * its next instruction, until the loop takes the request and goes on in its own way. A host is known by a number, so that
 * a late request for a closed state is harmless.
 */
#include "internal.h"

#include <string.h>
#include <time.h>

/* How long the thread that runs the task has for an answer: it only has to take a signal. */
#define PATIENCE_MILLISECONDS 100

enum { NOT_ASKED, ASKED, ANSWERED };

uint64_t shim_number(lua_State *L) { return shim_host_of(L)->number; }

void shim_request_stop(uint64_t number) {
    shim_host *h = shim_alarm_lock(number);
    if (h == NULL) return;
    /* What is being stopped already is left to its closers. */
    if (!atomic_load(&h->is_stopping)) {
        uint64_t none = 0;
        atomic_compare_exchange_strong(&h->stop_requested_at, &none, shim_monotonic_now());
        shim_alarm_wake();
    }
    shim_alarm_unlock();
}

bool shim_stop_is_requested(lua_State *L) {
    return atomic_load_explicit(&shim_host_of(L)->stop_requested_at, memory_order_relaxed) != 0;
}

uint64_t shim_begin_stop(lua_State *L) {
    shim_host *h = shim_host_of(L);
    atomic_store(&h->is_stopping, true);
    return atomic_exchange(&h->stop_requested_at, 0);
}

void shim_limit_bursts(lua_State *L, uint64_t nanoseconds) {
    shim_host *h = shim_host_of(L);
    h->limits.warn_nanoseconds = 0;
    h->limits.burst_nanoseconds = nanoseconds;
    h->closers_nanoseconds = nanoseconds < SHIM_CLOSERS_NANOSECONDS ? nanoseconds : SHIM_CLOSERS_NANOSECONDS;
}

void shim_set_time_limits(lua_State *L, uint64_t warn_nanoseconds, uint64_t burst_nanoseconds) {
    shim_host *h = shim_host_of(L);
    h->limits.warn_nanoseconds = warn_nanoseconds;
    h->limits.burst_nanoseconds = burst_nanoseconds;
}

/* ---- where a task is that does not come back ---- */

static char *append(char *at, char *end, const char *text) {
    while (*text != '\0' && at < end) *at++ = *text++;
    return at;
}

/* No library function: in a signal handler few may be called. */
static char *append_number(char *at, char *end, int number) {
    char digits[12];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10); while ((number /= 10) > 0);
    while (count > 0 && at < end) *at++ = digits[--count];
    return at;
}

/*
 * The thread is inside one call for long when it is asked, so the list of calls is whole. What is asked of Lua here reads
 * that list and the functions' debug information, and allocates nothing.
 */
void shim_answer_place(shim_host *h) {
    if (atomic_load(&h->place_question) != ASKED) return;
    char *at = h->place, *end = h->place + sizeof h->place - 1;
    lua_State *L = h->frame != NULL ? h->frame->L : NULL;
    lua_Debug ar;
    for (int level = 0; L != NULL && level < 50 && lua_getstack(L, level, &ar); level++) {
        if (!lua_getinfo(L, "nSl", &ar)) break;
        if (level == 0 && ar.what[0] == 'C' && ar.name != NULL) {
            at = append(append(append(at, end, "'"), end, ar.name), end, "' ");
        }
        if (ar.currentline > 0) {
            at = append(append(append(at, end, "at "), end, ar.short_src), end, ":");
            at = append_number(at, end, ar.currentline);
            break;
        }
    }
    *at = '\0';
    atomic_store(&h->place_question, ANSWERED);
}

uint64_t shim_burst_under_way(uint64_t number, char *place, size_t size) {
    place[0] = '\0';
    shim_host *h = shim_alarm_lock(number);
    if (h == NULL) return 0;
    uint64_t began = atomic_load(&h->burst_start);
    if (began != 0) {
        atomic_store(&h->place_question, ASKED);
        shim_alarm_send(h);
        for (int i = 0; i < PATIENCE_MILLISECONDS && atomic_load(&h->place_question) == ASKED; i++) {
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
        if (atomic_exchange(&h->place_question, NOT_ASKED) == ANSWERED) {
            strncpy(place, h->place, size - 1);
            place[size - 1] = '\0';
        }
    }
    shim_alarm_unlock();
    return began == 0 ? 0 : shim_monotonic_now() - began;
}
