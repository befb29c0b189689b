/* What is used of OpenSSL 3, declared here so that its headers are not needed. */
#ifndef LECTERN_CTLS_OPENSSL_H
#define LECTERN_CTLS_OPENSSL_H

#include "CTLS.h"

#include <time.h>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct x509_st X509;
typedef struct x509_store_st X509_STORE;
typedef struct x509_store_ctx_st X509_STORE_CTX;
typedef struct X509_name_st X509_NAME;
typedef struct X509_name_entry_st X509_NAME_ENTRY;
typedef struct asn1_string_st ASN1_STRING;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct stack_st OPENSSL_STACK;
typedef struct GENERAL_NAME_st GENERAL_NAME;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_mac_st EVP_MAC;
typedef struct evp_mac_ctx_st EVP_MAC_CTX;

/* <openssl/core.h> */
typedef struct ossl_param_st {
    const char *key;
    unsigned int data_type;
    void *data;
    size_t data_size;
    size_t return_size;
} OSSL_PARAM;

typedef int (*ctls_verify_callback)(int is_good, X509_STORE_CTX *store);
typedef int (*ctls_password_callback)(char *bytes, int capacity, int is_writing, void *context);

enum {
    /* <openssl/crypto.h> */
    OPENSSL_INIT_NO_LOAD_CONFIG = 0x80,
    OPENSSL_INIT_NO_ATEXIT = 0x80000,
    /* <openssl/bio.h> */
    BIO_TYPE_SOURCE_SINK = 0x400,
    BIO_CTRL_FLUSH = 11,
    BIO_FLAGS_READ = 1,
    BIO_FLAGS_SHOULD_RETRY = 8,
    BIO_FLAGS_RETRY_MASK = 15,
    /* <openssl/err.h>, <openssl/pemerr.h> */
    ERR_LIB_PEM = 9,
    ERR_LIB_SSL = 20,
    PEM_R_NO_START_LINE = 108,
    /* <openssl/ssl.h> */
    SSL_OP_LEGACY_SERVER_CONNECT = 1 << 2,
    SSL_OP_NO_TICKET = 1 << 14,
    SSL_OP_NO_COMPRESSION = 1 << 17,
    SSL_OP_NO_RENEGOTIATION = 1 << 30,
    SSL_CTRL_MODE = 33,
    SSL_CTRL_SET_SESS_CACHE_MODE = 44,
    SSL_CTRL_SET_TLSEXT_HOSTNAME = 55,
    SSL_CTRL_CHAIN_CERT = 89,
    SSL_CTRL_SET_MIN_PROTO_VERSION = 123,
    SSL_CTRL_SET_MAX_PROTO_VERSION = 124,
    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2,
    SSL_SESS_CACHE_OFF = 0,
    SSL_VERIFY_PEER = 1,
    SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2,
    SSL_ERROR_WANT_READ = 2,
    SSL_ERROR_WANT_WRITE = 3,
    SSL_ERROR_ZERO_RETURN = 6,
    SSL_SENT_SHUTDOWN = 1,
    /* <openssl/tls1.h> */
    TLS1_2_VERSION = 0x0303,
    TLSEXT_NAMETYPE_host_name = 0,
    /* <openssl/sslerr.h> */
    SSL_R_CERTIFICATE_VERIFY_FAILED = 134,
    SSL_R_DECRYPTION_FAILED = 147,
    SSL_R_HTTPS_PROXY_REQUEST = 155,
    SSL_R_HTTP_REQUEST = 156,
    SSL_R_VERSION_TOO_HIGH = 166,
    SSL_R_NO_SHARED_CIPHER = 193,
    SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE = 199,
    SSL_R_UNEXPECTED_MESSAGE = 244,
    SSL_R_UNEXPECTED_RECORD = 245,
    SSL_R_UNSUPPORTED_PROTOCOL = 258,
    SSL_R_WRONG_SSL_VERSION = 266,
    SSL_R_WRONG_VERSION_NUMBER = 267,
    SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC = 281,
    SSL_R_VERSION_TOO_LOW = 396,
    SSL_R_BAD_RECORD_TYPE = 443,
    SSL_AD_REASON_OFFSET = 1000,
    SSL_AD_UNEXPECTED_MESSAGE = 10,
    SSL_AD_BAD_RECORD_MAC = 20,
    SSL_AD_PROTOCOL_VERSION = 70,
    SSL_AD_NO_RENEGOTIATION = 100,
    SSL_CB_WRITE_ALERT = 0x4008,
    /* <openssl/x509v3.h>, <openssl/obj_mac.h> */
    GEN_DNS = 2,
    GEN_IPADD = 7,
    NID_commonName = 13,
    NID_subject_alt_name = 85,
    /* <openssl/x509_vfy.h> */
    X509_V_ERR_HOSTNAME_MISMATCH = 62,
    /* <openssl/core.h>, <openssl/evp.h> */
    OSSL_PARAM_UTF8_STRING = 4,
    EVP_MAX_MD_SIZE = 64,
};

