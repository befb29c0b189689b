#define _GNU_SOURCE
#include "ring.h"

#include "ring_abi.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    SUBMISSIONS = 256,
    COMPLETIONS = 4096,
    FIRST_BUFFERS = 64,
    MOST_BUFFERS = 1024, /* a power of two */
    BUFFER_GROUP = 1,
    AT_A_TIME = 20, /* of the kernel, when one completion is waited for */
    MOST_AT_A_TIME = 256
};

/* Completions in the order in which they came. */
struct line {
    polling_completion *entries;
    size_t first, end, capacity;
};

struct polling_ring {
    int fd;
    uint32_t requests;

    void *rings;
    size_t rings_size;
    struct ring_submission *submissions;
    size_t submissions_size;
    _Atomic uint32_t *head, *tail, *flags;
    uint32_t mask, next; /* `next` runs ahead of `*tail` until a turn */

    _Atomic uint32_t *completion_head, *completion_tail;
    struct ring_completion *completions;
    uint32_t completion_mask;

    struct ring_buffer *buffers;
    uint8_t *bytes;
    uint16_t buffers_tail;
    unsigned provided, lent; /* how many there are, and how many of them were not given back */

    uint8_t *output;
    size_t staged;

    struct line told, failed;
};

static int result(long value) { return value < 0 ? -errno : (int)value; }

static void *memory(size_t size) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

static void release(void *start, size_t size) {
    if (start != NULL) munmap(start, size);
}

/* MARK: Lines */

static void append(struct line *line, uint64_t value, int32_t result, uint32_t flags) {
    if (line->end == line->capacity) {
        if (line->first > 0) {
            memmove(line->entries, line->entries + line->first, (line->end - line->first) * sizeof *line->entries);
            line->end -= line->first;
            line->first = 0;
        } else {
            size_t capacity = line->capacity > 0 ? 2 * line->capacity : 256;
            polling_completion *entries = realloc(line->entries, capacity * sizeof *entries);
            /* As everywhere in Swift: without memory for a few numbers nothing goes on. */
            if (entries == NULL) abort();
            line->entries = entries;
            line->capacity = capacity;
        }
    }
    line->entries[line->end++] = (polling_completion){.value = value, .result = result, .flags = flags};
}

static bool take(struct line *line, polling_completion *completion) {
    if (line->first == line->end) return false;
    *completion = line->entries[line->first++];
    if (line->first == line->end) line->first = line->end = 0;
    return true;
}

bool polling_ring_next_failure(polling_ring *ring, polling_completion *completion) { return take(&ring->failed, completion); }

bool polling_ring_next(polling_ring *ring, polling_completion *completion) { return take(&ring->told, completion); }

/* MARK: Making */

static int map(polling_ring *ring, const struct ring_parameters *given) {
    size_t submission = given->submission.array + given->submissions * sizeof(uint32_t);
    size_t completion = given->completion.completions + given->completions * sizeof(struct ring_completion);
    ring->rings_size = submission > completion ? submission : completion;
    ring->submissions_size = given->submissions * sizeof(struct ring_submission);
    int access = PROT_READ | PROT_WRITE, kind = MAP_SHARED | MAP_POPULATE;
    uint8_t *rings = mmap(NULL, ring->rings_size, access, kind, ring->fd, RING_SUBMISSIONS_OFFSET);
    if (rings == MAP_FAILED) return -errno;
    ring->rings = rings;
    void *submissions = mmap(NULL, ring->submissions_size, access, kind, ring->fd, RING_ENTRIES_OFFSET);
    if (submissions == MAP_FAILED) return -errno;
    ring->submissions = submissions;

    ring->head = (void *)(rings + given->submission.head);
    ring->tail = (void *)(rings + given->submission.tail);
    ring->flags = (void *)(rings + given->submission.flags);
    ring->mask = *(uint32_t *)(void *)(rings + given->submission.mask);
    uint32_t *array = (void *)(rings + given->submission.array);
    for (uint32_t index = 0; index < given->submissions; index++) array[index] = index;

    ring->completion_head = (void *)(rings + given->completion.head);
    ring->completion_tail = (void *)(rings + given->completion.tail);
    ring->completions = (void *)(rings + given->completion.completions);
    ring->completion_mask = *(uint32_t *)(void *)(rings + given->completion.mask);
    return 0;
}

