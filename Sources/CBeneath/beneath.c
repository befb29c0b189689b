#define _GNU_SOURCE
#include "CBeneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

const int beneath_path_only = O_PATH;

static bool known;
static pthread_once_t once = PTHREAD_ONCE_INIT;

int beneath_open(int folder, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned) flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int descriptor;
    /* EAGAIN: something was renamed meanwhile, so the kernel cannot tell whether ".." stays below. */
    int tries = 0;
    do {
        descriptor = (int) syscall(SYS_openat2, folder, path, &how, sizeof how);
    } while (descriptor < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 16)));
    return descriptor;
}

static void probe(void) {
    int descriptor = beneath_open(AT_FDCWD, ".", O_PATH | O_CLOEXEC | O_DIRECTORY);
    /* Older kernels answer ENOSYS, and some filters of system calls EPERM. */
    known = descriptor >= 0 || (errno != ENOSYS && errno != EPERM);
    if (descriptor >= 0) close(descriptor);
}

bool beneath_is_known(void) {
    pthread_once(&once, probe);
    return known;
}
