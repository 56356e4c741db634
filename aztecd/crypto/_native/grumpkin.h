/* Affine points of Grumpkin, y^2 = x^3 - 17 over Fr. The plain form is in aztecd/crypto/_gadgets_python.py. */
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

#endif
