#define _GNU_SOURCE
#include "polling.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

_Static_assert(POLLING_READABLE == EPOLLIN && POLLING_WRITABLE == EPOLLOUT, "values of the system");
_Static_assert(POLLING_ERROR == EPOLLERR && POLLING_HANGUP == EPOLLHUP && POLLING_PEER_END == EPOLLRDHUP, "values of the system");
_Static_assert(sizeof(polling_event) == sizeof(struct epoll_event), "layout of the system");

static int result(int value) { return value < 0 ? -errno : value; }

int polling_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int poll, int operation, int fd, uint32_t events, uint64_t value) {
    struct epoll_event event = {.events = events, .data = {.u64 = value}};
    return result(epoll_ctl(poll, operation, fd, &event));
}

int polling_add(int poll, int fd, uint32_t events, uint64_t value) { return control(poll, EPOLL_CTL_ADD, fd, events, value); }

int polling_change(int poll, int fd, uint32_t events, uint64_t value) {
    return control(poll, EPOLL_CTL_MOD, fd, events, value);
}

int polling_remove(int poll, int fd) { return control(poll, EPOLL_CTL_DEL, fd, 0, 0); }

/* Kernels before 5.11, and containers that do not know the call, have milliseconds only. */
static _Atomic bool lacks_nanoseconds;

static int wait_for(int poll, struct epoll_event *events, int capacity, int64_t nanoseconds) {
    if (nanoseconds <= 0) return epoll_wait(poll, events, capacity, nanoseconds < 0 ? -1 : 0);
    if (!atomic_load_explicit(&lacks_nanoseconds, memory_order_relaxed)) {
        struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
        int count = epoll_pwait2(poll, events, capacity, &timeout, NULL);
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
        atomic_store_explicit(&lacks_nanoseconds, true, memory_order_relaxed);
    }
    int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    return epoll_wait(poll, events, capacity, milliseconds > 86400000 ? 86400000 : (int)milliseconds);
}

int polling_wait(int poll, polling_event *events, int capacity, int64_t nanoseconds) {
    int count = wait_for(poll, (struct epoll_event *)(void *)events, capacity, nanoseconds);
    return count < 0 && errno == EINTR ? 0 : result(count);
}

int polling_wakeup_create(void) { return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

/* It fails on a full counter only: then whoever waits is awake. */
void polling_wakeup_signal(int fd) { (void)eventfd_write(fd, 1); }

void polling_wakeup_clear(int fd) {
    eventfd_t count;
    (void)eventfd_read(fd, &count);
}

void polling_wakeup_await(int fd) {
    struct pollfd wakeup = {.fd = fd, .events = POLLIN};
    while (poll(&wakeup, 1, -1) < 0 && errno == EINTR) continue;
}

uint64_t polling_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int polling_stream_socket(int family) { return result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

int polling_datagram_socket(int family) { return result(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

int polling_echo_socket(int family) {
    int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    return result(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

int polling_accept(int fd, struct sockaddr_storage *address, socklen_t *length) {
    int accepted;
    do {
        *length = sizeof *address;
        accepted = accept4(fd, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (accepted < 0 && errno == EINTR);
    return result(accepted);
}

#define AGAIN(call)                                                                                                            \
    ssize_t done;                                                                                                              \
    do done = (call);                                                                                                          \
    while (done < 0 && errno == EINTR);                                                                                        \
    return done < 0 ? -errno : done

ssize_t polling_read(int fd, void *bytes, size_t count) { AGAIN(read(fd, bytes, count)); }

ssize_t polling_write(int fd, const void *bytes, size_t count) { AGAIN(write(fd, bytes, count)); }

ssize_t polling_send(int fd, const void *bytes, size_t count) { AGAIN(send(fd, bytes, count, MSG_NOSIGNAL)); }

ssize_t polling_receive_from(int fd, void *bytes, size_t capacity, struct sockaddr_storage *address, socklen_t *length) {
    *length = sizeof *address;
    AGAIN(recvfrom(fd, bytes, capacity, 0, (struct sockaddr *)address, length));
}

ssize_t polling_send_to(int fd, const void *bytes, size_t count, const struct sockaddr *address, socklen_t length) {
    AGAIN(sendto(fd, bytes, count, MSG_NOSIGNAL, address, length));
}

int polling_take_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

int polling_set_option(int fd, int level, int name, int value) { return result(setsockopt(fd, level, name, &value, sizeof value)); }

int polling_option(int fd, int level, int name, int *value) {
    socklen_t length = sizeof *value;
    return result(getsockopt(fd, level, name, value, &length));
}

int polling_set_reset_on_close(int fd) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
}

int polling_shut_output(int fd) { return result(shutdown(fd, SHUT_WR)); }

void polling_ignore_broken_pipes(void) {
    struct sigaction present;
    /* Whoever handles the signal goes on to do so. */
    if (sigaction(SIGPIPE, NULL, &present) == 0 && !(present.sa_flags & SA_SIGINFO) && present.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

void polling_name_thread(const char *name) {
    char shown[16];
    snprintf(shown, sizeof shown, "%s", name);
    (void)pthread_setname_np(pthread_self(), shown);
}

static _Thread_local void *thread_loop;

void *polling_thread_loop(void) { return thread_loop; }

void polling_set_thread_loop(void *loop) { thread_loop = loop; }
