/* A ring of io_uring for one loop: requests that the kernel serves while the loop waits, and bytes that it receives into buffers
 * which the ring owns. So no request ever refers to memory of a source: whatever is closed when, the kernel writes into the ring's
 * own memory only, which goes when every request is done.
 *
 * Calls belong to the loop's thread but create and destroy. Functions that fail return a negative errno value, or false when the
 * queue of submissions has no room: then the caller tries again in its next turn. */
#ifndef LECTERN_RING_H
#define LECTERN_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct polling_ring polling_ring;

/* What was the matter with a ring that cannot be had. */
typedef enum polling_ring_obstacle {
    POLLING_RING_REFUSED,   /* the first call was refused */
    POLLING_RING_FEATURE,   /* the kernel is too old */
    POLLING_RING_OPERATION, /* an operation is missing */
    POLLING_RING_BUFFERS,   /* no ring of buffers */
    POLLING_RING_MEMORY,    /* it cannot be mapped */
    POLLING_RING_BEHAVIOUR  /* a request was not served as it must be */
} polling_ring_obstacle;

/* The lowest bits of a value say what kind of request it is; the others are the caller's. */
enum {
    POLLING_RING_POLL = 0,
    POLLING_RING_RECEIVE = 1,
    POLLING_RING_SEND = 2,
    POLLING_RING_WAKE_UP = 4, /* this value alone */
    POLLING_RING_KINDS = 7
};

/* What came of a request: `result` is as of the system call, or a negative errno value. */
typedef struct polling_completion {
    uint64_t value;
    int32_t result;
    uint32_t flags;
} polling_completion;

enum {
    POLLING_RING_HAS_BUFFER = 1, /* flags >> 16 is the buffer's number */
    POLLING_RING_GOES_ON = 2,    /* the request stays in the kernel */

    POLLING_RING_BUFFER_SIZE = 4096,
    /* What can be staged for one turn. */
    POLLING_RING_OUTPUT_SIZE = 256 * 1024
};

/* Makes a ring that takes no request yet. */
int polling_ring_create(polling_ring **ring, polling_ring_obstacle *obstacle);
/* The ring is the calling thread's from now on. */
int polling_ring_enable(polling_ring *ring);
void polling_ring_destroy(polling_ring *ring);

/* Makes a ring, has it serve a few requests as a loop needs them, and lets it go. 0, or what was the matter. */
int polling_ring_try(polling_ring_obstacle *obstacle);

/* Tells once when the descriptor is ready; the result is what it is ready for. */
bool polling_ring_poll(polling_ring *ring, int fd, uint32_t events, uint64_t value);
/* Receives again and again, each time into a buffer, until it is told without POLLING_RING_GOES_ON. */
bool polling_ring_receive(polling_ring *ring, int fd, uint64_t value);
/* Sends at the end of this turn what was staged. Told by polling_ring_next_failure, and only when not all was sent. */
bool polling_ring_send(polling_ring *ring, int fd, const void *bytes, size_t count, uint64_t value);
/* Ends a request, which still is told of, and not later than what follows it. */
bool polling_ring_cancel(polling_ring *ring, uint64_t value);
/* Does so before it returns, so that the kernel has let go of the descriptor. */
bool polling_ring_cancel_now(polling_ring *ring, uint64_t value);

/* Room for bytes that are sent at the end of this turn; NULL when there is none. */
void *polling_ring_stage(polling_ring *ring, size_t count);
/* Whether what was staged last ends at `end`; then `count` bytes more are room behind it. */
bool polling_ring_extend(polling_ring *ring, const void *end, size_t count);

/* Hands all requests over and waits until something is told, at most `nanoseconds`; negative: for ever; not at all while
 * something told earlier was not fetched. Afterwards every send of this turn is done. 0 or a negative errno value. */
int polling_ring_turn(polling_ring *ring, int64_t nanoseconds);
/* The sends of this turn that were not done whole; first of all, since they were done before anything else that is told. */
bool polling_ring_next_failure(polling_ring *ring, polling_completion *completion);
bool polling_ring_next(polling_ring *ring, polling_completion *completion);

/* The bytes of a buffer, which are the caller's until it gives the buffer back. */
const void *polling_ring_buffer(polling_ring *ring, uint16_t number);
void polling_ring_give_back(polling_ring *ring, uint16_t number);
/* Doubles the number of buffers, as far as that goes, if none is left. */
void polling_ring_provide_more(polling_ring *ring);
/* How many buffers there are. */
unsigned polling_ring_buffers(const polling_ring *ring);

/* Cancels all requests and waits until the kernel is done with them; they are still told of by polling_ring_next. */
void polling_ring_end(polling_ring *ring);
/* Polls and receives that the kernel has. */
unsigned polling_ring_requests(const polling_ring *ring);

/* Whether the system's poll knows the descriptor: 0, or -EPERM as epoll would say. */
int polling_can_watch(int fd);

#endif
