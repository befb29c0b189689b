/* TLS of OpenSSL 3 without a socket: ciphertext goes in and out through buffers in memory. The library is loaded with
 * the first context or digest instead of with the process, and its headers are not needed to compile. */
#ifndef LECTERN_CTLS_H
#define LECTERN_CTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef enum __attribute__((enum_extensibility(closed))) ctls_kind {
    ctls_kind_none,
    ctls_kind_untrusted, /* code: a X509_V_ERR_… of <openssl/x509_vfy.h> */
    ctls_kind_no_peer_certificate,
    ctls_kind_versions,
    ctls_kind_not_tls,
    ctls_kind_alert, /* code: the number of the alert */
    ctls_kind_no_shared_cipher,
    ctls_kind_bad_record,
    ctls_kind_end_of_stream,
    ctls_kind_refused,       /* the owner has refused the peer's certificate */
    ctls_kind_renegotiating, /* the peer asks to renegotiate again and again */
    ctls_kind_half_message,  /* too much waits for the rest of a message of the peer's */
    ctls_kind_other,
} ctls_kind;

/* Why an operation of the library has failed. */
typedef struct ctls_failure {
    ctls_kind kind;
    int code;
    char words[256]; /* OpenSSL's reasons, oldest first, such as "CERTIFICATE_VERIFY_FAILED" */
} ctls_failure;

/* Loads OpenSSL unless that is done. Any thread may call it; nothing else here may be called before it has succeeded.
 * Returns NULL, or why it cannot be loaded, which is valid until this thread loads something else. */
const char *ctls_load(void);

/* EMFILE or ENFILE when no file can be opened at this moment, else 0. */
int ctls_descriptor_trouble(void);

/* What connections on equal terms share. It must not change once it has connections; any thread may then use it. */
typedef struct ctls_context ctls_context;

/* `minimum` and `maximum` are versions as TLS writes them, such as 0x0303; a `maximum` of 0 is the newest known.
 * Returns NULL when it fails. */
ctls_context *ctls_context_new(bool is_server, int minimum, int maximum, ctls_failure *failure);
void ctls_context_free(ctls_context *context);

/* Trusts the authorities that the machine trusts. */
void ctls_context_trust_system(ctls_context *context);

/* Trusts the authorities in a text in PEM form. False when it has no certificate or one that is damaged. */
bool ctls_context_trust(ctls_context *context, const uint8_t *text, size_t count);

/* Has the peer's certificate verified. A server then asks for one, which may be missing when it `is_optional`. */
void ctls_context_verify(ctls_context *context, bool is_optional);

typedef enum __attribute__((enum_extensibility(closed))) ctls_identity {
    ctls_identity_usable,
    ctls_identity_no_certificate, /* the chain cannot be read */
    ctls_identity_no_key,         /* the key cannot be read */
    ctls_identity_large_key,      /* the key has more than 8192 bits */
    ctls_identity_unusable,       /* they do not belong together, or are too weak: see the failure */
} ctls_identity;

/* Sets what this side shows: a certificate with its issuers, and its private key, in PEM form. `passphrase` is NULL
 * when there is none. */
ctls_identity ctls_context_identify(
    ctls_context *context, const uint8_t *chain, size_t chain_count, const uint8_t *key, size_t key_count,
    const uint8_t *passphrase, size_t passphrase_count, ctls_failure *failure);

/* One connection. For one thread at a time. */
typedef struct ctls_connection ctls_connection;

/* `server_name` is what a client asks for, or NULL. Returns NULL when it fails. */
ctls_connection *ctls_connection_new(
    ctls_context *context, bool is_server, const char *server_name, ctls_failure *failure);
void ctls_connection_free(ctls_connection *connection);

/* Takes ciphertext of the peer, which the next steps use. */
void ctls_feed(ctls_connection *connection, const void *bytes, size_t count);

