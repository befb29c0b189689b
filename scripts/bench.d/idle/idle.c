/* The memory of clients that say nothing.

     idle PORT CLIENTS COMMAND…

   Starts the command, a server that listens on the port, and that collects its garbage and answers with one byte when it gets
   one. Connects so many clients and prints the bytes of resident memory that each of them takes. */
#define _GNU_SOURCE
#include "../lib/clients.h"
#include "../lib/measured.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { settle_microseconds = 500000 };

/* The resident memory behind a collection. */
static double settled_bytes(int client, pid_t server) {
    char byte = 'c';
    usleep(settle_microseconds);
    send_all(client, &byte, 1);
    receive_all(client, &byte, 1);
    usleep(settle_microseconds);
    return resident_bytes(server);
}

int main(int count, char **arguments) {
    if (count < 4) fail("usage: idle PORT CLIENTS COMMAND…");
    int port = atoi(arguments[1]);
    long clients = atol(arguments[2]);
    struct rlimit files;
    if (clients < 1 || getrlimit(RLIMIT_NOFILE, &files) != 0) fail("the numbers are out of range");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max < (rlim_t)clients + 100)
        fail("%ld clients need as many open files and a few more; the hard limit is %lu: raise it with ulimit -Hn", clients,
            (unsigned long)files.rlim_max);
    limit_time(90);
    take_own_core();
    pid_t server = start_measured(arguments + 3, -1);

    /* This one asks, and has had the server make all that it makes only once. */
    int first = connect_when_listening(port, server);
    double before = settled_bytes(first, server);
    long files_before = open_files(server);
    for (long i = 0; i < clients; i++) connect_again(port);
    for (double patience = now() + 30; open_files(server) < files_before + clients; usleep(10000)) {
        if (now() > patience) fail("the server has accepted only %ld clients", open_files(server) - files_before);
        require_running(server);
    }
    double after = settled_bytes(first, server);
    printf("%.0f\n", (after - before) / (double)clients);
    end_measured();
    return 0;
}
