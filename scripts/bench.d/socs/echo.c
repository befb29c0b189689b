/* An instrument that sends back what it gets: one connection at a time, on the loopback port that it prints. In C, so that
   it is the client which is measured. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        perror("echo");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        char buffer[65536];
        ssize_t count;
        while ((count = read(client, buffer, sizeof buffer)) > 0) {
            for (ssize_t done = 0; done < count;) {
                ssize_t written = write(client, buffer + done, (size_t)(count - done));
                if (written <= 0) break;
                done += written;
            }
        }
        close(client);
    }
}
