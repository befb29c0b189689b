/* TCP connections on this machine, for the programs that measure what is at their other end. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <sys/types.h>

/* Connects to a port of 127.0.0.1 as soon as `process` listens there; fails when it ends first. The socket blocks, and does
   not delay small writes. */
int connect_when_listening(int port, pid_t process);

/* Connects once more to a port where something listens. */
int connect_again(int port);

/* Sends all, and reads exactly as many bytes as an answer has: on a socket that blocks. */
void send_all(int socket, const char *bytes, size_t size);
void receive_all(int socket, char *bytes, size_t size);

#endif
