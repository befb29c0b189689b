/* A server for clients that are measured.

     reference MODE PORT CLIENTS SECONDS COMMAND…

   echo   sends back what comes
   reply  sends a line, "Pwr1" and CR LF, for each CR that comes
   Both: starts the command, which is to connect so many clients to the port of 127.0.0.1 and to keep them sending, and prints
   how many pieces (echo) or lines (reply) came in a second, the processor time of the client's process for each in
   microseconds, and its processor time in seconds per minute.

     reference send PORT MEGABYTES TIMES COMMAND…

   Sends so many megabytes, awaits one byte that says that they are received, and so on. Prints megabytes a second, and the
   processor time of the client's process for each hundred megabytes in milliseconds.

   It polls without sleeping: waking it up would cost the client, and more so the faster it is. */
#define _GNU_SOURCE
#include "clients.h"
#include "measured.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { warm_up_milliseconds = 500, events_at_once = 256, most_lines = 4096, buffer_size = 1 << 18 };

static const char line[] = "Pwr1\r\n";
static const size_t line_length = sizeof line - 1;

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0)
        fail("cannot listen on port %d: %s", port, strerror(errno));
    return listener;
}

static int accept_client(int listener) {
    int client = accept(listener, NULL, NULL), yes = 1;
    if (client < 0) fail("cannot accept: %s", strerror(errno));
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return client;
}

static void poll_for_input(int queue, int socket) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, socket, &event) != 0) fail("cannot poll: %s", strerror(errno));
}

/* The line, as often as it may be wanted at once. */
static char replies[most_lines * (sizeof line - 1)];

/* Reads what has come and answers it. How many messages that were; -1 when the client has gone. */
static long answer(int client, int echo) {
    static char input[16384];
    ssize_t count = recv(client, input, sizeof input, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count <= 0) return -1;
    if (echo) return send(client, input, (size_t)count, MSG_NOSIGNAL) == count ? 1 : -1;
    size_t lines = 0;
    for (ssize_t i = 0; i < count; i++) lines += input[i] == '\r';
    if (lines > most_lines) fail("a client sends %zu lines at once", lines);
    ssize_t size = (ssize_t)(lines * line_length);
    return send(client, replies, (size_t)size, MSG_NOSIGNAL) == size ? (long)lines : -1;
}

static void measure_answers(int echo, int listener, int clients, double duration, pid_t process) {
    int queue = epoll_create1(0), connected = 0, counting = 0;
    if (queue < 0) fail("cannot poll: %s", strerror(errno));
    poll_for_input(queue, listener);
    for (size_t i = 0; i < most_lines; i++) memcpy(replies + i * line_length, line, line_length);
    double begin = 0, end = 0, cpu = 0, patience = now() + 60;
    long total = 0, lost = 0;
    for (double time = now(); !counting || time < end; time = now()) {
        if (connected < clients && time > patience) fail("only %d of %d clients connected", connected, clients);
        if (connected == clients && begin == 0) begin = time + warm_up_milliseconds / 1e3;
        if (begin > 0 && !counting && time >= begin) {
            counting = 1, total = 0;
            begin = time, end = time + duration;
            cpu = cpu_seconds(process);
        }
        struct epoll_event events[events_at_once];
        int ready = epoll_wait(queue, events, events_at_once, 0);
        if (ready < 0 && errno != EINTR) fail("cannot poll: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) {
                poll_for_input(queue, accept_client(listener));
                connected++;
                continue;
            }
            long messages = answer(events[i].data.fd, echo);
            if (messages < 0) {
                require_running(process);
                close(events[i].data.fd);
                lost++;
            } else {
                total += messages;
            }
        }
        if (ready == 0 && connected < clients) require_running(process);
    }
    double spent = cpu_seconds(process) - cpu, elapsed = now() - begin;
    require_running(process);
    if (total == 0) fail("the clients sent nothing");
    /* As connection handlers do that had no answer for long. */
    if (lost > 0) fprintf(stderr, "reference: %ld connections were given up: the machine or the client is too busy\n", lost);
    printf("%.1f %.3f %.3f\n", (double)total / elapsed, spent * 1e6 / (double)total, spent / elapsed * 60);
}

static void measure_sending(int listener, long megabytes, int times, pid_t process) {
    static char bytes[buffer_size];
    memset(bytes, 'x', sizeof bytes);
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    while (poll(&waiting, 1, 100) <= 0) require_running(process);
    int client = accept_client(listener);
    double begin = 0, cpu = 0;
    /* The first time warms up. */
    for (int time = 0; time <= times; time++) {
        if (time == 1) begin = now(), cpu = cpu_seconds(process);
        for (long left = megabytes * 1000000; left > 0;) {
            size_t size = left < buffer_size ? (size_t)left : buffer_size;
            send_all(client, bytes, size);
            left -= (long)size;
        }
        char received;
        receive_all(client, &received, 1);
    }
    double spent = cpu_seconds(process) - cpu, elapsed = now() - begin, sent = (double)megabytes * times;
    printf("%.1f %.3f\n", sent / elapsed, spent * 1e3 / sent * 100);
}

int main(int count, char **arguments) {
    if (count < 6) fail("usage: reference MODE PORT CLIENTS SECONDS COMMAND…");
    const char *mode = arguments[1];
    int port = atoi(arguments[2]), echo = strcmp(mode, "echo") == 0;
    long first = atol(arguments[3]);
    double second = atof(arguments[4]);
    if (first < 1 || second <= 0) fail("the numbers are out of range");
    limit_time(120 + (unsigned)second);
    take_own_core();
    int listener = listen_on(port);
    pid_t process = start_measured(arguments + 5, -1);
    if (strcmp(mode, "send") == 0)
        measure_sending(listener, first, (int)second, process);
    else if (echo || strcmp(mode, "reply") == 0)
        measure_answers(echo, listener, (int)first, second, process);
    else
        fail("there is no mode %s", mode);
    end_measured();
    return 0;
}
