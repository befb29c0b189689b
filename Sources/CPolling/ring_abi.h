/* io_uring as the kernel lays it down since 6.1. It stands here since many a system is built with older headers than its kernel has. */
#ifndef LECTERN_RING_ABI_H
#define LECTERN_RING_ABI_H

#include <stdint.h>

enum { RING_SETUP = 425, RING_ENTER = 426, RING_REGISTER = 427 }; /* system calls, of the same number everywhere */

enum ring_operation { RING_NOTHING = 0, RING_POLL = 6, RING_CANCEL = 14, RING_SEND = 26, RING_RECEIVE = 27 };

enum {
    RING_WITH_COMPLETION_SIZE = 1 << 3,
    RING_BEGINS_DISABLED = 1 << 6,
    RING_SUBMITS_ALL = 1 << 7,
    RING_HAS_ONE_THREAD = 1 << 12,
    RING_WORKS_WHEN_ASKED = 1 << 13,

    RING_ONE_MAPPING = 1 << 0,
    RING_DROPS_NOTHING = 1 << 1,
    RING_WAITS_WITH_TIME = 1 << 8,
    RING_SKIPS_SUCCESS = 1 << 11,

    RING_GETS_EVENTS = 1 << 0,
    RING_TAKES_TIME = 1 << 3,

    RING_REGISTERS_PROBE = 8,
    RING_REGISTERS_ENABLING = 12,
    RING_REGISTERS_BUFFERS = 22,

    RING_HAS_OVERFLOWN = 1 << 1, /* in the flags of the submission queue */

    RING_CHOOSES_BUFFER = 1 << 5, /* of a submission */
    RING_IS_SILENT_ON_SUCCESS = 1 << 6,
    RING_AGAIN_AND_AGAIN = 1 << 1, /* of a receive */
    RING_CANCELS_ALL = 1 << 0,
    RING_CANCELS_ANY = 1 << 2
};

enum { RING_SUBMISSIONS_OFFSET = 0, RING_ENTRIES_OFFSET = 0x10000000 }; /* where it is mapped from */

struct ring_submission {
    uint8_t operation, flags;
    uint16_t priority;
    int32_t descriptor;
    uint64_t offset, address;
    uint32_t length, detail;
    uint64_t value;
    uint16_t group, personality;
    int32_t file;
    uint64_t rest[2];
};

struct ring_completion {
    uint64_t value;
    int32_t result;
    uint32_t flags;
};

struct ring_parameters {
    uint32_t submissions, completions, flags, processor, idle, features, workers, rest[3];
    struct {
        uint32_t head, tail, mask, entries, flags, dropped, array, rest;
        uint64_t address;
    } submission;
    struct {
        uint32_t head, tail, mask, entries, overflow, completions, flags, rest;
        uint64_t address;
    } completion;
};

struct ring_wait {
    uint64_t signals;
    uint32_t signals_size, least;
    uint64_t time;
};

struct ring_time {
    int64_t seconds, nanoseconds;
};

/* The tail of a ring of buffers lies in the last member of its first entry. */
struct ring_buffer {
    uint64_t address;
    uint32_t length;
    uint16_t number, tail;
};

struct ring_buffers {
    uint64_t address;
    uint32_t entries;
    uint16_t group, flags;
    uint64_t rest[3];
};

struct ring_probe {
    uint8_t last, count;
    uint16_t rest;
    uint32_t more[3];
    struct {
        uint8_t operation, rest;
        uint16_t flags;
        uint32_t more;
    } operations[64];
};

_Static_assert(sizeof(struct ring_submission) == 64 && sizeof(struct ring_completion) == 16, "layout of the system");
_Static_assert(sizeof(struct ring_parameters) == 120 && sizeof(struct ring_wait) == 24, "layout of the system");
_Static_assert(sizeof(struct ring_buffer) == 16 && sizeof(struct ring_buffers) == 40, "layout of the system");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the halves of a poll's events change places elsewhere");

#endif