/* What is called: the type, the name, the parameters. */
#define CTLS_FUNCTIONS(F) \
    F(int, OPENSSL_init_ssl, uint64_t options, const void *settings) \
    F(const SSL_METHOD *, TLS_client_method, void) \
    F(const SSL_METHOD *, TLS_server_method, void) \
    F(SSL_CTX *, SSL_CTX_new, const SSL_METHOD *method) \
    F(void, SSL_CTX_free, SSL_CTX *context) \
    F(long, SSL_CTX_ctrl, SSL_CTX *context, int command, long number, void *pointer) \
    F(uint64_t, SSL_CTX_set_options, SSL_CTX *context, uint64_t options) \
    F(int, SSL_CTX_set_num_tickets, SSL_CTX *context, size_t count) \
    F(void, SSL_CTX_set_security_level, SSL_CTX *context, int level) \
    F(void, SSL_CTX_set_verify, SSL_CTX *context, int mode, ctls_verify_callback callback) \
    F(int, SSL_CTX_set_default_verify_paths, SSL_CTX *context) \
    F(int, SSL_CTX_set_default_verify_dir, SSL_CTX *context) \
    F(X509_STORE *, SSL_CTX_get_cert_store, const SSL_CTX *context) \
    F(int, SSL_CTX_use_certificate, SSL_CTX *context, X509 *certificate) \
    F(int, SSL_CTX_use_PrivateKey, SSL_CTX *context, EVP_PKEY *key) \
    F(int, SSL_CTX_check_private_key, const SSL_CTX *context) \
    F(SSL *, SSL_new, SSL_CTX *context) \
    F(void, SSL_free, SSL *ssl) \
    F(void, SSL_set_bio, SSL *ssl, BIO *input, BIO *output) \
    F(void, SSL_set_connect_state, SSL *ssl) \
    F(void, SSL_set_accept_state, SSL *ssl) \
    F(long, SSL_ctrl, SSL *ssl, int command, long number, void *pointer) \
    F(void, SSL_set_verify, SSL *ssl, int mode, ctls_verify_callback callback) \
    F(int, SSL_set_ex_data, SSL *ssl, int index, void *data) \
    F(void *, SSL_get_ex_data, const SSL *ssl, int index) \
    F(int, SSL_get_ex_data_X509_STORE_CTX_idx, void) \
    F(int, SSL_do_handshake, SSL *ssl) \
    F(int, SSL_read_ex, SSL *ssl, void *bytes, size_t capacity, size_t *count) \
    F(int, SSL_write_ex, SSL *ssl, const void *bytes, size_t count, size_t *written) \
    F(int, SSL_shutdown, SSL *ssl) \
    F(int, SSL_get_shutdown, const SSL *ssl) \
    F(int, SSL_get_error, const SSL *ssl, int result) \
    F(int, SSL_version, const SSL *ssl) \
    F(long, SSL_get_verify_result, const SSL *ssl) \
    F(X509 *, SSL_get1_peer_certificate, const SSL *ssl) \
    F(unsigned long, ERR_get_error, void) \
    F(unsigned long, ERR_peek_error, void) \
    F(unsigned long, ERR_peek_last_error, void) \
    F(void, ERR_clear_error, void) \
    F(const char *, ERR_reason_error_string, unsigned long error) \
    F(BIO_METHOD *, BIO_meth_new, int type, const char *name) \
    F(int, BIO_get_new_index, void) \
    F(int, BIO_meth_set_read, BIO_METHOD *method, int (*read)(BIO *, char *, int)) \
    F(int, BIO_meth_set_write, BIO_METHOD *method, int (*write)(BIO *, const char *, int)) \
    F(int, BIO_meth_set_ctrl, BIO_METHOD *method, long (*control)(BIO *, int, long, void *)) \
    F(BIO *, BIO_new, const BIO_METHOD *method) \
    F(BIO *, BIO_new_mem_buf, const void *bytes, int count) \
    F(int, BIO_free, BIO *bio) \
    F(void, BIO_set_data, BIO *bio, void *data) \
    F(void *, BIO_get_data, BIO *bio) \
    F(void, BIO_set_init, BIO *bio, int is_ready) \
    F(void, BIO_set_flags, BIO *bio, int flags) \
    F(void, BIO_clear_flags, BIO *bio, int flags) \
    F(X509 *, PEM_read_bio_X509, BIO *bio, X509 **result, ctls_password_callback callback, void *context) \
    F(EVP_PKEY *, PEM_read_bio_PrivateKey, BIO *bio, EVP_PKEY **result, ctls_password_callback callback, \
      void *context) \
    F(int, EVP_PKEY_get_bits, const EVP_PKEY *key) \
    F(int, SSL_CTX_set_cipher_list, SSL_CTX *context, const char *list) \
    F(void, SSL_CTX_set_info_callback, SSL_CTX *context, void (*callback)(const SSL *ssl, int where, int value)) \
    F(void, EVP_PKEY_free, EVP_PKEY *key) \
    F(void, X509_free, X509 *certificate) \
    F(int, X509_up_ref, X509 *certificate) \
    F(const char *, X509_get_default_cert_dir, void) \
    F(const char *, X509_get_default_cert_dir_env, void) \
    F(const char *, X509_get_default_cert_file_env, void) \
    F(int, X509_STORE_add_cert, X509_STORE *store, X509 *certificate) \
    F(X509 *, X509_STORE_CTX_get0_cert, const X509_STORE_CTX *store) \
    F(int, X509_STORE_CTX_get_error_depth, const X509_STORE_CTX *store) \
    F(void, X509_STORE_CTX_set_error, X509_STORE_CTX *store, int error) \
    F(void *, X509_STORE_CTX_get_ex_data, const X509_STORE_CTX *store, int index) \
    F(int, i2d_X509, const X509 *certificate, unsigned char **bytes) \
    F(void *, X509_get_ext_d2i, const X509 *certificate, int extension, int *is_critical, int *index) \
    F(X509_NAME *, X509_get_issuer_name, const X509 *certificate) \
    F(X509_NAME *, X509_get_subject_name, const X509 *certificate) \
    F(const ASN1_STRING *, X509_get0_notBefore, const X509 *certificate) \
    F(const ASN1_STRING *, X509_get0_notAfter, const X509 *certificate) \
    F(int, X509_NAME_cmp, const X509_NAME *left, const X509_NAME *right) \
    F(int, X509_NAME_get_index_by_NID, const X509_NAME *name, int type, int after) \
    F(int, X509_NAME_entry_count, const X509_NAME *name) \
    F(X509_NAME_ENTRY *, X509_NAME_get_entry, const X509_NAME *name, int index) \
    F(ASN1_STRING *, X509_NAME_ENTRY_get_data, const X509_NAME_ENTRY *entry) \
    F(int, ASN1_STRING_length, const ASN1_STRING *string) \
    F(const unsigned char *, ASN1_STRING_get0_data, const ASN1_STRING *string) \
    F(int, ASN1_STRING_to_UTF8, unsigned char **bytes, const ASN1_STRING *string) \
    F(int, ASN1_TIME_to_tm, const ASN1_STRING *time, struct tm *parts) \
    F(int, OPENSSL_sk_num, const OPENSSL_STACK *stack) \
    F(void *, OPENSSL_sk_value, const OPENSSL_STACK *stack, int index) \
    F(void *, GENERAL_NAME_get0_value, const GENERAL_NAME *name, int *type) \
    F(void, GENERAL_NAMES_free, void *names) \
    F(void, CRYPTO_free, void *pointer, const char *file, int line) \
    F(EVP_MD *, EVP_MD_fetch, void *library, const char *name, const char *properties) \
    F(void, EVP_MD_free, EVP_MD *algorithm) \
    F(int, EVP_MD_get_size, const EVP_MD *algorithm) \
    F(int, EVP_MD_get_block_size, const EVP_MD *algorithm) \
    F(EVP_MD_CTX *, EVP_MD_CTX_new, void) \
    F(void, EVP_MD_CTX_free, EVP_MD_CTX *digest) \
    F(int, EVP_MD_CTX_copy_ex, EVP_MD_CTX *copy, const EVP_MD_CTX *digest) \
    F(int, EVP_DigestInit_ex2, EVP_MD_CTX *digest, const EVP_MD *algorithm, const OSSL_PARAM *parameters) \
    F(int, EVP_DigestUpdate, EVP_MD_CTX *digest, const void *bytes, size_t count) \
    F(int, EVP_DigestFinal_ex, EVP_MD_CTX *digest, unsigned char *result, unsigned int *count) \
    F(EVP_MAC *, EVP_MAC_fetch, void *library, const char *name, const char *properties) \
    F(void, EVP_MAC_free, EVP_MAC *algorithm) \
    F(EVP_MAC_CTX *, EVP_MAC_CTX_new, EVP_MAC *algorithm) \
    F(void, EVP_MAC_CTX_free, EVP_MAC_CTX *code) \
    F(EVP_MAC_CTX *, EVP_MAC_CTX_dup, const EVP_MAC_CTX *code) \
    F(int, EVP_MAC_init, EVP_MAC_CTX *code, const unsigned char *key, size_t count, const OSSL_PARAM *parameters) \
    F(int, EVP_MAC_update, EVP_MAC_CTX *code, const unsigned char *bytes, size_t count) \
    F(int, EVP_MAC_final, EVP_MAC_CTX *code, unsigned char *result, size_t *count, size_t capacity) \
    F(int, RAND_bytes, unsigned char *bytes, int count)

