/* What timers cost that a program has armed.

     timers SECONDS COMMAND…

   Starts the command and reads what it prints: a line with the word "empty" before it arms anything, one with "armed" after
   that, and one with "lateness N" when it has measured. Prints the megabytes of resident memory that lie between the first and
   the second, N, and the seconds of processor time from the second to the third, scaled to so many seconds. */
#define _GNU_SOURCE
#include "../lib/measured.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
    if (count < 3) fail("usage: timers SECONDS COMMAND…");
    double duration = atof(arguments[1]), empty = 0, armed = 0, armed_at = 0, cpu = 0;
    int ends[2];
    if (duration <= 0 || pipe2(ends, O_CLOEXEC) != 0) fail("cannot begin");
    limit_time(60 + (unsigned)duration);
    take_own_core();
    pid_t process = start_measured(arguments + 2, ends[1]);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    char line[1024];
    while (output && fgets(line, sizeof line, output)) {
        const char *lateness = strstr(line, "lateness ");
        if (strstr(line, "empty")) {
            empty = resident_bytes(process);
        } else if (strstr(line, "armed")) {
            armed = resident_bytes(process);
            armed_at = now(), cpu = cpu_seconds(process);
        } else if (lateness && armed > 0) {
            double spent = cpu_seconds(process) - cpu, elapsed = now() - armed_at;
            printf("%.2f %.1f %.4f\n", (armed - empty) / 1e6, atof(lateness + strlen("lateness ")),
                spent / elapsed * duration);
            end_measured();
            return 0;
        }
    }
    fail("the program ended without a result");
}