static void provide(polling_ring *ring, uint16_t number) {
    struct ring_buffer *entry = &ring->buffers[ring->buffers_tail & (MOST_BUFFERS - 1)];
    /* Member by member: the last one of the first entry is the tail. */
    entry->address = (uintptr_t)(ring->bytes + (size_t)number * POLLING_RING_BUFFER_SIZE);
    entry->length = POLLING_RING_BUFFER_SIZE;
    entry->number = number;
    ring->buffers_tail++;
    atomic_store_explicit((_Atomic uint16_t *)&ring->buffers[0].tail, ring->buffers_tail, memory_order_release);
}

static int register_buffers(polling_ring *ring) {
    struct ring_buffers given = {.address = (uintptr_t)ring->buffers, .entries = MOST_BUFFERS, .group = BUFFER_GROUP};
    if (syscall(RING_REGISTER, ring->fd, RING_REGISTERS_BUFFERS, &given, 1) < 0) return -errno;
    while (ring->provided < FIRST_BUFFERS) provide(ring, (uint16_t)ring->provided++);
    return 0;
}

static int check_operations(int fd) {
    static const uint8_t needed[] = {RING_NOTHING, RING_POLL, RING_CANCEL, RING_SEND, RING_RECEIVE};
    struct ring_probe probe = {0};
    if (syscall(RING_REGISTER, fd, RING_REGISTERS_PROBE, &probe, 64) < 0) return -errno;
    for (size_t index = 0; index < sizeof needed; index++)
        if (needed[index] > probe.last || !(probe.operations[needed[index]].flags & 1)) return -EOPNOTSUPP;
    return 0;
}

static int set_up(polling_ring *ring, polling_ring_obstacle *obstacle) {
    struct ring_parameters given = {
        .completions = COMPLETIONS,
        .flags = RING_WITH_COMPLETION_SIZE | RING_BEGINS_DISABLED | RING_SUBMITS_ALL | RING_HAS_ONE_THREAD | RING_WORKS_WHEN_ASKED,
    };
    *obstacle = POLLING_RING_REFUSED;
    ring->fd = result(syscall(RING_SETUP, SUBMISSIONS, &given));
    if (ring->fd < 0) {
        if (ring->fd == -EINVAL) *obstacle = POLLING_RING_FEATURE;
        return ring->fd;
    }
    *obstacle = POLLING_RING_FEATURE;
    uint32_t needed = RING_ONE_MAPPING | RING_DROPS_NOTHING | RING_WAITS_WITH_TIME | RING_SKIPS_SUCCESS;
    if ((given.features & needed) != needed) return -EOPNOTSUPP;
    *obstacle = POLLING_RING_OPERATION;
    int status = check_operations(ring->fd);
    if (status < 0) return status;
    *obstacle = POLLING_RING_MEMORY;
    ring->buffers = memory(MOST_BUFFERS * sizeof *ring->buffers);
    ring->bytes = memory((size_t)MOST_BUFFERS * POLLING_RING_BUFFER_SIZE);
    ring->output = memory(POLLING_RING_OUTPUT_SIZE);
    if (ring->buffers == NULL || ring->bytes == NULL || ring->output == NULL) return -ENOMEM;
    status = map(ring, &given);
    if (status < 0) return status;
    *obstacle = POLLING_RING_BUFFERS;
    return register_buffers(ring);
}

