/* Opens files below a folder, where no link leads out: openat2, which the C library has no function for. */
#ifndef LECTERN_CBENEATH_H
#define LECTERN_CBENEATH_H

#include <stdbool.h>

/* O_PATH, which Swift's Glibc module leaves out. */
extern const int beneath_path_only;

/* Whether the kernel has openat2 and lets this process use it. Tried once. */
bool beneath_is_known(void);

/*
 * As openat, but fails with EXDEV when `path` leads out of `folder` at any step: by "..", by a link, or because it begins
 * with a slash. Links of /proc are refused with ELOOP. Only for what is there: it makes nothing.
 */
int beneath_open(int folder, const char *path, int flags);

#endif
