/* PCRE2 on bytes: the engine behind the `re` library of programs. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
