#include "CInflate.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is used of <zlib.h>, whose interface is that of libz.so.1 since 1995. */
enum { Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0, MAX_WBITS = 15 };

typedef struct z_stream {
    const unsigned char *next_in;
    unsigned int avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned int avail_out;
    unsigned long total_out;
    const char *msg;
    struct internal_state *state;
    void *(*zalloc)(void *, unsigned int, unsigned int);
    void (*zfree)(void *, void *);
    void *opaque;
    int data_type;
    unsigned long adler;
    unsigned long reserved;
} z_stream;

static struct {
    int (*inflateInit2_)(z_stream *stream, int window_bits, const char *version, int size);
    int (*inflate)(z_stream *stream, int flush);
    int (*inflateEnd)(z_stream *stream);
    const char *(*zlibVersion)(void);
} zlib;

struct cinflate_stream {
    z_stream z;
};

static const char *load(void) {
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
#define LOAD(name) \
    if (!(zlib.name = (__typeof__(zlib.name))dlsym(library, #name))) return dlerror();
    LOAD(inflateInit2_)
    LOAD(inflate)
    LOAD(inflateEnd)
    LOAD(zlibVersion)
#undef LOAD
    return NULL;
}

const char *cinflate_load(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool is_loaded;
    const char *problem = NULL;
    pthread_mutex_lock(&lock);
    /* What went wrong once may be put right: a descriptor becomes free, or the library is installed. */
    if (!is_loaded) problem = load();
    is_loaded = !problem;
    pthread_mutex_unlock(&lock);
    return problem;
}

cinflate_stream *cinflate_new(cinflate_format format) {
    cinflate_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return NULL;
    /* As zlib.h has it: negative for no frame at all, 16 more for that of gzip. */
    int window = format == cinflate_raw ? -MAX_WBITS : format == cinflate_gzip ? MAX_WBITS + 16 : MAX_WBITS;
    if (zlib.inflateInit2_(&stream->z, window, zlib.zlibVersion(), sizeof stream->z) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

void cinflate_free(cinflate_stream *stream) {
    zlib.inflateEnd(&stream->z);
    free(stream);
}

cinflate_outcome cinflate_run(
    cinflate_stream *stream, const uint8_t *input, size_t count, uint8_t *output, size_t room, size_t *taken,
    size_t *written) {
    unsigned int input_count = count > UINT_MAX ? UINT_MAX : (unsigned int)count;
    unsigned int output_count = room > UINT_MAX ? UINT_MAX : (unsigned int)room;
    stream->z.next_in = input;
    stream->z.avail_in = input_count;
    stream->z.next_out = output;
    stream->z.avail_out = output_count;
    int result = zlib.inflate(&stream->z, Z_NO_FLUSH);
    *taken = input_count - stream->z.avail_in;
    *written = output_count - stream->z.avail_out;
    if (result == Z_STREAM_END) return cinflate_end;
    /* Z_BUF_ERROR: nothing could be done now, which is no fault. */
    return result == Z_OK || result == Z_BUF_ERROR ? cinflate_more : cinflate_damaged;
}
