#include "CSSH.h"

#include <dlfcn.h>

/* The interface of the headers that CSSH.h is compiled with. */
static const char library_name[] = "libssh.so.4";

bool cssh_load(cssh_functions *functions) {
    /* Never closed: OpenSSL cannot be unloaded. */
    void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
#define CSSH_FUNCTION(name) \
    if (!(functions->name = (__typeof__(functions->name))dlsym(library, "ssh_" #name))) return false;
    CSSH_FUNCTIONS(CSSH_FUNCTION)
#undef CSSH_FUNCTION
    return true;
}
