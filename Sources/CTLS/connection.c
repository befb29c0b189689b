#include "openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A queue of bytes. What is in it lies between `begin` and `end`. */
typedef struct buffer {
    uint8_t *bytes;
    size_t begin, end, capacity;
} buffer;

enum {
    smallest_capacity = 4096,
    /* An empty buffer that is larger is given back: a burst must not take its memory for ever. */
    largest_kept_capacity = 128 * 1024,
};

/* The most plaintext that waits for the rest of a message of the peer's, but for a single piece that is larger. */
enum { held_limit = 1 << 20 };
/* How often a peer may ask to renegotiate until this side sends something. Each time it is told that it may not. */
enum { refusal_limit = 16 };

struct ctls_connection {
    SSL *ssl;
    buffer input, output;
    /* Plaintext that the library would not take, as a message of the peer has arrived by half. */
    buffer held;
    bool is_established, is_closing, has_peer_closed;
    int refusals;
    ctls_failure failure;
    ctls_judge judge;
    void *judge_context;
    bool is_judged_alone, is_judged, is_refused;
    X509 *refused;
};

static size_t count_of(const buffer *buffer) { return buffer->end - buffer->begin; }

/* Makes room for `count` more bytes. */
static void reserve(buffer *buffer, size_t count) {
    if (buffer->capacity - buffer->end >= count) return;
    size_t held = count_of(buffer);
    if (held) memmove(buffer->bytes, buffer->bytes + buffer->begin, held);
    buffer->begin = 0;
    buffer->end = held;
    if (buffer->capacity - held >= count) return;
    size_t capacity = buffer->capacity ? buffer->capacity : smallest_capacity;
    while (capacity - held < count) capacity *= 2;
    buffer->bytes = realloc(buffer->bytes, capacity);
    if (!buffer->bytes) abort();
    buffer->capacity = capacity;
}

static void append(buffer *buffer, const void *bytes, size_t count) {
    if (!count) return;
    reserve(buffer, count);
    memcpy(buffer->bytes + buffer->end, bytes, count);
    buffer->end += count;
}

static void drop(buffer *buffer, size_t count) {
    buffer->begin += count;
    if (buffer->begin < buffer->end) return;
    buffer->begin = buffer->end = 0;
    if (buffer->capacity <= largest_kept_capacity) return;
    free(buffer->bytes);
    *buffer = (struct buffer) {0};
}

static int read_input(BIO *bio, char *bytes, int capacity) {
    buffer *input = &((ctls_connection *)openssl.BIO_get_data(bio))->input;
    size_t count = count_of(input);
    openssl.BIO_clear_flags(bio, BIO_FLAGS_RETRY_MASK);
    if (!count) {
        openssl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
        return -1;
    }
    if (count > (size_t)capacity) count = (size_t)capacity;
    memcpy(bytes, input->bytes + input->begin, count);
    drop(input, count);
    return (int)count;
}

