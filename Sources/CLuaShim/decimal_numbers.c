/*
 * Floats as decimal numbers and back.
 *
 * Writing is Raffaele Giulietti's Schubfach ("The Schubfach way to render doubles", 2021): of the decimals in the
 * interval that reads back as the number, it finds the shortest, and the nearest of these, by three products of 64 by
 * 128 bits. Reading is Daniel Lemire's ("Number parsing at a gigabyte per second", 2021): one or two such products,
 * which tell when they do not suffice. Both use the same table of powers of ten.
 */
#define _GNU_SOURCE /* strtod_l */
#include "decimal_numbers.h"

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 wide;

/* ---- powers of ten ---- */

#define LEAST_POWER (-342)
#define MOST_POWER 324
/* Beyond these a power of ten, normalized to 128 bits, is not exact. */
#define MOST_EXACT_POWER 55

/* The first 128 bits of 10^k, the highest of which is 1; the bits behind them are cut off. */
static wide powers[MOST_POWER - LEAST_POWER + 1];

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define LIMBS 17 /* 2^1087 / 5^342 has more than 128 bits, and 5^324 fits */

static wide first_bits(const uint64_t *limbs) {
    int i = LIMBS - 1;
    while (limbs[i] == 0) i--;
    uint64_t high = limbs[i], middle = i > 0 ? limbs[i - 1] : 0, low = i > 1 ? limbs[i - 2] : 0;
    int shift = __builtin_clzll(high);
    wide bits = (wide)high << 64 | middle;
    return shift == 0 ? bits : bits << shift | low >> (64 - shift);
}

/* Multiplies and divides by 5 step by step: 10^k has the bits of 5^k. What a division cuts off changes no later bit. */
static void make_powers(void) {
    uint64_t limbs[LIMBS] = {1};
    for (int k = 0; k <= MOST_POWER; k++) {
        powers[k - LEAST_POWER] = first_bits(limbs);
        uint64_t carry = 0;
        for (int i = 0; i < LIMBS; i++) {
            wide product = (wide)limbs[i] * 5 + carry;
            limbs[i] = (uint64_t)product;
            carry = (uint64_t)(product >> 64);
        }
    }
    memset(limbs, 0, sizeof limbs);
    limbs[LIMBS - 1] = (uint64_t)1 << 63;
    for (int k = -1; k >= LEAST_POWER; k--) {
        uint64_t rest = 0;
        for (int i = LIMBS - 1; i >= 0; i--) {
            wide dividend = (wide)rest << 64 | limbs[i];
            limbs[i] = (uint64_t)(dividend / 5);
            rest = (uint64_t)(dividend % 5);
        }
        powers[k - LEAST_POWER] = first_bits(limbs);
    }
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static inline wide power_of_ten(int k) { return powers[k - LEAST_POWER]; }

/* The whole number at or below the logarithm to base 2 of 10^k. */
static inline int binary_exponent(int k) { return (k * 1741647) >> 19; }

/* ---- writing ---- */

#define HIDDEN_BIT ((uint64_t)1 << 52)
#define EXPONENT_BIAS 1075 /* of the significand as a whole number */

/* The high 64 bits of the product of 64 by 128 bits, the last of which is 1 if anything is cut off. */
static inline uint64_t round_to_odd(wide power, uint64_t factor) {
    wide low = (wide)(uint64_t)power * factor;
    wide high = (wide)(uint64_t)(power >> 64) * factor + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* A positive number as digits * 10^exponent; the digits may end with zeros. */
static uint64_t shortest(uint64_t bits, int *exponent) {
    uint64_t fraction = bits & (HIDDEN_BIT - 1);
    int biased = (int)(bits >> 52);
    uint64_t c = biased != 0 ? fraction | HIDDEN_BIT : fraction;
    int q = (biased != 0 ? biased : 1) - EXPONENT_BIAS;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0) { /* a whole number */
        *exponent = 0;
        return c >> -q;
    }
    bool is_even = (c & 1) == 0;
    bool is_lower_closer = fraction == 0 && biased > 1;
    int k = (q * 1262611 - (is_lower_closer ? 524031 : 0)) >> 22;
    int h = q + binary_exponent(-k) + 1;
    wide power = power_of_ten(-k);
    if (-k < 0 || -k > MOST_EXACT_POWER) power++;
    uint64_t lower = round_to_odd(power, (4 * c - 2 + is_lower_closer) << h) + !is_even;
    uint64_t value = round_to_odd(power, 4 * c << h);
    uint64_t upper = round_to_odd(power, (4 * c + 2) << h) - !is_even;
    uint64_t s = value / 4;
    if (s >= 10) { /* one digit less */
        uint64_t tens = s / 10;
        bool is_below_inside = lower <= 40 * tens, is_above_inside = 40 * tens + 40 <= upper;
        if (is_below_inside != is_above_inside) {
            *exponent = k + 1;
            return tens + is_above_inside;
        }
    }
    *exponent = k;
    bool is_below_inside = lower <= 4 * s, is_above_inside = 4 * s + 4 <= upper;
    if (is_below_inside != is_above_inside) return s + is_above_inside;
    uint64_t middle = 4 * s + 2;
    return s + (value > middle || (value == middle && (s & 1) != 0));
}

static size_t write_digits(char *out, uint64_t value) {
    char reversed[20];
    size_t count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++) out[i] = reversed[count - 1 - i];
    return count;
}

