/* Linux's readiness and socket calls, as far as Swift cannot see them or would pay for seeing them. Every function that fails
 * returns a negative errno value; none of them waits but polling_wait. */
#ifndef LECTERN_CPOLLING_H
#define LECTERN_CPOLLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    POLLING_READABLE = 1,  /* bytes, or the end, can be read */
    POLLING_WRITABLE = 4,  /* there is room to write */
    POLLING_ERROR = 8,     /* always told */
    POLLING_HANGUP = 16,   /* always told: both directions are shut */
    POLLING_PEER_END = 0x2000 /* the peer has shut its direction */
};

/* What became ready, and the value under which it was registered. Laid out as struct epoll_event, which is packed on x86-64 only. */
#if defined(__x86_64__)
#define POLLING_PACKED __attribute__((packed))
#else
#define POLLING_PACKED
#endif
typedef struct POLLING_PACKED polling_event {
    uint32_t events;
    uint64_t value;
} polling_event;

/* A descriptor that tells of others; -errno. */
int polling_create(void);

/* Begins to tell of a descriptor, changes what is told of it, or ends it. 0 or -errno. */
int polling_add(int poll, int fd, uint32_t events, uint64_t value);
int polling_change(int poll, int fd, uint32_t events, uint64_t value);
int polling_remove(int poll, int fd);

/* Waits until something is ready, at most `nanoseconds`; negative: for ever. Returns how many events there are, 0 when time has
 * passed or a signal came. */
int polling_wait(int poll, polling_event *events, int capacity, int64_t nanoseconds);

/* A counter that wakes a poll up from any thread; -errno. */
int polling_wakeup_create(void);
void polling_wakeup_signal(int fd);
void polling_wakeup_clear(int fd);
/* Waits until it was signalled. */
void polling_wakeup_await(int fd);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t polling_now(void);

/* A socket that never waits and is not inherited; -errno. The types are named since SOCK_STREAM is no number in Swift. */
int polling_stream_socket(int family);
int polling_datagram_socket(int family);
/* An ICMP echo socket that needs no privilege. */
int polling_echo_socket(int family);

/* Accepts one connection, that never waits and is not inherited; -errno. */
int polling_accept(int fd, struct sockaddr_storage *address, socklen_t *length);

/* Reads and writes that try again when a signal comes: how many bytes, or -errno. A write to a broken socket raises no signal. */
ssize_t polling_read(int fd, void *bytes, size_t count);
ssize_t polling_write(int fd, const void *bytes, size_t count);
ssize_t polling_send(int fd, const void *bytes, size_t count);

/* One datagram. What does not fit in `capacity` is lost. */
ssize_t polling_receive_from(int fd, void *bytes, size_t capacity, struct sockaddr_storage *address, socklen_t *length);
ssize_t polling_send_to(int fd, const void *bytes, size_t count, const struct sockaddr *address, socklen_t length);

/* The error that waits at a socket, and takes it away. */
int polling_take_error(int fd);

int polling_set_option(int fd, int level, int name, int value);
int polling_option(int fd, int level, int name, int *value);

/* Closing will reset the connection instead of sending what is queued. */
int polling_set_reset_on_close(int fd);

/* Shuts the sending direction. */
int polling_shut_output(int fd);

/* Writing to a pipe or socket whose reader is gone is told by the call, and ends no process. */
void polling_ignore_broken_pipes(void);

/* Names the calling thread for the tools of the system, which show 15 bytes of it. */
void polling_name_thread(const char *name);

/* The loop that runs on the calling thread, if one does. */
void *polling_thread_loop(void);
void polling_set_thread_loop(void *loop);

#endif
