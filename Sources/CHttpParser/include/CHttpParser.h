/* http-parser, which splits HTTP messages into their parts: loaded with the first exchange instead of with the process,
 * as few programs speak HTTP. */
#ifndef LECTERN_CHTTPPARSER_H
#define LECTERN_CHTTPPARSER_H

#include <http_parser.h>
#include <stdbool.h>

/* What is called of it, by its names without `http_`. */
#define CHTTP_PARSER_FUNCTIONS(F) \
    F(parser_init) F(parser_execute) F(parser_pause) F(parser_version) F(should_keep_alive) F(errno_description)

/* The functions, of the types that the library's header declares. Constant once they are loaded, so any thread may use
 * them. */
typedef struct __attribute__((swift_attr("@Sendable"))) chttp_parser_functions {
#define CHTTP_PARSER_FUNCTION(name) __typeof__(http_##name) *name;
    CHTTP_PARSER_FUNCTIONS(CHTTP_PARSER_FUNCTION)
#undef CHTTP_PARSER_FUNCTION
} chttp_parser_functions;

/* Loads the library and fills in the functions. Returns NULL; or why it cannot be used, which is valid until this
 * thread loads something else. */
const char *chttp_parser_load(chttp_parser_functions *functions);

#endif
