#include "openssl.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The most bits of one's own key. */
enum { largest_key = 8192 };

static SSL_CTX *of(ctls_context *context) { return (SSL_CTX *)context; }

ctls_context *ctls_context_new(bool is_server, int minimum, int maximum, ctls_failure *failure) {
    ctls_clear_errors();
    SSL_CTX *context = openssl.SSL_CTX_new(is_server ? openssl.TLS_server_method() : openssl.TLS_client_method());
    if (!context) {
        ctls_take_errors(failure);
        return NULL;
    }
    /* A device without secure renegotiation is no danger to a side that refuses to renegotiate. */
    openssl.SSL_CTX_set_options(
        context,
        SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
    openssl.SSL_CTX_set_num_tickets(context, 0);
    openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    openssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, NULL);
    /* The older versions are made of nothing that a higher level permits. */
    if (minimum < TLS1_2_VERSION) openssl.SSL_CTX_set_security_level(context, 0);
    openssl.SSL_CTX_set_info_callback(context, ctls_did_tell);
    /* The peer chooses the group of a DHE exchange, and a large one takes a second to compute. Only the oldest devices
     * speak nothing else. */
    if ((minimum >= TLS1_2_VERSION && !openssl.SSL_CTX_set_cipher_list(context, "DEFAULT:!kDHE"))
        || !openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, minimum, NULL)
        || !openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, maximum, NULL)) {
        ctls_take_errors(failure);
        openssl.SSL_CTX_free(context);
        return NULL;
    }
    return (ctls_context *)context;
}

void ctls_context_free(ctls_context *context) { openssl.SSL_CTX_free(of(context)); }

/* Whether the machine's folder of authorities has them by the hash of their names, as the library looks for them. */
static bool has_hashed_folder(void) {
    const char *path = getenv(openssl.X509_get_default_cert_dir_env());
    DIR *folder = opendir(path ? path : openssl.X509_get_default_cert_dir());
    bool is_hashed = false;
    for (struct dirent *entry; folder && !is_hashed && (entry = readdir(folder));) {
        is_hashed = strspn(entry->d_name, "0123456789abcdef") == 8 && strcmp(entry->d_name + 8, ".0") == 0;
    }
    if (folder) closedir(folder);
    return is_hashed;
}

void ctls_context_trust_system(ctls_context *context) {
    /* From the folder, a handshake reads the one authority that it needs. All of them in one file take the library
     * 100 ms to read, so the file is for machines without such a folder, or whose administrator has named it. Both
     * functions succeed whatever can be read. */
    bool is_file_named = getenv(openssl.X509_get_default_cert_file_env());
    if (!is_file_named && has_hashed_folder()) openssl.SSL_CTX_set_default_verify_dir(of(context));
    else openssl.SSL_CTX_set_default_verify_paths(of(context));
    ctls_clear_errors();
}

void ctls_context_verify(ctls_context *context, bool is_optional) {
    int mode = SSL_VERIFY_PEER | (is_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    openssl.SSL_CTX_set_verify(of(context), mode, ctls_did_verify);
}

typedef struct passphrase {
    const uint8_t *bytes;
    size_t count;
} passphrase;

/* Without a callback, OpenSSL would ask at the terminal. */
static int tell_passphrase(char *bytes, int capacity, int is_writing, void *context) {
    const passphrase *secret = context;
    (void)is_writing;
    if (!secret->bytes || secret->count > (size_t)capacity) return -1;
    memcpy(bytes, secret->bytes, secret->count);
    return (int)secret->count;
}

static BIO *reader(const uint8_t *text, size_t count) {
    /* An empty text may have no address, which the library refuses. */
    if (count > INT_MAX) return NULL;
    return count ? openssl.BIO_new_mem_buf(text, (int)count) : openssl.BIO_new_mem_buf("", 0);
}

/* Hands every certificate of a text to `take`. False when there is none, or one that is damaged. */
static bool each_certificate(
    const uint8_t *text, size_t count, void (*take)(void *context, X509 *certificate, size_t index), void *context) {
    ctls_clear_errors();
    BIO *bio = reader(text, count);
    passphrase none = {NULL, 0};
    size_t taken = 0;
    for (X509 *next; bio && (next = openssl.PEM_read_bio_X509(bio, NULL, tell_passphrase, &none)); taken++) {
        take(context, next, taken);
        openssl.X509_free(next);
    }
    unsigned long error = openssl.ERR_peek_last_error();
    bool is_at_end = error >> 23 == ERR_LIB_PEM && (error & 0x7FFFFF) == PEM_R_NO_START_LINE;
    openssl.BIO_free(bio);
    ctls_clear_errors();
    return taken && is_at_end;
}

static void trust(void *context, X509 *certificate, size_t index) {
    (void)index;
    openssl.X509_STORE_add_cert(openssl.SSL_CTX_get_cert_store(context), certificate);
}

bool ctls_context_trust(ctls_context *context, const uint8_t *text, size_t count) {
    return each_certificate(text, count, trust, context);
}

typedef struct chain {
    SSL_CTX *context;
    ctls_failure *failure;
    bool is_unusable;
} chain;

static void show(void *context, X509 *certificate, size_t index) {
    chain *chain = context;
    if (chain->is_unusable) return;
    chain->is_unusable = index ? openssl.SSL_CTX_ctrl(chain->context, SSL_CTRL_CHAIN_CERT, 1, certificate) != 1
                               : openssl.SSL_CTX_use_certificate(chain->context, certificate) != 1;
    if (chain->is_unusable) ctls_take_errors(chain->failure);
}

ctls_identity ctls_context_identify(
    ctls_context *context, const uint8_t *text, size_t text_count, const uint8_t *key_text, size_t key_count,
    const uint8_t *secret, size_t secret_count, ctls_failure *failure) {
    chain chain = {of(context), failure, false};
    if (!each_certificate(text, text_count, show, &chain)) return ctls_identity_no_certificate;
    BIO *bio = reader(key_text, key_count);
    passphrase passphrase = {secret, secret_count};
    EVP_PKEY *key = bio ? openssl.PEM_read_bio_PrivateKey(bio, NULL, tell_passphrase, &passphrase) : NULL;
    openssl.BIO_free(bio);
    ctls_clear_errors();
    if (!key) return ctls_identity_no_key;
    /* Each handshake signs with it, and nothing can interrupt that. */
    if (openssl.EVP_PKEY_get_bits(key) > largest_key) {
        openssl.EVP_PKEY_free(key);
        return ctls_identity_large_key;
    }
    bool is_usable = !chain.is_unusable && openssl.SSL_CTX_use_PrivateKey(of(context), key) == 1
        && openssl.SSL_CTX_check_private_key(of(context)) == 1;
    openssl.EVP_PKEY_free(key);
    if (!is_usable && !chain.is_unusable) ctls_take_errors(failure);
    ctls_clear_errors();
    return is_usable ? ctls_identity_usable : ctls_identity_unusable;
}
