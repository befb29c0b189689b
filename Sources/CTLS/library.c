#include "openssl.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ctls_library ctls_openssl;

/* It brings libcrypto.so.3 along, which dlsym() then searches too. */
static const char library_name[] = "libssl.so.3";

static const char *load(ctls_library *library) {
    /* Never closed: OpenSSL cannot be unloaded. */
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define CTLS_FUNCTION(type, name, ...) \
    if (!(library->name = (__typeof__(library->name))dlsym(handle, #name))) return dlerror();
    CTLS_FUNCTIONS(CTLS_FUNCTION)
#undef CTLS_FUNCTION
    /* No clearing up at the end of the process, as other threads may be at work then. And no openssl.cnf: the terms of
     * a context are complete. */
    if (!library->OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG, NULL)) {
        return "libssl.so.3: it cannot be initialised";
    }
    library->method = ctls_make_method();
    return library->method ? NULL : "libssl.so.3: out of memory";
}

const char *ctls_load(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool is_loaded;
    const char *problem = NULL;
    pthread_mutex_lock(&lock);
    /* What went wrong once may be put right: a descriptor becomes free, or the library is installed. */
    if (!is_loaded) problem = load(&ctls_openssl);
    is_loaded = !problem;
    pthread_mutex_unlock(&lock);
    return problem;
}

int ctls_descriptor_trouble(void) {
    int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return errno == EMFILE || errno == ENFILE ? errno : 0;
    close(descriptor);
    return 0;
}

void ctls_clear_errors(void) {
    /* Looking is much cheaper than clearing. */
    if (openssl.ERR_peek_error()) openssl.ERR_clear_error();
}

/* Which kind a reason of libssl stands for. */
static ctls_kind kind_of(int reason, int *code) {
    switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return ctls_kind_untrusted;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return ctls_kind_no_peer_certificate;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_AD_REASON_OFFSET + SSL_AD_PROTOCOL_VERSION: return ctls_kind_versions;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_UNEXPECTED_RECORD:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_AD_REASON_OFFSET + SSL_AD_UNEXPECTED_MESSAGE: return ctls_kind_not_tls;
    case SSL_R_NO_SHARED_CIPHER: return ctls_kind_no_shared_cipher;
    case SSL_R_DECRYPTION_FAILED:
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC: return ctls_kind_bad_record;
    }
    if (reason < SSL_AD_REASON_OFFSET || reason >= SSL_AD_REASON_OFFSET + 256) return ctls_kind_other;
    *code = reason - SSL_AD_REASON_OFFSET;
    return ctls_kind_alert;
}

/* Adds a reason in capitals: "wrong version number" is WRONG_VERSION_NUMBER. */
static void add_word(ctls_failure *failure, const char *reason) {
    size_t end = strlen(failure->words);
    if (end + strlen(reason) + 2 > sizeof failure->words) return;
    if (end) failure->words[end++] = ' ';
    for (; *reason; reason++) {
        char letter = *reason;
        bool is_small = letter >= 'a' && letter <= 'z';
        bool stays = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
        failure->words[end++] = (char)(is_small ? letter - 'a' + 'A' : stays ? letter : '_');
    }
    failure->words[end] = 0;
}

void ctls_take_errors(ctls_failure *failure) {
    *failure = (ctls_failure) {.kind = ctls_kind_other};
    for (unsigned long error; (error = openssl.ERR_get_error());) {
        /* ERR_GET_LIB and ERR_GET_REASON; system errors have a bit above the library's. */
        bool is_ssl = error >> 23 == ERR_LIB_SSL;
        if (is_ssl && failure->kind == ctls_kind_other) {
            failure->kind = kind_of((int)(error & 0x7FFFFF), &failure->code);
        }
        char number[32];
        const char *reason = openssl.ERR_reason_error_string(error);
        if (!reason) snprintf(number, sizeof number, "error %lx", error);
        add_word(failure, reason ? reason : number);
    }
}
