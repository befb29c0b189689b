/* Passive HSMS equipment that answers at once: Select, Linktest and Separate; S1F1 with a model and a revision; S1F13;
   S7F5 with an S7F6 that carries 16,000,000 bytes. In C, one process a connection, so that it is the other side which is
   measured. It listens on the loopback port that it prints, and ends, with all its connections, when its input ends. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 10, LARGE = 16000000, BUFFER = 65536 };
enum { SELECT = 1, LINKTEST = 5, SEPARATE = 9 };

/* Where a message, its length included, has its header's fields. */
enum { STREAM = 6, FUNCTION = 7, TYPE = 9 };

static const uint8_t identity[] = {0x01, 2, 0x41, 7, 'L', 'e', 'c', 't', 'e', 'r', 'n', 0x41, 5, '0', '.', '1', '.', '0'};
static const uint8_t accepted[] = {0x01, 2, 0x21, 1, 0, 0x01, 0};
static uint8_t *program; /* the item of the large message: <L <A "x"> <B …>> */
static size_t program_length;

static void send_all(int client, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(client, bytes, count);
        if (written <= 0) _exit(0);
        bytes += written;
        count -= (size_t)written;
    }
}

/* Sends a message with the session and the system bytes of a request; header and text in one piece when the text is short. */
static void answer(int client, const uint8_t *request, uint8_t stream, uint8_t function, uint8_t type, const uint8_t *text,
                   size_t count) {
    uint8_t message[4 + HEADER + 64];
    uint32_t length = htonl((uint32_t)(HEADER + count));
    memcpy(message, &length, 4);
    memcpy(message + 4, request + 4, HEADER);
    message[STREAM] = stream;
    message[FUNCTION] = function;
    message[TYPE] = type;
    if (count <= 64) {
        if (count > 0) memcpy(message + 4 + HEADER, text, count);
        send_all(client, message, 4 + HEADER + count);
    } else {
        send_all(client, message, 4 + HEADER);
        send_all(client, text, count);
    }
}

static void respond(int client, const uint8_t *request) {
    uint8_t type = request[TYPE], stream = request[STREAM] & 0x7F, function = request[FUNCTION];
    if (type == SELECT || type == LINKTEST) {
        answer(client, request, 0, 0, type + 1, NULL, 0);
    } else if (type == SEPARATE) {
        _exit(0);
    } else if (type == 0 && stream == 1 && function == 1) {
        answer(client, request, 1, 2, 0, identity, sizeof identity);
    } else if (type == 0 && stream == 1 && function == 13) {
        answer(client, request, 1, 14, 0, accepted, sizeof accepted);
    } else if (type == 0 && stream == 7 && function == 5) {
        answer(client, request, 7, 6, 0, program, program_length);
    }
}

static void serve(int client) {
    static uint8_t buffer[BUFFER];
    size_t held = 0;
    for (;;) {
        ssize_t count = read(client, buffer + held, sizeof buffer - held);
        if (count <= 0) _exit(0);
        held += (size_t)count;
        size_t done = 0;
        while (held - done >= 4 + HEADER) {
            uint32_t length;
            memcpy(&length, buffer + done, 4);
            length = ntohl(length);
            if (length < HEADER || length > BUFFER - 4) _exit(1);
            if (held - done < 4 + length) break;
            respond(client, buffer + done);
            done += 4 + length;
        }
        held -= done;
        memmove(buffer, buffer + done, held);
    }
}

static void make_program(void) {
    const uint8_t head[] = {0x01, 2, 0x41, 1, 'x', 0x23, LARGE >> 16, LARGE >> 8 & 0xFF, LARGE & 0xFF};
    program_length = sizeof head + LARGE;
    program = malloc(program_length);
    if (program == NULL) exit(1);
    memcpy(program, head, sizeof head);
    memset(program + sizeof head, 0x5A, LARGE);
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("peer");
        return 1;
    }
    make_program();
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd watched[] = {{.fd = listener, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
        if (poll(watched, 2, -1) < 0) return 1;
        if (watched[1].revents != 0) return 0;
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            serve(client);
        }
        close(client);
    }
}
