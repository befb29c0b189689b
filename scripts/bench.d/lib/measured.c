#define _GNU_SOURCE
#include "measured.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t measured = 0;
/* The core of the measured process; negative when it may use any. */
static int measured_core = -1;

static double seconds_of(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) fail("cannot read a clock: %s", strerror(errno));
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double now(void) { return seconds_of(CLOCK_MONOTONIC); }

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    end_measured();
    exit(1);
}

/* A handler of SIGALRM may only do what is safe in one. */
static void time_is_over(int signal_number) {
    (void)signal_number;
    static const char text[] = "gave up: the measurement took too long\n";
    if (measured > 0) kill(measured, SIGKILL);
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(2);
    _exit(1);
}

void limit_time(unsigned seconds) {
    signal(SIGALRM, time_is_over);
    alarm(seconds);
}

void take_own_core(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("cannot read the cores: %s", strerror(errno));
    if (CPU_COUNT(&allowed) < 2) return;
    int own = -1;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &allowed)) continue;
        if (own < 0) own = core;
        measured_core = core;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(own, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("cannot take a core: %s", strerror(errno));
}

/* In the child: becomes the command. */
static _Noreturn void become(char *const command[], int output, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* The parent may have ended before that was set. */
    if (getppid() != parent) _exit(1);
    if (measured_core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(measured_core, &set);
        if (sched_setaffinity(0, sizeof set, &set) != 0) fail("cannot set the core: %s", strerror(errno));
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output < 0 ? nothing : output, STDOUT_FILENO) < 0)
        fail("cannot connect a command: %s", strerror(errno));
    execvp(command[0], command);
    fprintf(stderr, "cannot start %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

pid_t start_measured(char *const command[], int output) {
    if (!command[0]) fail("there is no command to measure");
    pid_t parent = getpid(), child = fork();
    if (child < 0) fail("cannot fork: %s", strerror(errno));
    if (child == 0) {
        measured = 0;
        become(command, output, parent);
    }
    measured = child;
    return child;
}

void require_running(pid_t process) {
    int status;
    if (waitpid(process, &status, WNOHANG) != process) return;
    measured = 0;
    if (WIFEXITED(status)) fail("the measured process ended with exit code %d", WEXITSTATUS(status));
    fail("the measured process was ended by signal %d", WTERMSIG(status));
}

double cpu_seconds(pid_t process) {
    clockid_t clock;
    int problem = clock_getcpuclockid(process, &clock);
    if (problem != 0) fail("cannot read the processor time of %d: %s", (int)process, strerror(problem));
    return seconds_of(clock);
}

double resident_bytes(pid_t process) {
    char path[64], line[256];
    long kibibytes = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process);
    FILE *file = fopen(path, "r");
    if (!file) fail("cannot read %s: %s", path, strerror(errno));
    while (kibibytes < 0 && fgets(line, sizeof line, file)) sscanf(line, "Rss: %ld kB", &kibibytes);
    fclose(file);
    if (kibibytes < 0) fail("%s does not tell the resident memory", path);
    return (double)kibibytes * 1024;
}

long open_files(pid_t process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *folder = opendir(path);
    if (!folder) fail("cannot read %s: %s", path, strerror(errno));
    long count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

void end_measured(void) {
    if (measured <= 0) return;
    kill(measured, SIGKILL);
    waitpid(measured, NULL, 0);
    measured = 0;
}
