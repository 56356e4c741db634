/* Points of Grumpkin, y^2 = x^3 - 17 over Fr. The plain form is in aztecd/crypto/_gadgets_python.py. */
#ifndef AZTECD_GRUMPKIN_H
#define AZTECD_GRUMPKIN_H

#include "field_inverse.h"

/* Coordinates in Montgomery form below 2 p, which products of such values are too; those of infinity mean nothing. */
typedef struct {
    fe x, y;
    int is_infinite;
} point;

/* a - b, all below 2 p. */
INLINE fe difference(fe a, fe b)
{
    return fe_reduce(fe_sub_raw(a, b));
}

static int is_zero(fe a)
{
    a = fe_canonical(a);
    return !(a.v[0] | a.v[1] | a.v[2] | a.v[3]);
}

static int grumpkin_is_on_curve(fe x, fe y)
{
    static const fe seventeen = {{17, 0, 0, 0}};
    fe left = fe_add(fe_sqr(y), fe_mul(seventeen, R2)), right = fe_mul(fe_sqr(x), x);
    return is_zero(difference(left, right));
}

/* The sum of two points of the curve. */
static point grumpkin_add(point p, point q)
{
    point sum = {FE_ZERO, FE_ZERO, 1};
    fe rise, run;
    if (p.is_infinite)
        return q;
    if (q.is_infinite)
        return p;
    run = difference(q.x, p.x);
    if (!is_zero(run)) {
        rise = difference(q.y, p.y);
    } else {
        if (is_zero(p.y) || !is_zero(difference(p.y, q.y)))
            return sum;
        fe square = fe_sqr(p.x);
        rise = fe_add(fe_add(square, square), square);
        run = fe_add(p.y, p.y);
    }
    fe slope = fe_mul(rise, fe_inverse(fe_canonical(run)));
    sum.x = difference(difference(fe_sqr(slope), p.x), q.x);
    sum.y = difference(fe_mul(slope, difference(p.x, sum.x)), p.y);
    sum.is_infinite = 0;
    return sum;
}

/* (X, Y, Z) stands for (X / Z^2, Y / Z^3); Z = 0 is infinity. All below 2 p. */
typedef struct {
    fe x, y, z;
} jacobian;

INLINE fe twice(fe a)
{
    return fe_add(a, a);
}

static jacobian jacobian_double(jacobian p)
{
    jacobian r;
    fe yy = fe_sqr(p.y), xx = fe_sqr(p.x), square = fe_sqr(yy);
    fe s = twice(twice(fe_mul(p.x, yy)));
    fe m = fe_add(twice(xx), xx);
    r.x = difference(fe_sqr(m), twice(s));
    r.y = difference(fe_mul(m, difference(s, r.x)), twice(twice(twice(square))));
    r.z = twice(fe_mul(p.y, p.z));
    return r;
}

static jacobian jacobian_add(jacobian p, jacobian q)
{
    if (is_zero(p.z))
        return q;
    if (is_zero(q.z))
        return p;
    jacobian sum;
    fe pz2 = fe_sqr(p.z), qz2 = fe_sqr(q.z);
    fe u = fe_mul(p.x, qz2), s = fe_mul(fe_mul(p.y, qz2), q.z);
    fe h = difference(fe_mul(q.x, pz2), u), r = difference(fe_mul(fe_mul(q.y, pz2), p.z), s);
    if (is_zero(h)) {
        if (is_zero(r))
            return jacobian_double(p);
        sum.x = sum.y = sum.z = FE_ZERO;
        return sum;
    }
    fe hh = fe_sqr(h), hhh = fe_mul(h, hh), v = fe_mul(u, hh);
    sum.x = difference(difference(fe_sqr(r), hhh), twice(v));
    sum.y = difference(fe_mul(r, difference(v, sum.x)), fe_mul(s, hhh));
    sum.z = fe_mul(fe_mul(p.z, q.z), h);
    return sum;
}

/* Add a point of the curve to itself; the scalar has 32 big-endian bytes and need not be reduced. */
static point grumpkin_multiply(point p, const uint8_t scalar[32])
{
    point product = {FE_ZERO, FE_ZERO, 1};
    if (p.is_infinite)
        return product;
    jacobian multiples[16], sum = {FE_ZERO, FE_ZERO, FE_ZERO};
    multiples[0] = sum;
    multiples[1].x = p.x;
    multiples[1].y = p.y;
    multiples[1].z = fe_mul(FE_RAW_ONE, R2);
    for (int i = 2; i < 16; i++)
        multiples[i] = jacobian_add(multiples[i - 1], multiples[1]);
    /* Windows of four bits, the highest first. */
    for (int i = 0; i < 64; i++) {
        for (int j = 0; i && j < 4; j++)
            sum = jacobian_double(sum);
        sum = jacobian_add(sum, multiples[scalar[i / 2] >> (i % 2 ? 0 : 4) & 15]);
    }
    if (is_zero(sum.z))
        return product;
    fe inverse = fe_inverse(fe_canonical(sum.z)), square = fe_sqr(inverse);
    product.x = fe_mul(sum.x, square);
    product.y = fe_mul(sum.y, fe_mul(square, inverse));
    product.is_infinite = 0;
    return product;
}

#endif
