/* The permutation Keccak-f[1600]. Authority: FIPS 202, section 3. */
#ifndef AZTECD_KECCAK_H
#define AZTECD_KECCAK_H

#include <stdint.h>

#define KECCAK_LANES 25
#define KECCAK_ROUNDS 24

static const uint64_t KECCAK_IOTA[KECCAK_ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static inline uint64_t rotate_left(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

/* Permute in place; lane (x, y) is a[x + 5 y]. */
static void keccak_permute(uint64_t a[KECCAK_LANES])
{
    uint64_t b[KECCAK_LANES];
/* The sum of a column, for theta. */
#define COLUMN(x) (a[x] ^ a[(x) + 5] ^ a[(x) + 10] ^ a[(x) + 15] ^ a[(x) + 20])
/* Theta and rho, and pi's move to another lane. */
#define MOVE(to, from, column, by) b[to] = rotate_left(a[from] ^ column, by)
#define CHI(r)                                        \
    do {                                              \
        a[r] = b[r] ^ (~b[r + 1] & b[r + 2]);         \
        a[r + 1] = b[r + 1] ^ (~b[r + 2] & b[r + 3]); \
        a[r + 2] = b[r + 2] ^ (~b[r + 3] & b[r + 4]); \
        a[r + 3] = b[r + 3] ^ (~b[r + 4] & b[r]);     \
        a[r + 4] = b[r + 4] ^ (~b[r] & b[r + 1]);     \
    } while (0)
    for (int round = 0; round < KECCAK_ROUNDS; round++) {
        uint64_t c0 = COLUMN(0), c1 = COLUMN(1), c2 = COLUMN(2), c3 = COLUMN(3), c4 = COLUMN(4);
        uint64_t d0 = c4 ^ rotate_left(c1, 1), d1 = c0 ^ rotate_left(c2, 1), d2 = c1 ^ rotate_left(c3, 1);
        uint64_t d3 = c2 ^ rotate_left(c4, 1), d4 = c3 ^ rotate_left(c0, 1);
        b[0] = a[0] ^ d0;
        MOVE(1, 6, d1, 44);
        MOVE(2, 12, d2, 43);
        MOVE(3, 18, d3, 21);
        MOVE(4, 24, d4, 14);
        MOVE(5, 3, d3, 28);
        MOVE(6, 9, d4, 20);
        MOVE(7, 10, d0, 3);
        MOVE(8, 16, d1, 45);
        MOVE(9, 22, d2, 61);
        MOVE(10, 1, d1, 1);
        MOVE(11, 7, d2, 6);
        MOVE(12, 13, d3, 25);
        MOVE(13, 19, d4, 8);
        MOVE(14, 20, d0, 18);
        MOVE(15, 4, d4, 27);
        MOVE(16, 5, d0, 36);
        MOVE(17, 11, d1, 10);
        MOVE(18, 17, d2, 15);
        MOVE(19, 23, d3, 56);
        MOVE(20, 2, d2, 62);
        MOVE(21, 8, d3, 55);
        MOVE(22, 14, d4, 39);
        MOVE(23, 15, d0, 41);
        MOVE(24, 21, d1, 2);
        CHI(0);
        CHI(5);
        CHI(10);
        CHI(15);
        CHI(20);
        a[0] ^= KECCAK_IOTA[round];
    }
#undef CHI
#undef MOVE
#undef COLUMN
}

#endif
