/* Floats as decimal numbers and back, without rounding anything twice and without regard to the locale. */
#ifndef LECTERN_DECIMAL_NUMBERS_H
#define LECTERN_DECIMAL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for every text that the functions below write. */
#define DECIMAL_BYTES 32

/* Writes a finite number with the fewest digits that read back as the same number, as Python does: 1.0, 0.1, 1e-07. */
size_t decimal_write(char *out, double value);

size_t decimal_write_integer(char *out, int64_t value);

/* The number nearest to digits * 10^exponent; false in the rare cases that take more than 128 bits to tell. */
bool decimal_scale(uint64_t digits, int exponent, double *value);

/* The number nearest to the decimal number that begins at `text`, an infinity when it is too large. */
double decimal_read(const char *text);

#endif
