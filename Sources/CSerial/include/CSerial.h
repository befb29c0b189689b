/* Serial lines of Linux: what Swift cannot see of them, since <asm/termbits.h> and <termios.h> exclude each other.
 * Every function returns 0 or an errno value, and none of them waits for the line. */
#ifndef LECTERN_CSERIAL_H
#define LECTERN_CSERIAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct serial_line_settings {
    uint32_t baud;
    uint8_t data_bits; /* 7 or 8 */
    uint8_t stop_bits; /* 1 or 2 */
    bool parity;
    bool parity_is_odd;
    bool hardware_flow; /* RTS/CTS */
    bool software_flow; /* XON/XOFF */
} serial_line_settings;

/* Makes the line raw with these settings, at once: what is still being sent is sent with the new ones. */
int serial_line_apply(int fd, const serial_line_settings *settings);

/* Tells what the driver has in force, which may be less than what was asked for. ENOTTY: fd is no serial line. */
int serial_line_read(int fd, serial_line_settings *settings);

/* Whether fd is a pseudo terminal, which has neither data bits nor parity. */
bool serial_line_is_pseudo(int fd);

/* Takes the line for this process alone: EBUSY when another descriptor has it. */
int serial_line_claim(int fd);

/* Gives the line back: others that have it open may go on, and new ones may come. */
int serial_line_release(int fd);

/* Switches the driver's RS-485 mode, with RTS driven while it sends. ENOTTY: it has none. */
int serial_line_set_rs485(int fd, bool enabled);

/* How many bytes the driver has not sent yet. */
int serial_line_unsent(int fd, int *count);

/* Drops what the driver has not sent yet. */
int serial_line_drop_unsent(int fd);

#endif
