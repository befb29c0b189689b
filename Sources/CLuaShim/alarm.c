/*
 * The alarm behind the watchdog: one thread of the process that sleeps until a task has run too long, and then sends a
 * signal to the thread that runs it. The handler arms the watchdog's hook in the state, as lua_sethook may be called from
 * a signal handler: it writes three fields, and the VM reads them at its next jump, call or loop.
 *
 * A hook that is always on would make the VM trace every instruction, which takes a tight loop three times as long. This
 * way a task costs two stores, and the thread wakes no more often than once in the shortest limit while programs run.
 */
#define _GNU_SOURCE /* gettid, pthread_setname_np */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Ignored unless somebody handles it, and sent by the system only to those who ask for urgent data. */
#define ALARM_SIGNAL SIGURG

/* The hook may have gone to a coroutine that ended before its next instruction: the signal is repeated. */
#define REPEAT_NANOSECONDS 5000000ull

/* Burst by burst: the hosts that run on this thread, innermost first. Its model makes it readable in the handler. */
static __attribute__((tls_model("initial-exec"))) _Thread_local shim_host *running;

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted;
static struct sigaction before;
static bool stands;             /* the thread and the handler are there */
static _Atomic bool is_watching; /* the thread will look at the hosts by itself */
static _Atomic uint64_t wakes_at; /* until when the thread sleeps; UINT64_MAX while it looks */
static shim_host *hosts;        /* under the mutex */
static uint64_t last_number;    /* under the mutex */

/* ---- the signal: on the thread that runs Lua ---- */

static void on_signal(int number, siginfo_t *info, void *context) {
    int saved = errno;
    for (shim_host *h = running; h != NULL; h = h->outer_host) {
        shim_watchdog_look(h);
        shim_answer_place(h);
    }
    if (before.sa_flags & SA_SIGINFO) {
        if (before.sa_sigaction != NULL) before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    }
    errno = saved;
}

/* ---- the thread ---- */

/* Sends a signal for each host that is due. The next time to look; 0 when no host runs Lua. Under the mutex. */
static uint64_t look(uint64_t now) {
    uint64_t next = 0;
    for (shim_host *h = hosts; h != NULL; h = h->next_host) {
        /* Two loads may be of two bursts: then the handler, which sees both as they are, finds nothing due. */
        uint64_t due = atomic_load(&h->stop_requested_at) != 0 ? 0 : h->next_check;
        if (atomic_load(&h->burst_start) == 0 || due == UINT64_MAX) continue;
        if (now >= due) {
            shim_alarm_send(h);
            due = now + REPEAT_NANOSECONDS;
        }
        if (next == 0 || due < next) next = due;
    }
    return next;
}

static void *watch(void *unused) {
    (void)unused;
    pthread_mutex_lock(&mutex);
    for (;;) {
        /* Until it is known again, every burst that begins wakes the thread, or waits for it here. */
        atomic_store(&wakes_at, UINT64_MAX);
        uint64_t next = look(shim_monotonic_now());
        if (next == 0) {
            /* Said first, then looked again: a burst that begins now sees it, or is seen. */
            atomic_store(&is_watching, false);
            next = look(shim_monotonic_now());
            if (next == 0) {
                pthread_cond_wait(&wanted, &mutex);
                continue;
            }
            atomic_store(&is_watching, true);
        }
        atomic_store(&wakes_at, next);
        struct timespec until = {(time_t)(next / 1000000000ull), (long)(next % 1000000000ull)};
        pthread_cond_timedwait(&wanted, &mutex, &until);
    }
    return NULL;
}

static void start(void) {
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&wanted, &clock);
    pthread_condattr_destroy(&clock);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(ALARM_SIGNAL, &action, &before) != 0) return;
    /* No signal of the process is to come to this thread. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    stands = pthread_create(&thread, &attributes, watch, NULL) == 0;
    if (stands) pthread_setname_np(thread, "lua watchdog");
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* ---- from other threads ---- */

shim_host *shim_alarm_lock(uint64_t number) {
    pthread_mutex_lock(&mutex);
    for (shim_host *h = hosts; h != NULL; h = h->next_host) {
        if (h->number == number) return h;
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

void shim_alarm_unlock(void) { pthread_mutex_unlock(&mutex); }

void shim_alarm_wake(void) {
    atomic_store(&is_watching, true);
    pthread_cond_signal(&wanted);
}

void shim_alarm_send(shim_host *h) { syscall(SYS_tgkill, getpid(), h->burst_thread, ALARM_SIGNAL); }

/* ---- hosts and their bursts ---- */

bool shim_alarm_open(shim_host *h) {
    pthread_once(&started, start);
    if (!stands) return false;
    pthread_mutex_lock(&mutex);
    h->number = ++last_number;
    h->next_host = hosts;
    hosts = h;
    pthread_mutex_unlock(&mutex);
    return true;
}

void shim_alarm_close(shim_host *h) {
    pthread_mutex_lock(&mutex);
    for (shim_host **link = &hosts; *link != NULL; link = &(*link)->next_host) {
        if (*link == h) {
            *link = h->next_host;
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
}

void shim_alarm_begin(shim_host *h, uint64_t now) {
    static _Thread_local pid_t thread;
    if (thread == 0) {
        thread = gettid();
        /* The pools of threads that programs run on block what they do not know. */
        sigset_t alarm;
        sigemptyset(&alarm);
        sigaddset(&alarm, ALARM_SIGNAL);
        pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    }
    h->burst_thread = thread;
    h->outer_host = running;
    running = h;
    atomic_store(&h->burst_start, now);
    bool stops = atomic_load(&h->stop_requested_at) != 0;
    if (stops) shim_watchdog_arm(h);
    /* A thread that sleeps for another program, whose limits are longer, has to be woken; so has it for a stop. */
    bool is_urgent = stops || atomic_load(&h->is_stopping);
    bool wakes_in_time = atomic_load(&is_watching) && atomic_load(&wakes_at) <= h->next_check;
    if (!is_urgent && (wakes_in_time || h->next_check == UINT64_MAX)) return;
    pthread_mutex_lock(&mutex);
    shim_alarm_wake();
    pthread_mutex_unlock(&mutex);
}

void shim_alarm_end(shim_host *h) {
    atomic_store_explicit(&h->burst_start, 0, memory_order_release);
    running = h->outer_host;
}
