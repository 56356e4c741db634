/* BN254 scalar field in Montgomery form, four 64-bit limbs, little-endian limb order.
 *
 * Reduction is lazy. "Below k p" in a comment is the invariant of a value; 2^256 is about 5.28 p.
 * fe_mul(a, b) accepts a below 4.28 p and any b, and gives a value below a * b / 2^256 + p; with a, b below 3 p
 * that is below 2.71 p. Only fe_store gives the canonical form.
 */
#ifndef AZTECD_FIELD_H
#define AZTECD_FIELD_H

#include <stdint.h>

#ifndef __SIZEOF_INT128__
#error "the kernel needs a compiler with 128-bit integers; the package works without it"
#endif

typedef unsigned __int128 u128;
typedef struct {
    uint64_t v[4];
} fe;

#define INLINE static inline __attribute__((always_inline))

/* p, 2 p, -1/p mod 2^64, 2^512 mod p. */
static const fe P1 = {{0x43e1f593f0000001u, 0x2833e84879b97091u, 0xb85045b68181585du, 0x30644e72e131a029u}};
static const fe P2 = {{0x87c3eb27e0000002u, 0x5067d090f372e122u, 0x70a08b6d0302b0bau, 0x60c89ce5c2634053u}};
static const fe R2 = {{0x1bb8e645ae216da7u, 0x53fe3ab1e35c59e3u, 0x8c49833d53bb8085u, 0x0216d0b17f4e44a5u}};
static const uint64_t P_INVERSE = 0xc2e1f593efffffffu;
static const fe FE_ZERO = {{0, 0, 0, 0}};
static const fe FE_RAW_ONE = {{1, 0, 0, 0}};

/* One step of a carry chain: *carry:result = a + b + *carry. */
INLINE uint64_t add_carry(uint64_t a, uint64_t b, uint64_t *carry)
{
    u128 t = (u128)a + b + *carry;
    *carry = (uint64_t)(t >> 64);
    return (uint64_t)t;
}

INLINE uint64_t sub_borrow(uint64_t a, uint64_t b, uint64_t *borrow)
{
    u128 t = (u128)a - b - *borrow;
    *borrow = (uint64_t)(t >> 64) & 1;
    return (uint64_t)t;
}

/* *carry:result = a * b + c + *carry; this never overflows 128 bits. */
INLINE uint64_t mul_add(uint64_t a, uint64_t b, uint64_t c, uint64_t *carry)
{
    u128 t = (u128)a * b + c + *carry;
    *carry = (uint64_t)(t >> 64);
    return (uint64_t)t;
}

#if defined(__x86_64__)

/* Compilers make poor code of carry chains over 128-bit integers: a factor of three on the additions alone. */

/* The sum as it is: the caller knows that it fits in 256 bits. */
INLINE fe fe_add_raw(fe a, fe b)
{
    __asm__("addq %4, %0\n\t"
            "adcq %5, %1\n\t"
            "adcq %6, %2\n\t"
            "adcq %7, %3"
            : "+&r"(a.v[0]), "+&r"(a.v[1]), "+&r"(a.v[2]), "+&r"(a.v[3])
            : "rm"(b.v[0]), "rm"(b.v[1]), "rm"(b.v[2]), "rm"(b.v[3])
            : "cc");
    return a;
}

/* a - m when that is not negative, else a; without a branch. */
INLINE fe fe_sub_if(fe a, fe m)
{
    fe r = a;
    __asm__("subq %8, %0\n\t"
            "sbbq %9, %1\n\t"
            "sbbq %10, %2\n\t"
            "sbbq %11, %3\n\t"
            "cmovcq %4, %0\n\t"
            "cmovcq %5, %1\n\t"
            "cmovcq %6, %2\n\t"
            "cmovcq %7, %3"
            : "+&r"(r.v[0]), "+&r"(r.v[1]), "+&r"(r.v[2]), "+&r"(r.v[3])
            : "rm"(a.v[0]), "rm"(a.v[1]), "rm"(a.v[2]), "rm"(a.v[3]), "m"(m.v[0]), "m"(m.v[1]), "m"(m.v[2]),
              "m"(m.v[3])
            : "cc");
    return r;
}

/* a - b for b not above a. */
INLINE fe fe_sub_plain(fe a, fe b)
{
    __asm__("subq %4, %0\n\t"
            "sbbq %5, %1\n\t"
            "sbbq %6, %2\n\t"
            "sbbq %7, %3"
            : "+&r"(a.v[0]), "+&r"(a.v[1]), "+&r"(a.v[2]), "+&r"(a.v[3])
            : "rm"(b.v[0]), "rm"(b.v[1]), "rm"(b.v[2]), "rm"(b.v[3])
            : "cc");
    return a;
}