#define CTLS_FUNCTION(type, name, ...) type (*name)(__VA_ARGS__);
typedef struct ctls_library {
    CTLS_FUNCTIONS(CTLS_FUNCTION)
    BIO_METHOD *method; /* of the connections' buffers */
} ctls_library;
#undef CTLS_FUNCTION

#define CTLS_HIDDEN __attribute__((visibility("hidden")))

/* Constant once ctls_load() has succeeded. */
extern CTLS_HIDDEN ctls_library ctls_openssl;
#define openssl ctls_openssl

/* The kind of BIO through which a connection reads and writes; NULL when memory is short. */
CTLS_HIDDEN BIO_METHOD *ctls_make_method(void);

/* Empties this thread's queue of errors. */
CTLS_HIDDEN void ctls_clear_errors(void);

/* Empties this thread's queue of errors into `failure`. */
CTLS_HIDDEN void ctls_take_errors(ctls_failure *failure);

/* Has the peer's certificate judged by the owner, and keeps the one that is refused. */
CTLS_HIDDEN int ctls_did_verify(int is_good, X509_STORE_CTX *store);
/* The library's callback for what happens in a connection. */
CTLS_HIDDEN void ctls_did_tell(const SSL *ssl, int where, int value);

/* Tells what is in a certificate. */
CTLS_HIDDEN void ctls_certificate_fill(ctls_certificate *certificate, const X509 *x509);

#endif
