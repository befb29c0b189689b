/* The process that is measured, for the programs of scripts/bench.d/lib: they start it themselves, so that they know it, read
   its costs at the very moments they measure, and end it whatever happens. */
#ifndef MEASURED_H
#define MEASURED_H

#include <sys/types.h>

/* Seconds of the monotonic clock. */
double now(void);

/* Ends this program and the measured process: a line on standard error, exit code 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails when this program still runs after so many seconds. */
void limit_time(unsigned seconds);

/* Keeps the calling program on the first core it may use, and the process that it starts on the last one: so the one never
   takes time from the other. With one core there is nothing to keep apart. */
void take_own_core(void);

/* Starts a command without input, as many files open as the system allows. Its standard output goes to `output`, or nowhere
   when that is negative. It ends with this program. */
pid_t start_measured(char *const command[], int output);

/* Fails when the measured process has ended by itself. */
void require_running(pid_t process);

/* Seconds of processor time of all threads of a process, exact to the scheduler's accounting. */
double cpu_seconds(pid_t process);

/* Resident bytes of a process, counted page by page. */
double resident_bytes(pid_t process);

/* How many files a process has open. */
long open_files(pid_t process);

/* Ends the measured process. Does nothing when there is none. */
void end_measured(void);

#endif
