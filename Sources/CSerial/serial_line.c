#include "CSerial.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int result_of(int status) { return status < 0 ? errno : 0; }

static const struct {
    uint32_t baud;
    tcflag_t code;
} rates[] = {
    {50, B50},           {75, B75},           {110, B110},         {134, B134},         {150, B150},
    {200, B200},         {300, B300},         {600, B600},         {1200, B1200},       {1800, B1800},
    {2400, B2400},       {4800, B4800},       {9600, B9600},       {19200, B19200},     {38400, B38400},
    {57600, B57600},     {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},
    {576000, B576000},   {921600, B921600},   {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000},
    {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
};

/* A rate that has a code gets it: programs such as stty know no others. */
static tcflag_t code_of(uint32_t baud) {
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (rates[i].baud == baud) return rates[i].code;
    }
    return BOTHER;
}

int serial_line_apply(int fd, const serial_line_settings *settings) {
    struct termios2 line;
    if (ioctl(fd, TCGETS2, &line) < 0) return errno;
    line.c_iflag = settings->software_flow ? IXON | IXOFF : 0;
    line.c_oflag = 0;
    line.c_lflag = 0;
    /* HUPCL stays as the machine's owner has set it: whether closing drops DTR. */
    line.c_cflag &= HUPCL;
    line.c_cflag |= CREAD | CLOCAL | (settings->data_bits == 7 ? CS7 : CS8);
    if (settings->stop_bits == 2) line.c_cflag |= CSTOPB;
    if (settings->parity) line.c_cflag |= PARENB;
    if (settings->parity_is_odd) line.c_cflag |= PARODD;
    if (settings->hardware_flow) line.c_cflag |= CRTSCTS;
    /* No code in the input bits: input has the rate of output. */
    line.c_cflag |= code_of(settings->baud);
    line.c_ispeed = line.c_ospeed = settings->baud;
    /* With VMIN 0 an empty read would return 0, which means the end everywhere else. */
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    line.c_cc[VSTART] = 0x11;
    line.c_cc[VSTOP] = 0x13;
    return result_of(ioctl(fd, TCSETS2, &line));
}

int serial_line_read(int fd, serial_line_settings *settings) {
    struct termios2 line;
    if (ioctl(fd, TCGETS2, &line) < 0) return errno;
    settings->baud = line.c_ospeed;
    settings->data_bits = (line.c_cflag & CSIZE) == CS7 ? 7 : (line.c_cflag & CSIZE) == CS8 ? 8 : 5;
    settings->stop_bits = line.c_cflag & CSTOPB ? 2 : 1;
    settings->parity = line.c_cflag & PARENB;
    settings->parity_is_odd = line.c_cflag & PARODD;
    settings->hardware_flow = line.c_cflag & CRTSCTS;
    settings->software_flow = line.c_iflag & IXON;
    return 0;
}

bool serial_line_is_pseudo(int fd) {
    /* Documentation/admin-guide/devices.txt: Unix98 slaves have the majors 136 to 143, the old ones 3. */
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode)) return false;
    unsigned kind = major(status.st_rdev);
    return (kind >= 136 && kind <= 143) || kind == 3;
}

int serial_line_claim(int fd) {
    /* The lock holds against root too, who may open an exclusive line; exclusiveness holds against who does not lock. */
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) return errno == EWOULDBLOCK ? EBUSY : errno;
    return result_of(ioctl(fd, TIOCEXCL));
}

/* Both would stay while anybody else has the line open. Of the lock, that may be a child between its fork and its exec. */
int serial_line_release(int fd) {
    int status = result_of(ioctl(fd, TIOCNXCL));
    int unlocked = result_of(flock(fd, LOCK_UN));
    return status != 0 ? status : unlocked;
}

int serial_line_set_rs485(int fd, bool enabled) {
    struct serial_rs485 mode;
    memset(&mode, 0, sizeof mode);
    if (ioctl(fd, TIOCGRS485, &mode) < 0) return errno;
    if (enabled) {
        mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
        mode.flags &= ~(SER_RS485_RTS_AFTER_SEND | SER_RS485_RX_DURING_TX);
    } else {
        mode.flags &= ~SER_RS485_ENABLED;
    }
    return result_of(ioctl(fd, TIOCSRS485, &mode));
}

int serial_line_unsent(int fd, int *count) { return result_of(ioctl(fd, TIOCOUTQ, count)); }

int serial_line_drop_unsent(int fd) { return result_of(ioctl(fd, TCFLSH, TCOFLUSH)); }
