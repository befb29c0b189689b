/* Digests, HMACs and random bytes of libcrypto. Each call returns; long data come in parts. */
#include "openssl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct ctls_digest {
    EVP_MD_CTX *hash; /* one of the two is set */
    EVP_MAC_CTX *code;
    size_t size, block_size;
};

void ctls_digest_free(ctls_digest *digest) {
    if (!digest) return;
    openssl.EVP_MD_CTX_free(digest->hash);
    openssl.EVP_MAC_CTX_free(digest->code);
    free(digest);
}

static bool begin_hash(ctls_digest *digest, const EVP_MD *algorithm) {
    digest->hash = openssl.EVP_MD_CTX_new();
    return digest->hash && openssl.EVP_DigestInit_ex2(digest->hash, algorithm, NULL) > 0;
}

/* The library keeps a key of any length and copies it with each context, so a long one is replaced by its digest, which
 * counts as the same key. */
static bool shorten(const EVP_MD *algorithm, const uint8_t *key, size_t *count, uint8_t result[CTLS_LARGEST_DIGEST]) {
    EVP_MD_CTX *hash = openssl.EVP_MD_CTX_new();
    unsigned int written = 0;
    bool is_done = hash && openssl.EVP_DigestInit_ex2(hash, algorithm, NULL) > 0
                   && openssl.EVP_DigestUpdate(hash, key, *count) > 0
                   && openssl.EVP_DigestFinal_ex(hash, result, &written) > 0;
    openssl.EVP_MD_CTX_free(hash);
    *count = written;
    return is_done;
}

static bool begin_code(
    ctls_digest *digest, const char *name, const EVP_MD *algorithm, const uint8_t *key, size_t count) {
    uint8_t digested[CTLS_LARGEST_DIGEST];
    if (count > digest->block_size) {
        if (digest->size > sizeof digested || !shorten(algorithm, key, &count, digested)) return false;
        key = digested;
    }
    EVP_MAC *hmac = openssl.EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!hmac) return false;
    digest->code = openssl.EVP_MAC_CTX_new(hmac);
    openssl.EVP_MAC_free(hmac); /* the context has its own reference */
    /* The library only reads the name. */
    OSSL_PARAM parameters[] = {
        {"digest", OSSL_PARAM_UTF8_STRING, (void *)(uintptr_t)name, strlen(name), 0},
        {NULL, 0, NULL, 0, 0},
    };
    /* No address would mean no key, which is not the same as an empty one. */
    return digest->code && openssl.EVP_MAC_init(digest->code, key ? key : (const uint8_t *)"", count, parameters) > 0;
}

static ctls_digest *begin(const char *name, bool has_key, const uint8_t *key, size_t count) {
    EVP_MD *algorithm = openssl.EVP_MD_fetch(NULL, name, NULL);
    ctls_digest *digest = algorithm ? calloc(1, sizeof *digest) : NULL;
    if (digest) {
        digest->size = (size_t)openssl.EVP_MD_get_size(algorithm);
        digest->block_size = (size_t)openssl.EVP_MD_get_block_size(algorithm);
        bool is_ready = has_key ? begin_code(digest, name, algorithm, key, count) : begin_hash(digest, algorithm);
        if (!is_ready || digest->size > CTLS_LARGEST_DIGEST) {
            ctls_digest_free(digest);
            digest = NULL;
        }
    }
    openssl.EVP_MD_free(algorithm);
    ctls_clear_errors();
    return digest;
}

ctls_digest *ctls_digest_new(const char *algorithm) { return begin(algorithm, false, NULL, 0); }

ctls_digest *ctls_hmac_new(const char *algorithm, const uint8_t *key, size_t count) {
    return begin(algorithm, true, key, count);
}

ctls_digest *ctls_digest_copy(const ctls_digest *digest) {
    ctls_digest *copy = calloc(1, sizeof *copy);
    if (!copy) return NULL;
    copy->size = digest->size;
    copy->block_size = digest->block_size;
    bool is_copied;
    if (digest->hash) {
        copy->hash = openssl.EVP_MD_CTX_new();
        is_copied = copy->hash && openssl.EVP_MD_CTX_copy_ex(copy->hash, digest->hash) > 0;
    } else {
        copy->code = openssl.EVP_MAC_CTX_dup(digest->code);
        is_copied = copy->code;
    }
    ctls_clear_errors();
    if (is_copied) return copy;
    ctls_digest_free(copy);
    return NULL;
}

bool ctls_digest_update(ctls_digest *digest, const void *bytes, size_t count) {
    if (count == 0) return true;
    bool is_taken = digest->hash ? openssl.EVP_DigestUpdate(digest->hash, bytes, count) > 0
                                 : openssl.EVP_MAC_update(digest->code, bytes, count) > 0;
    ctls_clear_errors();
    return is_taken;
}

size_t ctls_digest_finish(ctls_digest *digest, uint8_t result[CTLS_LARGEST_DIGEST]) {
    size_t count = 0;
    if (digest->hash) {
        unsigned int written = 0;
        if (openssl.EVP_DigestFinal_ex(digest->hash, result, &written) > 0) count = written;
    } else if (openssl.EVP_MAC_final(digest->code, result, &count, CTLS_LARGEST_DIGEST) <= 0) {
        count = 0;
    }
    ctls_clear_errors();
    return count;
}

size_t ctls_digest_size(const ctls_digest *digest) { return digest->size; }

size_t ctls_digest_block_size(const ctls_digest *digest) { return digest->block_size; }

bool ctls_random_bytes(uint8_t *bytes, size_t count) {
    bool is_filled = true;
    while (count > 0 && is_filled) {
        int part = count > INT_MAX ? INT_MAX : (int)count;
        is_filled = openssl.RAND_bytes(bytes, part) > 0;
        bytes += part;
        count -= (size_t)part;
    }
    ctls_clear_errors();
    return is_filled;
}