#else

/* The sum as it is: the caller knows that it fits in 256 bits. */
INLINE fe fe_add_raw(fe a, fe b)
{
    uint64_t c = 0;
    fe r;
    r.v[0] = add_carry(a.v[0], b.v[0], &c);
    r.v[1] = add_carry(a.v[1], b.v[1], &c);
    r.v[2] = add_carry(a.v[2], b.v[2], &c);
    r.v[3] = add_carry(a.v[3], b.v[3], &c);
    return r;
}

/* a - m when that is not negative, else a; without a branch. */
INLINE fe fe_sub_if(fe a, fe m)
{
    uint64_t borrow = 0;
    fe r;
    r.v[0] = sub_borrow(a.v[0], m.v[0], &borrow);
    r.v[1] = sub_borrow(a.v[1], m.v[1], &borrow);
    r.v[2] = sub_borrow(a.v[2], m.v[2], &borrow);
    r.v[3] = sub_borrow(a.v[3], m.v[3], &borrow);
    uint64_t keep = (uint64_t)0 - borrow;
    for (int i = 0; i < 4; i++)
        r.v[i] = (a.v[i] & keep) | (r.v[i] & ~keep);
    return r;
}

/* a - b for b not above a. */
INLINE fe fe_sub_plain(fe a, fe b)
{
    uint64_t borrow = 0;
    fe r;
    r.v[0] = sub_borrow(a.v[0], b.v[0], &borrow);
    r.v[1] = sub_borrow(a.v[1], b.v[1], &borrow);
    r.v[2] = sub_borrow(a.v[2], b.v[2], &borrow);
    r.v[3] = sub_borrow(a.v[3], b.v[3], &borrow);
    return r;
}

#endif

/* Below k p (k at least 2) becomes below max(2, k - 2) p. */
INLINE fe fe_reduce(fe a)
{
    return fe_sub_if(a, P2);
}

/* The canonical form of a value below 4 p. */
INLINE fe fe_canonical(fe a)
{
    return fe_sub_if(fe_reduce(a), P1);
}

/* Both below 2 p, and so is the sum. */
INLINE fe fe_add(fe a, fe b)
{
    return fe_reduce(fe_add_raw(a, b));
}

/* a + 2 p - b with b below 2 p: below a + 2 p. */
INLINE fe fe_sub_raw(fe a, fe b)
{
    return fe_add_raw(a, fe_sub_plain(P2, b));
}

INLINE fe fe_mul(fe a, fe b)
{
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
#define STEP(i)                                             \
    do {                                                    \
        uint64_t x = b.v[i], hi = 0, c = 0, m;              \
        t0 = mul_add(a.v[0], x, t0, &hi);                   \
        m = t0 * P_INVERSE;                                 \
        (void)mul_add(m, P1.v[0], t0, &c);                  \
        t1 = mul_add(a.v[1], x, t1, &hi);                   \
        t0 = mul_add(m, P1.v[1], t1, &c);                   \
        t2 = mul_add(a.v[2], x, t2, &hi);                   \
        t1 = mul_add(m, P1.v[2], t2, &c);                   \
        t3 = mul_add(a.v[3], x, t3, &hi);                   \
        t2 = mul_add(m, P1.v[3], t3, &c);                   \
        t3 = hi + c; /* no carry: a + p is below 2^256 */   \
    } while (0)
    STEP(0);
    STEP(1);
    STEP(2);
    STEP(3);
#undef STEP
    return (fe){{t0, t1, t2, t3}};
}

/* Montgomery reduction of eight limbs below p * 2^256 * 4.28: below t / 2^256 + p. */
INLINE fe fe_redc(uint64_t t[8])
{
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t m = t[i] * P_INVERSE, c = 0;
        (void)mul_add(m, P1.v[0], t[i], &c);
        t[i + 1] = mul_add(m, P1.v[1], t[i + 1], &c);
        t[i + 2] = mul_add(m, P1.v[2], t[i + 2], &c);
        t[i + 3] = mul_add(m, P1.v[3], t[i + 3], &c);
        t[i + 4] = add_carry(t[i + 4], c, &carry);
    }
    return (fe){{t[4], t[5], t[6], t[7]}};
}