int polling_ring_create(polling_ring **made, polling_ring_obstacle *obstacle) {
    polling_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) abort();
    ring->fd = -1;
    int status = set_up(ring, obstacle);
    if (status < 0) polling_ring_destroy(ring);
    else *made = ring;
    return status;
}

int polling_ring_enable(polling_ring *ring) { return result(syscall(RING_REGISTER, ring->fd, RING_REGISTERS_ENABLING, NULL, 0)); }

void polling_ring_destroy(polling_ring *ring) {
    if (ring == NULL) return;
    if (ring->fd >= 0) close(ring->fd);
    release(ring->submissions, ring->submissions_size);
    release(ring->rings, ring->rings_size);
    release(ring->buffers, MOST_BUFFERS * sizeof *ring->buffers);
    release(ring->bytes, (size_t)MOST_BUFFERS * POLLING_RING_BUFFER_SIZE);
    release(ring->output, POLLING_RING_OUTPUT_SIZE);
    free(ring->told.entries);
    free(ring->failed.entries);
    free(ring);
}

/* MARK: Entering the kernel */

static uint32_t waiting(const polling_ring *ring) {
    return ring->next - atomic_load_explicit(ring->head, memory_order_acquire);
}

/* Hands over what waits, and waits for `least` completions. */
static int enter(polling_ring *ring, uint32_t least, uint32_t flags, int64_t nanoseconds) {
    struct ring_time time = {.seconds = nanoseconds / 1000000000, .nanoseconds = nanoseconds % 1000000000};
    struct ring_wait wait = {.time = nanoseconds > 0 ? (uintptr_t)&time : 0};
    atomic_store_explicit(ring->tail, ring->next, memory_order_release);
    return result(syscall(RING_ENTER, ring->fd, waiting(ring), least, flags | RING_TAKES_TIME, &wait, sizeof wait));
}

/* Room for a request. When there is none, those that wait are handed over before their turn. */
static struct ring_submission *submission(polling_ring *ring) {
    if (waiting(ring) > ring->mask) {
        (void)enter(ring, 0, 0, 0);
        if (waiting(ring) > ring->mask) return NULL;
    }
    struct ring_submission *made = &ring->submissions[ring->next++ & ring->mask];
    *made = (struct ring_submission){.descriptor = -1};
    return made;
}

bool polling_ring_poll(polling_ring *ring, int fd, uint32_t events, uint64_t value) {
    struct ring_submission *made = submission(ring);
    if (made == NULL) return false;
    made->operation = RING_POLL;
    made->descriptor = fd;
    made->detail = events;
    made->value = value;
    ring->requests++;
    return true;
}

bool polling_ring_receive(polling_ring *ring, int fd, uint64_t value) {
    struct ring_submission *made = submission(ring);
    if (made == NULL) return false;
    made->operation = RING_RECEIVE;
    made->flags = RING_CHOOSES_BUFFER;
    made->priority = RING_AGAIN_AND_AGAIN;
    made->descriptor = fd;
    made->group = BUFFER_GROUP;
    made->value = value;
    ring->requests++;
    return true;
}

bool polling_ring_send(polling_ring *ring, int fd, const void *bytes, size_t count, uint64_t value) {
    struct ring_submission *made = submission(ring);
    if (made == NULL) return false;
    made->operation = RING_SEND;
    made->flags = RING_IS_SILENT_ON_SUCCESS;
    made->descriptor = fd;
    made->address = (uintptr_t)bytes;
    made->length = (uint32_t)count;
    /* Without waiting: so it is done when the kernel has taken it. Less than all is no success: so it is told. */
    made->detail = MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
    made->value = value;
    return true;
}

bool polling_ring_cancel(polling_ring *ring, uint64_t value) {
    struct ring_submission *made = submission(ring);
    if (made == NULL) return false;
    made->operation = RING_CANCEL;
    made->flags = RING_IS_SILENT_ON_SUCCESS;
    made->address = value;
    return true;
}

