/* A load generator: so many clients of an echo server, each of which sends a message, awaits it and sends the next one.

     load PORT CLIENTS SIZE SECONDS COMMAND…

   Starts the command, which is to listen on the port, and prints: messages a second, the 99th percentile of their latency in
   microseconds, and the server's processor time per message in microseconds. It polls without sleeping: waking it up would
   cost the server, and more so the faster it is. */
#include "clients.h"
#include "measured.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { largest_size = 16384, latencies = 2000000, warm_up_milliseconds = 300, events_at_once = 256 };

struct client {
    int socket;
    size_t received;
    double sent_at;
};

static char message[largest_size], answer[largest_size];
/* How many messages took so many microseconds. */
static unsigned counts[latencies];

static void send_message(struct client *client, size_t size) {
    client->received = 0;
    client->sent_at = now();
    ssize_t count = send(client->socket, message, size, MSG_NOSIGNAL);
    if (count != (ssize_t)size) fail("cannot send: %s", count < 0 ? strerror(errno) : "the socket's buffer is full");
}

/* Reads what has come for a client. Whether its message is back. */
static int receive(struct client *client, size_t size) {
    ssize_t count = recv(client->socket, answer, size - client->received, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (count < 0) fail("cannot receive: %s", strerror(errno));
    if (count == 0) fail("the server closed a connection");
    if (memcmp(answer, message + client->received, (size_t)count) != 0) fail("the server changed a message");
    client->received += (size_t)count;
    return client->received == size;
}

static long percentile(long total, double share) {
    long rest = (long)((double)total * (1 - share));
    for (long microseconds = latencies - 1; microseconds > 0; microseconds--) {
        rest -= counts[microseconds];
        if (rest < 0) return microseconds;
    }
    return 0;
}

int main(int count, char **arguments) {
    if (count < 6) fail("usage: load PORT CLIENTS SIZE SECONDS COMMAND…");
    int port = atoi(arguments[1]), number = atoi(arguments[2]);
    size_t size = (size_t)atol(arguments[3]);
    double duration = atof(arguments[4]);
    if (number < 1 || size < 1 || size > largest_size || duration <= 0) fail("the numbers are out of range");
    limit_time(60 + (unsigned)duration);
    take_own_core();
    pid_t server = start_measured(arguments + 5, -1);

    for (size_t i = 0; i < size; i++) message[i] = (char)('a' + i % 26);
    struct client *clients = calloc((size_t)number, sizeof *clients);
    int queue = epoll_create1(0);
    if (!clients || queue < 0) fail("cannot begin: %s", strerror(errno));
    for (int i = 0; i < number; i++) {
        clients[i].socket = i == 0 ? connect_when_listening(port, server) : connect_again(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        if (epoll_ctl(queue, EPOLL_CTL_ADD, clients[i].socket, &event) != 0) fail("cannot poll: %s", strerror(errno));
    }
    for (int i = 0; i < number; i++) send_message(&clients[i], size);

    double begin = now() + warm_up_milliseconds / 1e3, end = begin + duration, cpu = 0;
    long total = 0;
    int counting = 0;
    for (double time = now(); time < end; time = now()) {
        if (!counting && time >= begin) {
            counting = 1;
            /* From here on, however late this is. */
            begin = time, end = time + duration;
            cpu = cpu_seconds(server);
        }
        struct epoll_event events[events_at_once];
        int ready = epoll_wait(queue, events, events_at_once, 0);
        if (ready < 0 && errno != EINTR) fail("cannot poll: %s", strerror(errno));
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!receive(client, size)) continue;
            if (counting) {
                long microseconds = (long)((now() - client->sent_at) * 1e6);
                counts[microseconds < latencies ? microseconds : latencies - 1]++;
                total++;
            }
            send_message(client, size);
        }
    }
    double spent = cpu_seconds(server) - cpu, elapsed = now() - begin;
    require_running(server);
    if (total == 0) fail("no message came back");
    printf("%.0f %ld %.3f\n", (double)total / elapsed, percentile(total, 0.99), spent * 1e6 / (double)total);
    end_measured();
    return 0;
}
