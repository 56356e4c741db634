/* The Poseidon2 permutation of width 4 over BN254, its constants, and the sponge.
 *
 * Authority: the instance behind @aztec/foundation src/crypto/poseidon/index.ts (4.1.2). The plain form of the same
 * rules is aztecd/crypto/_poseidon2_python.py; tests hold the two together.
 */
#ifndef AZTECD_POSEIDON2_H
#define AZTECD_POSEIDON2_H

#include <stddef.h>

#include "field.h"
#include "field_adx.h"
#include "field_inverse.h"

#define HALF_FULL_ROUNDS 4
#define PARTIAL_ROUNDS 56
#define ELEMENT 32

typedef struct {
    fe s[4];
} state;

/* Everything in Montgomery form and canonical; filled once, by make_constants. */
static struct {
    fe full[2 * HALF_FULL_ROUNDS][4];
    fe partial[PARTIAL_ROUNDS];
    fe d0;
    /* For the partial rounds, see there; d is short for diagonal[1..3]. */
    fe minus_e1, e2, e3;
    fe before1[3], before2[3];
    fe d[3], recover[3][3];
} K;

/* ---- constants ---- */

/* The internal matrix is all ones plus this diagonal; not in Montgomery form. */
static const fe DIAGONAL[4] = {
    {{0xb56821fd19d3b6e7u, 0x0d03f98929ca1d7fu, 0x04b1e03b4bd9490cu, 0x10dc6e9c006ea38bu}},
    {{0xa86b38cfb45a740bu, 0x99df9756d4dd9b84u, 0x0149b3d0a30b3bb5u, 0x0c28145b6a44df3eu}},
    {{0x70067d00141cac15u, 0xb21f75bb60e35961u, 0xb2c7645a50392798u, 0x00544b8338791518u}},
    {{0x13bc534433ee428bu, 0x52e105a3b8fa8526u, 0x2e2e82eb122789e3u, 0x222c01175718386fu}},
};

/* The Grain LFSR: 80 bits, the oldest one highest, in two words (16 and 64 bits). */
typedef struct {
    uint64_t high, low;
} grain;

static uint64_t grain_step(grain *g)
{
    uint64_t l = g->low, h = g->high;
    uint64_t bit = (l >> 17 ^ l >> 28 ^ l >> 41 ^ l >> 56 ^ h >> 2 ^ h >> 15) & 1;
    g->high = (h << 1 | l >> 63) & 0xffff;
    g->low = l << 1 | bit;
    return bit;
}

static void grain_seed(grain *g)
{
    /* Width and value of: prime field, x^alpha, bits of p, t, full rounds, partial rounds. */
    static const unsigned parameters[6][2] = {{2, 1}, {4, 0}, {12, 254}, {12, 4}, {10, 8}, {10, 56}};
    g->high = g->low = 0;
    for (int i = 0; i < 6; i++)
        for (unsigned bit = parameters[i][0]; bit-- > 0;) {
            g->high = (g->high << 1 | g->low >> 63) & 0xffff;
            g->low = g->low << 1 | (parameters[i][1] >> bit & 1);
        }
    for (int i = 0; i < 30; i++) {
        g->high = (g->high << 1 | g->low >> 63) & 0xffff;
        g->low = g->low << 1 | 1;
    }
    for (int i = 0; i < 160; i++)
        (void)grain_step(g);
}

/* The next 254 bits of the self-shrunk stream that are below p. */
static fe grain_element(grain *g)
{
    fe a;
    uint64_t borrow;
    do {
        a = FE_ZERO;
        for (int i = 253; i >= 0; i--) {
            uint64_t keep, bit;
            do {
                keep = grain_step(g);
                bit = grain_step(g);
            } while (!keep);
            a.v[i / 64] |= bit << (i % 64);
        }
        borrow = 0;
        for (int i = 0; i < 4; i++)
            (void)sub_borrow(a.v[i], P1.v[i], &borrow);
    } while (!borrow);
    return a;
}

static fe minus(fe a)
{
    return fe_canonical(fe_sub_raw(FE_ZERO, a));
}

static fe inverse(fe a)
{
    return fe_canonical(fe_inverse(a));
}