/* Goes on with the handshake: 1 it is done, 0 more ciphertext is needed, -1 it has failed. */
int ctls_handshake(ctls_connection *connection);

/* Reads plaintext until there is no more or `capacity` is used up. Returns how many bytes, or -1 when the stream has
 * failed. */
ssize_t ctls_read(ctls_connection *connection, void *bytes, size_t capacity);

/* Encrypts plaintext. False when the stream has failed. */
bool ctls_write(ctls_connection *connection, const void *bytes, size_t count);

/* Says farewell; what is written afterwards is dropped. */
void ctls_close(ctls_connection *connection);

/* How many bytes of plaintext wait until the rest of a message of the peer's has come. */
size_t ctls_held_count(const ctls_connection *connection);

/* Ciphertext for the peer, valid until the next call for the connection. */
const void *ctls_output(const ctls_connection *connection, size_t *count);
void ctls_drop_output(ctls_connection *connection, size_t count);

/* Whether reading has reached the peer's farewell. */
bool ctls_has_peer_closed(const ctls_connection *connection);

/* What the handshake or the stream has failed with. */
const ctls_failure *ctls_connection_failure(const ctls_connection *connection);

/* The version that is spoken, such as 0x0304, or 0 before the handshake is done. */
int ctls_version(const ctls_connection *connection);

typedef struct ctls_name {
    bool is_address; /* 4 or 16 bytes in network order; else a host name */
    const uint8_t *bytes;
    size_t count;
} ctls_name;

typedef struct ctls_certificate {
    uint8_t *der;
    size_t der_count;
    uint8_t *issuer; /* UTF-8: its common name, or else the last part of its name; may be NULL */
    size_t issuer_count;
    bool is_own_issuer;
    int64_t not_before, not_after; /* seconds since 1970 */
    ctls_name *names;
    size_t name_count;
    void *name_owner;
} ctls_certificate;

/* The owner's judgement of the peer's certificate. False refuses it. */
typedef bool (*ctls_judge)(void *context, const ctls_certificate *certificate);

/* Has the owner judge the peer's certificate, once, before this side shows its own, when the library has found nothing
 * wrong with it. `is_alone`: the library's opinion does not count. */
void ctls_judge_peer(ctls_connection *connection, ctls_judge judge, void *context, bool is_alone);

/* What the peer has shown, also when it was refused. False: nothing. */
bool ctls_peer_certificate(const ctls_connection *connection, ctls_certificate *certificate);
void ctls_certificate_clear(ctls_certificate *certificate);

/* ---- digests: digest.c ---- */

/* A digest or a keyed code of bytes, under way. */
typedef struct ctls_digest ctls_digest;

/* The most bytes that one gives. */
#define CTLS_LARGEST_DIGEST 64

/* Begins a digest by the library's name of the algorithm, such as "SHA2-256". NULL: it has none, or memory is short. */
ctls_digest *ctls_digest_new(const char *algorithm);
/* Begins an HMAC with a key, which may be empty. NULL: as above. */
ctls_digest *ctls_hmac_new(const char *algorithm, const uint8_t *key, size_t count);
/* One that goes on by itself from what the other has taken. NULL: memory is short. */
ctls_digest *ctls_digest_copy(const ctls_digest *digest);
void ctls_digest_free(ctls_digest *digest);
bool ctls_digest_update(ctls_digest *digest, const void *bytes, size_t count);
/* The digest of all that was taken; nothing more is taken then. How many bytes; 0: it has failed. */
size_t ctls_digest_finish(ctls_digest *digest, uint8_t result[CTLS_LARGEST_DIGEST]);
/* The bytes of the result, and those that the algorithm takes at a time. */
size_t ctls_digest_size(const ctls_digest *digest);
size_t ctls_digest_block_size(const ctls_digest *digest);

/* Bytes that nobody can guess. False: the library has none at this moment. */
bool ctls_random_bytes(uint8_t *bytes, size_t count);

#endif
