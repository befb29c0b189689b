/* Valgrind 3.19 writes into the mask that sigsuspend gets. libdispatch keeps its mask in memory that is read only, and
   valgrind ends there. Loaded before the C library, this hands on a copy. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t copy = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &copy, 8);
}