static void make_constants(void)
{
    grain g;
    grain_seed(&g);
    for (int r = 0; r < 2 * HALF_FULL_ROUNDS; r++) {
        for (int i = 0; i < 4; i++)
            K.full[r][i] = fe_canonical(fe_mul(grain_element(&g), R2));
        if (r == HALF_FULL_ROUNDS - 1)
            for (int i = 0; i < PARTIAL_ROUNDS; i++)
                K.partial[i] = fe_canonical(fe_mul(grain_element(&g), R2));
    }
    K.d0 = fe_canonical(fe_mul(DIAGONAL[0], R2));
    for (int i = 0; i < 3; i++)
        K.d[i] = fe_canonical(fe_mul(DIAGONAL[i + 1], R2));

    const fe *d = K.d;
    K.minus_e1 = minus(fe_canonical(fe_add(fe_add(d[0], d[1]), d[2])));
    K.e2 = fe_canonical(fe_add(fe_add(fe_mul(d[0], d[1]), fe_mul(d[0], d[2])), fe_mul(d[1], d[2])));
    K.e3 = fe_canonical(fe_mul(fe_mul(d[0], d[1]), d[2]));
    for (int i = 0; i < 3; i++) {
        K.before1[i] = inverse(d[i]);
        K.before2[i] = fe_canonical(fe_mul(K.before1[i], K.before1[i]));
        /* Lagrange's polynomial for d[i], times d[i]^2. */
        fe b = d[(i + 1) % 3], c = d[(i + 2) % 3];
        fe scale = fe_mul(fe_reduce(fe_sub_raw(d[i], b)), fe_reduce(fe_sub_raw(d[i], c)));
        scale = fe_mul(inverse(fe_canonical(scale)), fe_mul(d[i], d[i]));
        K.recover[i][0] = fe_canonical(fe_mul(scale, fe_mul(b, c)));
        K.recover[i][1] = minus(fe_canonical(fe_mul(scale, fe_add(b, c))));
        K.recover[i][2] = fe_canonical(scale);
    }
}

/* ---- permutation ---- */

/* Rows [5,7,1,3] [4,6,1,1] [1,3,5,7] [1,1,4,6]; all values below 2 p. */
INLINE void external(state *x)
{
    fe a = x->s[0], b = x->s[1], c = x->s[2], d = x->s[3];
    fe ab = fe_add(a, b), cd = fe_add(c, d);
    fe u = fe_add(fe_add(b, b), cd), v = fe_add(fe_add(d, d), ab);
    cd = fe_add(cd, cd);
    ab = fe_add(ab, ab);
    fe w = fe_add(fe_add(cd, cd), v), z = fe_add(fe_add(ab, ab), u);
    x->s[0] = fe_add(v, z);
    x->s[1] = z;
    x->s[2] = fe_add(u, w);
    x->s[3] = w;
}

/* Everything below is compiled twice; `adx` is a constant in each copy. */
#ifdef HAVE_ADX
#define MUL(a, b) (adx ? fe_mul_adx(a, b) : fe_mul(a, b))
#define SQR(a) (adx ? fe_sqr_adx(a) : fe_sqr(a))
#define DOT3(x, a, y, b, z, c) (adx ? fe_dot3_adx(x, a, y, b, z, c) : fe_dot3(x, a, y, b, z, c))
#else
#define MUL(a, b) fe_mul(a, b)
#define SQR(a) fe_sqr(a)
#define DOT3(x, a, y, b, z, c) fe_dot3(x, a, y, b, z, c)
#endif

/* (x + constant)^5 of x below 2 p: below 2.36 p. */
INLINE fe sbox(fe x, const fe *constant, const int adx)
{
    x = fe_add_raw(x, *constant);
    fe square = SQR(x);
    return MUL(SQR(square), x);
}

INLINE void full_round(state *x, const fe *constant, const int adx)
{
    for (int i = 0; i < 4; i++)
        x->s[i] = fe_reduce(sbox(x->s[i], &constant[i], adx));
    external(x);
}

/* The 56 partial rounds.
 *
 * With s the S-box output and x1, x2, x3 the other elements, a round is
 *     t = x1 + x2 + x3;  sum = s + t;  x0' = d0 s + sum;  xi' = di xi + sum.
 * Only t of the three linear elements matters until the end. As the di are the roots of
 * q^3 - e1 q^2 + e2 q - e3, it follows from its own past:
 *     t[j+1] = -e1 (2 sum[j-1] - t[j]) + e2 (sum[j-2] - t[j-1]) + e3 t[j-2] + 3 sum[j]
 * which is three products under one reduction, where the plain form has three of each. The first round sees a
 * past without input: t[-k] = sum of xi / di^k. At the end the elements of two rounds ago follow from their power
 * sums (`recover` goes the two rounds forward as well). It saves a sixth of the multiplications.
 */
