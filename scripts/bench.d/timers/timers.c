/* What timers cost that a program has armed.

     timers SECONDS COMMAND…

   Starts the command and reads what it prints: a line that ends in "empty" before it arms anything, one with "armed" after
   that, one with "begin" and one with "end" around what it measures, and one with "lateness N", the result. Prints the megabytes
   of resident memory that lie between the first and the second, N, and the seconds of processor time from "begin" to "end",
   scaled to so many seconds. */
#define _GNU_SOURCE
#include "../lib/measured.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether that is the last word of a line; a log has the time and more before it. */
static int says(const char *line, const char *word) {
    const char *last = strrchr(line, ' ');
    last = last ? last + 1 : line;
    size_t length = strlen(word);
    return strncmp(last, word, length) == 0 && last[length] == '\n';
}

int main(int count, char **arguments) {
    if (count < 3) fail("usage: timers SECONDS COMMAND…");
    double duration = atof(arguments[1]), empty = 0, armed = 0, begin = 0, cpu = 0, spent = -1;
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
        if (says(line, "empty")) {
            empty = resident_bytes(process);
        } else if (says(line, "armed")) {
            armed = resident_bytes(process);
        } else if (says(line, "begin")) {
            begin = now(), cpu = cpu_seconds(process);
        } else if (says(line, "end")) {
            spent = (cpu_seconds(process) - cpu) / (now() - begin) * duration;
        } else if (lateness && begin > 0 && spent >= 0) {
            printf("%.2f %.1f %.4f\n", (armed - empty) / 1e6, atof(lateness + strlen("lateness ")), spent);
            end_measured();
            return 0;
        }
    }
    fail("the program ended without a result");
}
