/* The digits of a number of 256 bits. */
#ifndef AZTECD_RADIX_H
#define AZTECD_RADIX_H

#include <stddef.h>
#include <stdint.h>

#define RADIX_WORDS 8

/* Write the lowest `count` digits, the most significant first, and use up the number (32-bit words, the least
 * significant first). Returns 0 when it needs more digits. The radix is 2 to 256. */
static int digits_of(uint8_t *digits, ptrdiff_t count, uint32_t number[RADIX_WORDS], uint32_t radix)
{
    /* One long division gives as many digits as a word holds. */
    uint32_t chunk = radix;
    int shift = radix & (radix - 1) ? 0 : __builtin_ctz(radix); /* of a power of two */
    int per_chunk = 1, top = RADIX_WORDS;
    while ((uint64_t)chunk * radix <= UINT32_MAX) {
        chunk *= radix;
        per_chunk++;
    }
    for (;;) {
        while (top > 0 && !number[top - 1])
            top--;
        if (!top || !count)
            break;
        uint64_t rest = 0;
        for (int i = top; i-- > 0;) {
            rest = rest << 32 | number[i];
            number[i] = (uint32_t)(rest / chunk);
            rest %= chunk;
        }
        uint32_t low = (uint32_t)rest;
        for (int i = 0; i < per_chunk && count > 0; i++) {
            digits[--count] = (uint8_t)(shift ? low & (radix - 1) : low % radix);
            low = shift ? low >> shift : low / radix;
        }
        if (low)
            return 0;
    }
    while (count > 0)
        digits[--count] = 0;
    return !top;
}

#endif