size_t decimal_write_integer(char *out, int64_t value) {
    if (value >= 0) return write_digits(out, (uint64_t)value);
    out[0] = '-';
    return 1 + write_digits(out + 1, 0 - (uint64_t)value);
}

/* Where the point goes within so many digits and zeros, there is no exponent. */
#define MOST_WHOLE_DIGITS 16
#define MOST_LEADING_ZEROS 3

size_t decimal_write(char *out, double value) {
    char *p = out;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits >> 63) *p++ = '-';
    bits &= ~((uint64_t)1 << 63);
    if (bits == 0) {
        memcpy(p, "0.0", 3);
        return (size_t)(p + 3 - out);
    }
    pthread_once(&once, make_powers);
    int exponent;
    uint64_t number = shortest(bits, &exponent);
    while (number % 10 == 0) {
        number /= 10;
        exponent++;
    }
    char digits[20];
    int count = (int)write_digits(digits, number), point = count + exponent;
    if (point > MOST_WHOLE_DIGITS || point < -MOST_LEADING_ZEROS) {
        *p++ = digits[0];
        if (count > 1) {
            *p++ = '.';
            memcpy(p, digits + 1, (size_t)count - 1);
            p += count - 1;
        }
        int power = point - 1;
        *p++ = 'e';
        *p++ = power < 0 ? '-' : '+';
        if (power < 0) power = -power;
        if (power < 10) *p++ = '0';
        p += write_digits(p, (uint64_t)power);
    } else if (point <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = point; i < 0; i++) *p++ = '0';
        memcpy(p, digits, (size_t)count);
        p += count;
    } else {
        for (int i = 0; i < point || i < count; i++) {
            if (i == point) *p++ = '.';
            *p++ = i < count ? digits[i] : '0';
        }
        if (point >= count) {
            *p++ = '.';
            *p++ = '0';
        }
    }
    return (size_t)(p - out);
}

/* ---- reading ---- */

/* Powers of ten that a float has exactly. */
static const double exact_powers[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};
#define MOST_EXACT_FLOAT 22
/* Powers below are cut off in the table, and these need to be rounded up. */
#define LEAST_RECIPROCAL (-27)

bool decimal_scale(uint64_t digits, int exponent, double *value) {
    if (digits == 0) {
        *value = 0;
        return true;
    }
    if (digits <= (uint64_t)1 << 53 && exponent >= -MOST_EXACT_FLOAT && exponent <= MOST_EXACT_FLOAT) {
        /* Two exact numbers: their product or quotient is rounded once. */
        *value = exponent < 0 ? (double)digits / exact_powers[-exponent] : (double)digits * exact_powers[exponent];
        return true;
    }
    if (exponent < LEAST_POWER || exponent > 308) return false;
    pthread_once(&once, make_powers);
    wide power = power_of_ten(exponent);
    if (exponent < 0 && exponent >= LEAST_RECIPROCAL) power++;
    int zeros = __builtin_clzll(digits);
    digits <<= zeros;
    wide product = (wide)digits * (uint64_t)(power >> 64);
    if (((uint64_t)(product >> 64) & 0x1FF) == 0x1FF) { /* a carry may reach the bits that count */
        product += (uint64_t)((wide)digits * (uint64_t)power >> 64);
    }
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if (low == UINT64_MAX && (exponent < LEAST_RECIPROCAL || exponent > MOST_EXACT_POWER)) return false;
    int top = (int)(high >> 63), shift = top + 64 - 52 - 3;
    uint64_t mantissa = high >> shift;
    int binary = binary_exponent(exponent) + 63 + top - zeros + 1023;
    if (binary <= 0 || binary >= 2046) return false; /* next to the ends of what a float can be */
    if (low <= 1 && exponent >= -4 && exponent <= 23 && (mantissa & 3) == 1 && mantissa << shift == high) {
        mantissa &= ~(uint64_t)1; /* just between two numbers: to the even one */
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= HIDDEN_BIT << 1) {
        mantissa = HIDDEN_BIT;
        binary++;
    }
    uint64_t bits = (uint64_t)binary << 52 | (mantissa & (HIDDEN_BIT - 1));
    memcpy(value, &bits, sizeof bits);
    return true;
}

double decimal_read(const char *text) {
    pthread_once(&once, make_powers);
    return c_locale != (locale_t)0 ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}