bool polling_ring_cancel_now(polling_ring *ring, uint64_t value) {
    return polling_ring_cancel(ring, value) && enter(ring, 0, RING_GETS_EVENTS, 0) >= 0;
}

void *polling_ring_stage(polling_ring *ring, size_t count) {
    if (count > POLLING_RING_OUTPUT_SIZE - ring->staged) return NULL;
    void *start = ring->output + ring->staged;
    ring->staged += count;
    return start;
}

bool polling_ring_extend(polling_ring *ring, const void *end, size_t count) {
    if (end != ring->output + ring->staged || count > POLLING_RING_OUTPUT_SIZE - ring->staged) return false;
    ring->staged += count;
    return true;
}

/* Fetches all that is told. */
static void fetch(polling_ring *ring) {
    uint32_t head = atomic_load_explicit(ring->completion_head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(ring->completion_tail, memory_order_acquire);
    for (; head != tail; head++) {
        const struct ring_completion *one = &ring->completions[head & ring->completion_mask];
        if (one->flags & POLLING_RING_HAS_BUFFER) ring->lent++;
        /* A request to cancel something, which was not there any more. */
        if (one->value == 0) continue;
        if ((one->value & POLLING_RING_KINDS) == POLLING_RING_SEND) {
            append(&ring->failed, one->value, one->result, 0);
        } else {
            if (!(one->flags & POLLING_RING_GOES_ON)) ring->requests--;
            append(&ring->told, one->value, one->result, one->flags);
        }
    }
    atomic_store_explicit(ring->completion_head, head, memory_order_release);
}

/* Does by itself what the kernel did not take: after a turn every send is done, and its bytes are needed no more. */
static void finish_sends(polling_ring *ring) {
    for (uint32_t index = atomic_load_explicit(ring->head, memory_order_acquire); index != ring->next; index++) {
        struct ring_submission *one = &ring->submissions[index & ring->mask];
        if (one->operation != RING_SEND) continue;
        ssize_t sent = send(one->descriptor, (const void *)(uintptr_t)one->address, one->length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent != (ssize_t)one->length) append(&ring->failed, one->value, sent < 0 ? -errno : (int32_t)sent, 0);
        *one = (struct ring_submission){.operation = RING_NOTHING, .descriptor = -1};
    }
    ring->staged = 0;
}

static bool has_overflown(const polling_ring *ring) {
    return atomic_load_explicit(ring->flags, memory_order_acquire) & RING_HAS_OVERFLOWN;
}

int polling_ring_turn(polling_ring *ring, int64_t nanoseconds) {
    int status = 0;
    bool is_served = ring->told.first == ring->told.end;
    if (is_served) {
        bool is_ready = atomic_load_explicit(ring->completion_tail, memory_order_acquire) !=
                        atomic_load_explicit(ring->completion_head, memory_order_relaxed);
        status = enter(ring, nanoseconds == 0 || is_ready ? 0 : 1, RING_GETS_EVENTS, nanoseconds);
    } else if (waiting(ring) > 0) {
        /* Nothing is asked for: what the kernel has ready stays there until the loop has served what it has. */
        status = enter(ring, 0, 0, 0);
    }
    finish_sends(ring);
    fetch(ring);
    /* The kernel works on a few at a time unless more are asked for. */
    if (is_served && ring->told.end - ring->told.first >= AT_A_TIME) {
        (void)enter(ring, MOST_AT_A_TIME, RING_GETS_EVENTS, 1);
        fetch(ring);
    }
    /* The queue was full, and the kernel keeps the rest, in order. It tells no more of it than it has requests. */
    while (has_overflown(ring)) {
        int flushed = enter(ring, 0, RING_GETS_EVENTS, 0);
        fetch(ring);
        if (flushed < 0) break;
    }
    if (status == -EAGAIN || status == -EBUSY || status == -ENOMEM) {
        /* No memory for requests at present. It is tried again in the next turn, and not at full speed. */
        struct timespec pause = {.tv_nsec = 1000000};
        if (ring->told.first == ring->told.end) nanosleep(&pause, NULL);
        return 0;
    }
    return status == -ETIME || status == -EINTR || status >= 0 ? 0 : status;
}

/* MARK: Buffers */

const void *polling_ring_buffer(polling_ring *ring, uint16_t number) {
    return ring->bytes + (size_t)number * POLLING_RING_BUFFER_SIZE;
}

void polling_ring_give_back(polling_ring *ring, uint16_t number) {
    ring->lent--;
    provide(ring, number);
}

void polling_ring_provide_more(polling_ring *ring) {
    /* Many may say so of the same want. */
    if (ring->lent < ring->provided) return;
    unsigned wanted = 2 * ring->provided;
    while (ring->provided < wanted && ring->provided < MOST_BUFFERS) provide(ring, (uint16_t)ring->provided++);
}

unsigned polling_ring_buffers(const polling_ring *ring) { return ring->provided; }

unsigned polling_ring_requests(const polling_ring *ring) { return ring->requests; }

/* MARK: Ending */

void polling_ring_end(polling_ring *ring) {
    fetch(ring);
    struct ring_submission *all = submission(ring);
    if (all != NULL) {
        all->operation = RING_CANCEL;
        all->flags = RING_IS_SILENT_ON_SUCCESS;
        all->detail = RING_CANCELS_ALL | RING_CANCELS_ANY;
    }
    /* All are done at once, for none of them runs on another thread. Should one not be, closing the ring ends it. */
    for (int attempt = 0; attempt < 100 && ring->requests > 0; attempt++) {
        (void)enter(ring, 1, RING_GETS_EVENTS, 10000000);
        fetch(ring);
    }
}

int polling_can_watch(int fd) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? -EPERM : 0;
}

