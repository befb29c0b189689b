#include "CHttpParser.h"

#include <dlfcn.h>
#include <stddef.h>

/* The interface of the header that CHttpParser.h is compiled with: its structures are part of it. */
static const char library_name[] = "libhttp_parser.so.2.9";

const char *chttp_parser_load(chttp_parser_functions *functions) {
    void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
#define CHTTP_PARSER_FUNCTION(name) \
    if (!(functions->name = (__typeof__(functions->name))dlsym(library, "http_" #name))) return dlerror();
    CHTTP_PARSER_FUNCTIONS(CHTTP_PARSER_FUNCTION)
#undef CHTTP_PARSER_FUNCTION
    /* Before 2.9.3 it takes messages with two lengths, of which two readers may choose different ones. */
    if (functions->parser_version() < 0x020903) return "libhttp_parser.so.2.9: it is older than 2.9.3";
    return NULL;
}
