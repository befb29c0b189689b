/* Decompression by zlib, which is loaded with the first body that needs it. Its header is not needed to compile. */
#ifndef LECTERN_CINFLATE_H
#define LECTERN_CINFLATE_H

#include <stddef.h>
#include <stdint.h>

typedef enum __attribute__((enum_extensibility(closed))) cinflate_format {
    cinflate_raw,  /* deflate, RFC 1951 */
    cinflate_zlib, /* RFC 1950 */
    cinflate_gzip, /* RFC 1952, one member */
} cinflate_format;

typedef enum __attribute__((enum_extensibility(closed))) cinflate_outcome {
    cinflate_more,    /* more input or more room is needed */
    cinflate_end,     /* the data are complete */
    cinflate_damaged, /* the data are none of the format */
} cinflate_outcome;

typedef struct cinflate_stream cinflate_stream;

/* Loads zlib unless that is done. Any thread may call it; nothing else here may be called before it has succeeded.
 * Returns NULL, or why it cannot be loaded, which is valid until this thread loads something else. */
const char *cinflate_load(void);

/* Begins. Returns NULL when memory is short. */
cinflate_stream *cinflate_new(cinflate_format format);
void cinflate_free(cinflate_stream *stream);

/* Decompresses as far as input and room reach. `taken` and `written` are told how many bytes of each were used. */
cinflate_outcome cinflate_run(
    cinflate_stream *stream, const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *taken,
    size_t *written);

#endif