INLINE fe fe_sqr(fe a)
{
    uint64_t t[8], c, top;
    /* Products of different limbs, once. */
    c = 0;
    t[1] = mul_add(a.v[0], a.v[1], 0, &c);
    t[2] = mul_add(a.v[0], a.v[2], 0, &c);
    t[3] = mul_add(a.v[0], a.v[3], 0, &c);
    t[4] = c;
    c = 0;
    t[3] = mul_add(a.v[1], a.v[2], t[3], &c);
    t[4] = mul_add(a.v[1], a.v[3], t[4], &c);
    t[5] = c;
    c = 0;
    t[5] = mul_add(a.v[2], a.v[3], t[5], &c);
    t[6] = c;
    /* Twice them, plus the squares. */
    top = t[6] >> 63;
    t[7] = top;
    t[6] = t[6] << 1 | t[5] >> 63;
    t[5] = t[5] << 1 | t[4] >> 63;
    t[4] = t[4] << 1 | t[3] >> 63;
    t[3] = t[3] << 1 | t[2] >> 63;
    t[2] = t[2] << 1 | t[1] >> 63;
    t[1] = t[1] << 1;
    c = 0;
    u128 s;
    s = (u128)a.v[0] * a.v[0];
    t[0] = (uint64_t)s;
    t[1] = add_carry(t[1], (uint64_t)(s >> 64), &c);
    s = (u128)a.v[1] * a.v[1];
    t[2] = add_carry(t[2], (uint64_t)s, &c);
    t[3] = add_carry(t[3], (uint64_t)(s >> 64), &c);
    s = (u128)a.v[2] * a.v[2];
    t[4] = add_carry(t[4], (uint64_t)s, &c);
    t[5] = add_carry(t[5], (uint64_t)(s >> 64), &c);
    s = (u128)a.v[3] * a.v[3];
    t[6] = add_carry(t[6], (uint64_t)s, &c);
    t[7] = add_carry(t[7], (uint64_t)(s >> 64), &c);
    return fe_redc(t);
}

/* Three products under one reduction: x a + y b + z c over 2^256. With canonical a, b, c and x, y, z below 2^256
 * the result is below (x + y + z) / 5.28 + p. */
INLINE fe fe_dot3(fe x, fe a, fe y, fe b, fe z, fe c)
{
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
    u128 t4 = 0;
#define ROW(f, k)                              \
    do {                                       \
        uint64_t h = 0;                        \
        t0 = mul_add(f.v[0], k, t0, &h);       \
        t1 = mul_add(f.v[1], k, t1, &h);       \
        t2 = mul_add(f.v[2], k, t2, &h);       \
        t3 = mul_add(f.v[3], k, t3, &h);       \
        t4 += h;                               \
    } while (0)
#define STEP(i)                                      \
    do {                                             \
        ROW(x, a.v[i]);                              \
        ROW(y, b.v[i]);                              \
        ROW(z, c.v[i]);                              \
        uint64_t m = t0 * P_INVERSE, h = 0;          \
        (void)mul_add(m, P1.v[0], t0, &h);           \
        t0 = mul_add(m, P1.v[1], t1, &h);            \
        t1 = mul_add(m, P1.v[2], t2, &h);            \
        t2 = mul_add(m, P1.v[3], t3, &h);            \
        t4 += h;                                     \
        t3 = (uint64_t)t4;                           \
        t4 >>= 64;                                   \
    } while (0)
    STEP(0);
    STEP(1);
    STEP(2);
    STEP(3);
#undef STEP
#undef ROW
    return (fe){{t0, t1, t2, t3}};
}

/* Read a big-endian element into Montgomery form, below 2 p. Returns 0 when it is not canonical. */
INLINE int fe_load(fe *out, const uint8_t *bytes)
{
    fe a;
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t *q = bytes + 8 * (3 - i);
        a.v[i] = (uint64_t)q[0] << 56 | (uint64_t)q[1] << 48 | (uint64_t)q[2] << 40 | (uint64_t)q[3] << 32 |
                 (uint64_t)q[4] << 24 | (uint64_t)q[5] << 16 | (uint64_t)q[6] << 8 | (uint64_t)q[7];
    }
    for (int i = 0; i < 4; i++)
        (void)sub_borrow(a.v[i], P1.v[i], &borrow);
    *out = fe_mul(R2, a);
    return (int)borrow;
}

/* Write the canonical big-endian form of a value below 4.28 p. */
INLINE void fe_store(uint8_t *bytes, fe a)
{
    /* Multiplying by 1 / 2^256 gives at most p, so one subtraction is enough. */
    a = fe_sub_if(fe_mul(a, FE_RAW_ONE), P1);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 8; j++)
            bytes[8 * (3 - i) + j] = (uint8_t)(a.v[i] >> (56 - 8 * j));
}

#endif
