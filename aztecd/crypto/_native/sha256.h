/* The compression function of SHA-256. Authority: FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2.2. */
#ifndef AZTECD_SHA256_H
#define AZTECD_SHA256_H

#include <stdint.h>

#define SHA256_STATE 8
#define SHA256_BLOCK 16
#define SHA256_ROUNDS 64

static const uint32_t SHA256_K[SHA256_ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* Replace the state by the compression of it and the block; the block is used up. */
static void sha256_compress(uint32_t state[SHA256_STATE], uint32_t w[SHA256_BLOCK])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
/* The eight names rotate instead of their values; w holds the last sixteen words of the schedule. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                                      \
    do {                                                                                                      \
        uint32_t t = h + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +                   \
                     (g ^ (e & (f ^ g))) + SHA256_K[round + (i)] + w[i];                                      \
        d += t;                                                                                               \
        h = t + (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) + ((a & b) | (c & (a | b))); \
    } while (0)
#define EIGHT_ROUNDS(i)                         \
    do {                                        \
        ROUND(a, b, c, d, e, f, g, h, (i));     \
        ROUND(h, a, b, c, d, e, f, g, (i) + 1); \
        ROUND(g, h, a, b, c, d, e, f, (i) + 2); \
        ROUND(f, g, h, a, b, c, d, e, (i) + 3); \
        ROUND(e, f, g, h, a, b, c, d, (i) + 4); \
        ROUND(d, e, f, g, h, a, b, c, (i) + 5); \
        ROUND(c, d, e, f, g, h, a, b, (i) + 6); \
        ROUND(b, c, d, e, f, g, h, a, (i) + 7); \
    } while (0)
    for (int round = 0;;) {
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        round += SHA256_BLOCK;
        if (round == SHA256_ROUNDS)
            break;
        for (int i = 0; i < SHA256_BLOCK; i++) {
            uint32_t old = w[(i + 1) % 16], new = w[(i + 14) % 16];
            w[i] += (rotate_right(old, 7) ^ rotate_right(old, 18) ^ old >> 3) + w[(i + 9) % 16] +
                    (rotate_right(new, 17) ^ rotate_right(new, 19) ^ new >> 10);
        }
    }
#undef EIGHT_ROUNDS
#undef ROUND
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

#endif