static int write_output(BIO *bio, const char *bytes, int count) {
    openssl.BIO_clear_flags(bio, BIO_FLAGS_RETRY_MASK);
    append(&((ctls_connection *)openssl.BIO_get_data(bio))->output, bytes, (size_t)count);
    return count;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *ctls_make_method(void) {
    BIO_METHOD *method = openssl.BIO_meth_new(openssl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers");
    if (!method) return NULL;
    openssl.BIO_meth_set_read(method, read_input);
    openssl.BIO_meth_set_write(method, write_output);
    openssl.BIO_meth_set_ctrl(method, control);
    return method;
}

ctls_connection *ctls_connection_new(
    ctls_context *context, bool is_server, const char *server_name, ctls_failure *failure) {
    ctls_connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    ctls_clear_errors();
    SSL *ssl = connection->ssl = openssl.SSL_new((SSL_CTX *)context);
    BIO *bio = ssl ? openssl.BIO_new(openssl.method) : NULL;
    if (bio) {
        openssl.BIO_set_data(bio, connection);
        openssl.BIO_set_init(bio, 1);
        openssl.SSL_set_bio(ssl, bio, bio);
    }
    /* SSL_set_app_data, SSL_set_tlsext_host_name. */
    if (!bio || !openssl.SSL_set_ex_data(ssl, 0, connection)
        || (server_name
            && !openssl.SSL_ctrl(
                ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)server_name))) {
        ctls_take_errors(failure);
        ctls_connection_free(connection);
        return NULL;
    }
    if (is_server) openssl.SSL_set_accept_state(ssl);
    else openssl.SSL_set_connect_state(ssl);
    return connection;
}

void ctls_connection_free(ctls_connection *connection) {
    openssl.SSL_free(connection->ssl);
    openssl.X509_free(connection->refused);
    free(connection->input.bytes);
    free(connection->output.bytes);
    free(connection->held.bytes);
    free(connection);
}

static void fail(ctls_connection *connection, ctls_kind kind, const char *words) {
    connection->failure = (ctls_failure) {.kind = kind};
    snprintf(connection->failure.words, sizeof connection->failure.words, "%s", words);
}

void ctls_did_tell(const SSL *ssl, int where, int value) {
    if (where != SSL_CB_WRITE_ALERT || (value & 0xFF) != SSL_AD_NO_RENEGOTIATION) return;
    ctls_connection *connection = openssl.SSL_get_ex_data(ssl, 0);
    /* A peer that asks without end, and reads no answer, would have the answers pile up here. */
    if (++connection->refusals > refusal_limit) {
        fail(connection, ctls_kind_renegotiating, "PEER_KEEPS_RENEGOTIATING");
    }
}

void ctls_judge_peer(ctls_connection *connection, ctls_judge judge, void *context, bool is_alone) {
    connection->judge = judge;
    connection->judge_context = context;
    connection->is_judged_alone = is_alone;
    if (is_alone) openssl.SSL_set_verify(connection->ssl, SSL_VERIFY_PEER, ctls_did_verify);
}

static void keep_refused(ctls_connection *connection, X509 *certificate) {
    if (!connection->refused && certificate && openssl.X509_up_ref(certificate)) connection->refused = certificate;
}

/* The library asks several times; the owner is asked once. */
static int ask_owner(ctls_connection *connection, X509_STORE_CTX *store) {
    if (!connection->is_judged) {
        connection->is_judged = true;
        X509 *certificate = openssl.X509_STORE_CTX_get0_cert(store);
        ctls_certificate fields = {0};
        if (certificate) ctls_certificate_fill(&fields, certificate);
        connection->is_refused = !certificate || !connection->judge(connection->judge_context, &fields);
        ctls_certificate_clear(&fields);
        if (connection->is_refused) keep_refused(connection, certificate);
    }
    if (!connection->is_refused) return 1;
    /* It has the peer told that its certificate is bad. */
    openssl.X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
}

int ctls_did_verify(int is_good, X509_STORE_CTX *store) {
    const SSL *ssl = openssl.X509_STORE_CTX_get_ex_data(store, openssl.SSL_get_ex_data_X509_STORE_CTX_idx());
    ctls_connection *connection = openssl.SSL_get_ex_data(ssl, 0);
    /* The peer's own certificate comes last. */
    bool is_last = is_good && openssl.X509_STORE_CTX_get_error_depth(store) == 0;
    if (connection->judge && (connection->is_judged_alone || is_last)) return ask_owner(connection, store);
    if (is_good) return 1;
    keep_refused(connection, openssl.X509_STORE_CTX_get0_cert(store));
    return 0;
}

/* Judges a step that did not succeed. False when the stream has failed by it. */
static bool is_waiting(ctls_connection *connection, int result) {
    switch (openssl.SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        ctls_clear_errors();
        return true;
    case SSL_ERROR_ZERO_RETURN:
        ctls_clear_errors();
        if (connection->is_established) {
            connection->has_peer_closed = true;
            return true;
        }
        connection->failure = (ctls_failure) {.kind = ctls_kind_end_of_stream};
        return false;
    default:
        ctls_take_errors(&connection->failure);
        if (connection->failure.kind == ctls_kind_untrusted) {
            connection->failure.code = (int)openssl.SSL_get_verify_result(connection->ssl);
            if (connection->is_refused) connection->failure.kind = ctls_kind_refused;
        }
        return false;
    }
}

static bool has_failed(const ctls_connection *connection) { return connection->failure.kind != ctls_kind_none; }

/* Encrypts. Returns whether the bytes are taken; if not, the stream has failed or waits for the peer. */
static bool encrypt(ctls_connection *connection, const void *bytes, size_t count) {
    size_t written;
    /* At once for all records, with what most ciphers add to them. */
    reserve(&connection->output, count + count / 256 + 64);
    ctls_clear_errors();
    int result = openssl.SSL_write_ex(connection->ssl, bytes, count, &written);
    if (result == 1) {
        ctls_clear_errors();
        return true;
    }
    is_waiting(connection, result);
    return false;
}

/* Does what had to wait. */
static void catch_up(ctls_connection *connection) {
    buffer *held = &connection->held;
    if (has_failed(connection)) return;
    if (count_of(held)) {
        if (!encrypt(connection, held->bytes + held->begin, count_of(held))) return;
        drop(held, count_of(held));
    }
    if (!connection->is_closing || openssl.SSL_get_shutdown(connection->ssl) & SSL_SENT_SHUTDOWN) return;
    openssl.SSL_shutdown(connection->ssl);
    ctls_clear_errors();
}

void ctls_feed(ctls_connection *connection, const void *bytes, size_t count) {
    if (!has_failed(connection) && !connection->has_peer_closed) append(&connection->input, bytes, count);
}

int ctls_handshake(ctls_connection *connection) {
    if (has_failed(connection)) return -1;
    if (connection->is_established) return 1;
    ctls_clear_errors();
    int result = openssl.SSL_do_handshake(connection->ssl);
    if (result != 1) return is_waiting(connection, result) ? 0 : -1;
    ctls_clear_errors();
    connection->is_established = true;
    return 1;
}

ssize_t ctls_read(ctls_connection *connection, void *bytes, size_t capacity) {
    if (has_failed(connection)) return -1;
    size_t total = 0;
    while (total < capacity && !connection->has_peer_closed) {
        size_t count = 0;
        ctls_clear_errors();
        int result = openssl.SSL_read_ex(connection->ssl, (uint8_t *)bytes + total, capacity - total, &count);
        if (result == 1) {
            total += count;
        } else if (is_waiting(connection, result)) {
            break;
        } else {
            /* What came before the failure is told before it. */
            return total ? (ssize_t)total : -1;
        }
    }
    ctls_clear_errors();
    if (has_failed(connection)) return total ? (ssize_t)total : -1;
    catch_up(connection);
    return (ssize_t)total;
}

bool ctls_write(ctls_connection *connection, const void *bytes, size_t count) {
    if (has_failed(connection)) return false;
    if (!count || connection->is_closing) return true;
    connection->refusals = 0;
    size_t held = count_of(&connection->held);
    if (!held && encrypt(connection, bytes, count)) return true;
    if (has_failed(connection)) return false;
    if (held && held + count > held_limit) {
        fail(connection, ctls_kind_half_message, "PEER_SENT_HALF_A_MESSAGE");
        return false;
    }
    append(&connection->held, bytes, count);
    return true;
}

void ctls_close(ctls_connection *connection) {
    if (!connection->is_established) return;
    connection->is_closing = true;
    catch_up(connection);
}

size_t ctls_held_count(const ctls_connection *connection) { return count_of(&connection->held); }

const void *ctls_output(const ctls_connection *connection, size_t *count) {
    *count = count_of(&connection->output);
    return *count ? connection->output.bytes + connection->output.begin : NULL;
}

void ctls_drop_output(ctls_connection *connection, size_t count) { drop(&connection->output, count); }

bool ctls_has_peer_closed(const ctls_connection *connection) { return connection->has_peer_closed; }

const ctls_failure *ctls_connection_failure(const ctls_connection *connection) { return &connection->failure; }

int ctls_version(const ctls_connection *connection) {
    return connection->is_established ? openssl.SSL_version(connection->ssl) : 0;
}

bool ctls_peer_certificate(const ctls_connection *connection, ctls_certificate *certificate) {
    X509 *shown = openssl.SSL_get1_peer_certificate(connection->ssl);
    const X509 *known = shown ? shown : connection->refused;
    if (known) ctls_certificate_fill(certificate, known);
    openssl.X509_free(shown);
    return known;
}