INLINE void partial_rounds(state *x, const int adx)
{
    fe x0 = x->s[0], x1 = x->s[1], x2 = x->s[2], x3 = x->s[3];
    fe t = fe_add(fe_add(x1, x2), x3);
    fe t1 = DOT3(x1, K.before1[0], x2, K.before1[1], x3, K.before1[2]); /* below 2.14 p */
    fe t2 = DOT3(x1, K.before2[0], x2, K.before2[1], x3, K.before2[2]);
    fe sum1 = FE_ZERO, sum2 = FE_ZERO, twice1 = FE_ZERO;
    t1 = fe_reduce(t1);
    t2 = fe_reduce(t2);
    for (int j = 0; j < PARTIAL_ROUNDS; j++) {
        /* Bounds: t, t1, t2, x0 below 2 p; sum1, sum2 below 2.36 p; twice1 below 2.72 p. */
        fe past = DOT3(fe_sub_raw(twice1, t), K.minus_e1, fe_sub_raw(sum2, t1), K.e2, t2, K.e3);
        fe s = sbox(x0, &K.partial[j], adx);
        fe sum = fe_reduce(fe_add_raw(s, t));
        x0 = fe_reduce(fe_add_raw(MUL(s, K.d0), sum)); /* before: below 1.45 p + 2.36 p */
        sum2 = sum1;
        sum1 = sum;
        twice1 = fe_reduce(fe_add_raw(sum, sum));
        t2 = t1;
        t1 = t;
        /* past is below 3.1 p. */
        t = fe_add_raw(fe_reduce(past), fe_reduce(fe_add_raw(twice1, sum)));
        t = fe_reduce(fe_reduce(t));
    }
    /* Power sums of two rounds ago: v0 = t2, v1 = t1 - 3 sum2, v2 = t - e1 sum2 - 3 sum1. */
    fe thrice2 = fe_reduce(fe_reduce(fe_add_raw(fe_reduce(fe_add_raw(sum2, sum2)), sum2)));
    fe thrice1 = fe_reduce(fe_reduce(fe_add_raw(twice1, sum1)));
    fe v1 = fe_sub_raw(t1, thrice2);
    fe v2 = fe_add_raw(MUL(sum2, K.minus_e1), fe_reduce(fe_sub_raw(t, thrice1)));
    x->s[0] = x0;
    for (int i = 0; i < 3; i++) {
        fe old = fe_reduce(DOT3(t2, K.recover[i][0], v1, K.recover[i][1], v2, K.recover[i][2]));
        fe new = fe_add_raw(MUL(sum2, K.d[i]), fe_reduce(sum1));
        x->s[i + 1] = fe_add(old, fe_reduce(new));
    }
}

INLINE void permute_body(state *x, const int adx)
{
    external(x);
    for (int r = 0; r < HALF_FULL_ROUNDS; r++)
        full_round(x, K.full[r], adx);
    partial_rounds(x, adx);
    for (int r = HALF_FULL_ROUNDS; r < 2 * HALF_FULL_ROUNDS; r++)
        full_round(x, K.full[r], adx);
}

static void permute_portable(state *x)
{
    permute_body(x, 0);
}

#ifdef HAVE_ADX
static void permute_adx(state *x)
{
    permute_body(x, 1);
}
#endif

/* What suits the processor; set once. */
static void (*poseidon2_permute)(state *x) = permute_portable;

static void poseidon2_init(void)
{
    make_constants();
#ifdef HAVE_ADX
    __builtin_cpu_init();
    if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("adx"))
        poseidon2_permute = permute_adx;
#endif
}

/* ---- sponge ---- */

/* Add up to three elements to the rate and permute. Returns -1, or the index of one that is not canonical. */
static ptrdiff_t sponge_absorb(state *x, const uint8_t *in, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        fe element;
        if (!fe_load(&element, in + i * ELEMENT))
            return i;
        x->s[i] = fe_add(x->s[i], element);
    }
    poseidon2_permute(x);
    return -1;
}

/* Hash a list; the capacity starts with its length, so there is no padding. Returns as sponge_absorb. */
static ptrdiff_t sponge_hash(uint8_t *out, const uint8_t *in, ptrdiff_t count)
{
    fe length = {{0, (uint64_t)count, 0, 0}};
    state x = {{FE_ZERO, FE_ZERO, FE_ZERO, fe_mul(length, R2)}};
    ptrdiff_t done = 0;
    do {
        ptrdiff_t n = count - done < 3 ? count - done : 3;
        ptrdiff_t bad = sponge_absorb(&x, in + done * ELEMENT, n);
        if (bad >= 0)
            return done + bad;
        done += n;
    } while (done < count);
    fe_store(out, x.s[0]);
    return -1;
}

#endif
