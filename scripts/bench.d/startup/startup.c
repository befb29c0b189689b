/* How long a program takes from its start to the first line that it prints.

     startup TIMES COMMAND…

   Prints the shortest and the median time in milliseconds. */
#define _GNU_SOURCE
#include "../lib/measured.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double first_line_of(char *const command[]) {
    int ends[2];
    char output[4096];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("cannot make a pipe: %s", strerror(errno));
    double begin = now();
    start_measured(command, ends[1]);
    close(ends[1]);
    for (;;) {
        ssize_t count = read(ends[0], output, sizeof output);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail("the program ended without a line");
        if (memchr(output, '\n', (size_t)count)) break;
    }
    double elapsed = now() - begin;
    end_measured();
    close(ends[0]);
    return elapsed * 1e3;
}

int main(int count, char **arguments) {
    enum { most_times = 1000 };
    static double times[most_times];
    if (count < 3) fail("usage: startup TIMES COMMAND…");
    int number = atoi(arguments[1]);
    if (number < 1 || number > most_times) fail("the number is out of range");
    limit_time(60);
    take_own_core();
    for (int i = 0; i < number; i++) times[i] = first_line_of(arguments + 2);
    qsort(times, (size_t)number, sizeof times[0], by_size);
    printf("%.2f %.2f\n", times[0], times[number / 2]);
    return 0;
}
