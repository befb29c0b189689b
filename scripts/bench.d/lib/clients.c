#define _GNU_SOURCE
#include "clients.h"

#include "measured.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connected socket, or -1 with errno. */
static int try_to_connect(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (client < 0) fail("cannot make a socket: %s", strerror(errno));
    /* Closing resets: ten thousand closed connections must not keep their ports for a minute. */
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(client, (struct sockaddr *)&address, sizeof address) == 0) return client;
    int problem = errno;
    close(client);
    errno = problem;
    return -1;
}

int connect_when_listening(int port, pid_t process) {
    double deadline = now() + 20;
    for (;;) {
        int client = try_to_connect(port);
        if (client >= 0) return client;
        if (errno != ECONNREFUSED) fail("cannot connect: %s", strerror(errno));
        if (now() > deadline) fail("nothing listens on port %d after 20 seconds", port);
        require_running(process);
        usleep(5000);
    }
}

int connect_again(int port) {
    int client = try_to_connect(port);
    if (client < 0) fail("cannot connect: %s", strerror(errno));
    return client;
}

void send_all(int socket, const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = send(socket, bytes + done, size - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail("cannot send: %s", strerror(errno));
        done += (size_t)count;
    }
}

void receive_all(int socket, char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = recv(socket, bytes + done, size - done, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot receive: %s", strerror(errno));
        if (count == 0) fail("the peer closed its connection");
        done += (size_t)count;
    }
}
