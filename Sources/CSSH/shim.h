#include <libssh/libssh.h>
#include <libssh/callbacks.h>
#include <libssh/server.h>
// What a session's thread needs of the system beside libssh, and what Swift's Glibc module leaves out.
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/// Names the calling thread, as `top -H` and debuggers show it. At most 15 characters.
static inline void cssh_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
