/* libssh, loaded with the first session instead of with the process: it brings OpenSSL and Kerberos along, nine libraries
 * to map and relocate. And what a session's thread needs of the system beside it that Swift's Glibc module leaves out. */
#ifndef LECTERN_CSSH_H
#define LECTERN_CSSH_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* What is called of libssh, by its names without `ssh_`. */
#define CSSH_FUNCTIONS(F) \
    F(channel_close) F(channel_free) F(channel_is_eof) F(channel_new) F(channel_open_session) \
    F(channel_read_nonblocking) F(channel_request_pty_size) F(channel_request_shell) F(channel_window_size) \
    F(channel_write) F(clean_pubkey_hash) F(connect) F(event_add_session) F(event_dopoll) F(event_free) \
    F(event_new) F(event_remove_session) F(free) F(get_error) F(get_fingerprint_hash) F(get_poll_flags) \
    F(get_publickey_hash) F(get_server_publickey) F(is_connected) F(key_free) F(new) F(options_set) \
    F(pki_import_privkey_file) F(remove_channel_callbacks) F(send_keepalive) F(session_export_known_hosts_entry) \
    F(session_is_known_server) F(set_blocking) F(set_channel_callbacks) F(string_free_char) \
    F(userauth_kbdint) F(userauth_kbdint_getnprompts) F(userauth_kbdint_getprompt) F(userauth_kbdint_setanswer) \
    F(userauth_list) F(userauth_none) F(userauth_password) F(userauth_publickey)

/* The functions, of the types that libssh's headers declare. Constant once they are loaded, so any thread may use them. */
typedef struct __attribute__((swift_attr("@Sendable"))) cssh_functions {
#define CSSH_FUNCTION(name) __typeof__(ssh_##name) *name;
    CSSH_FUNCTIONS(CSSH_FUNCTION)
#undef CSSH_FUNCTION
} cssh_functions;

/* Loads libssh and fills in the functions. False when it is not there or lacks one of them: dlerror() then tells. */
bool cssh_load(cssh_functions *functions);

/* Names the calling thread, as `top -H` and debuggers show it. At most 15 characters. */
static inline void cssh_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

#endif
