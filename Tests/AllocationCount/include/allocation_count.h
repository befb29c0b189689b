/* Counts what is taken from the heap, so that tests can hold it: such counts do not depend on the machine. */
#ifndef ALLOCATION_COUNT_H
#define ALLOCATION_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/* False under the address sanitizer, which has a heap of its own. */
bool allocations_are_counted(void);

/* How often the calling thread has asked for memory, or for more of it. */
uint64_t allocation_count(void);

#endif