/* MARK: Trying */

static int attempt(polling_ring *ring, int near, int far) {
    int room = 4096;
    if (setsockopt(near, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) < 0) return -errno;
    void *bytes = polling_ring_stage(ring, POLLING_RING_OUTPUT_SIZE);
    polling_completion told;
    /* One that succeeds, which is not told, and one that is too long. */
    if (!polling_ring_send(ring, near, bytes, 10, 16 | POLLING_RING_SEND)) return -EIO;
    if (!polling_ring_send(ring, near, bytes, POLLING_RING_OUTPUT_SIZE, 32 | POLLING_RING_SEND)) return -EIO;
    int status = polling_ring_turn(ring, 0);
    if (status < 0) return status;
    if (!polling_ring_next_failure(ring, &told) || told.value != (32 | POLLING_RING_SEND)) return -EIO;
    if (told.result <= 0 || told.result >= POLLING_RING_OUTPUT_SIZE) return -EIO;
    if (polling_ring_next_failure(ring, &told)) return -EIO;

    if (!polling_ring_receive(ring, far, 48 | POLLING_RING_RECEIVE)) return -EIO;
    status = polling_ring_turn(ring, 1000000000);
    if (status < 0) return status;
    uint32_t flags = POLLING_RING_HAS_BUFFER | POLLING_RING_GOES_ON;
    if (!polling_ring_next(ring, &told) || told.result <= 0 || (told.flags & flags) != flags) return -EIO;
    polling_ring_end(ring);
    return polling_ring_requests(ring) == 0 ? 0 : -EIO;
}

int polling_ring_try(polling_ring_obstacle *obstacle) {
    polling_ring *ring = NULL;
    int status = polling_ring_create(&ring, obstacle);
    if (status < 0) return status;
    *obstacle = POLLING_RING_BEHAVIOUR;
    status = polling_ring_enable(ring);
    int ends[2] = {-1, -1};
    if (status >= 0) status = result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
    if (status >= 0) {
        status = attempt(ring, ends[0], ends[1]);
        close(ends[0]);
        close(ends[1]);
    }
    polling_ring_destroy(ring);
    return status;
}
