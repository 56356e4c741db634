/* The three multiplications of field.h for x86-64 processors with BMI2 and ADX (2015 and later).
 *
 * mulx leaves the flags alone and adcx, adox keep two carry chains apart, which no compiler makes use of; measured
 * more than twice as fast as the portable form. Same contracts as the functions of field.h. The caller checks that
 * the processor has the instructions.
 */
#ifndef AZTECD_FIELD_ADX_H
#define AZTECD_FIELD_ADX_H

#include "field.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_ADX 1

/* t4:t0 += f * rdx; t4 takes the last carry. Clobbers lo and hi. */
#define ROW(f, t0, t1, t2, t3, t4)          \
    "xorl %k[lo], %k[lo]\n\t"               \
    "mulxq " f ", %[lo], %[hi]\n\t"         \
    "adcxq %[lo], " t0 "\n\t"               \
    "adoxq %[hi], " t1 "\n\t"               \
    "mulxq 8+" f ", %[lo], %[hi]\n\t"       \
    "adcxq %[lo], " t1 "\n\t"               \
    "adoxq %[hi], " t2 "\n\t"               \
    "mulxq 16+" f ", %[lo], %[hi]\n\t"      \
    "adcxq %[lo], " t2 "\n\t"               \
    "adoxq %[hi], " t3 "\n\t"               \
    "mulxq 24+" f ", %[lo], %[hi]\n\t"      \
    "adcxq %[lo], " t3 "\n\t"               \
    "adoxq %[hi], " t4 "\n\t"               \
    "movl $0, %k[lo]\n\t"                   \
    "adcxq %[lo], " t4 "\n\t"

/* The same for six limbs: both chains may carry out of t4. */
#define ROW6(f, t0, t1, t2, t3, t4, t5) ROW(f, t0, t1, t2, t3, t4) "adoxq %[lo], " t5 "\n\tadcxq %[lo], " t5 "\n\t"

/* Add the multiple of p that makes t0 zero. */
#define FACTOR(t0) "movq " t0 ", %%rdx\n\timulq %[inverse], %%rdx\n\t"
#define REDUCE(t0, t1, t2, t3, t4) FACTOR(t0) ROW("%[p]", t0, t1, t2, t3, t4)
#define REDUCE6(t0, t1, t2, t3, t4, t5) FACTOR(t0) ROW6("%[p]", t0, t1, t2, t3, t4, t5)
#define LOAD(operand) "movq " operand ", %%rdx\n\t"

INLINE fe fe_mul_adx(fe a, fe b)
{
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    /* A limb that was made zero is the new highest one, so the names rotate. */
    __asm__(LOAD("%[b]")
            "mulxq %[a], %[t0], %[t1]\n\t"
            "mulxq 8+%[a], %[lo], %[t2]\n\t"
            "addq %[lo], %[t1]\n\t"
            "mulxq 16+%[a], %[lo], %[t3]\n\t"
            "adcq %[lo], %[t2]\n\t"
            "mulxq 24+%[a], %[lo], %[t4]\n\t"
            "adcq %[lo], %[t3]\n\t"
            "adcq $0, %[t4]\n\t"
            REDUCE("%[t0]", "%[t1]", "%[t2]", "%[t3]", "%[t4]")
            LOAD("8+%[b]") ROW("%[a]", "%[t1]", "%[t2]", "%[t3]", "%[t4]", "%[t0]")
            REDUCE("%[t1]", "%[t2]", "%[t3]", "%[t4]", "%[t0]")
            LOAD("16+%[b]") ROW("%[a]", "%[t2]", "%[t3]", "%[t4]", "%[t0]", "%[t1]")
            REDUCE("%[t2]", "%[t3]", "%[t4]", "%[t0]", "%[t1]")
            LOAD("24+%[b]") ROW("%[a]", "%[t3]", "%[t4]", "%[t0]", "%[t1]", "%[t2]")
            REDUCE("%[t3]", "%[t4]", "%[t0]", "%[t1]", "%[t2]")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [lo] "=&r"(lo),
              [hi] "=&r"(hi)
            : [a] "m"(a), [b] "m"(b), [p] "m"(P1), [inverse] "m"(P_INVERSE)
            : "rdx", "cc");
    return (fe){{t4, t0, t1, t2}};
}

INLINE fe fe_sqr_adx(fe a)
{
    uint64_t t0, t1, t2, t3, t4, t5, t6, t7, top, lo, hi;
    __asm__(/* Products of different limbs, once. */
            LOAD("%[a]")
            "mulxq 8+%[a], %[t1], %[t2]\n\t"
            "mulxq 16+%[a], %[lo], %[t3]\n\t"
            "addq %[lo], %[t2]\n\t"
            "mulxq 24+%[a], %[lo], %[t4]\n\t"
            "adcq %[lo], %[t3]\n\t"
            "adcq $0, %[t4]\n\t"
            LOAD("8+%[a]")
            "xorl %k[t5], %k[t5]\n\t"
            "mulxq 16+%[a], %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t3]\n\t"
            "adoxq %[hi], %[t4]\n\t"
            "mulxq 24+%[a], %[lo], %[hi]\n\t"
            "adcxq %[lo], %[t4]\n\t"
            "adoxq %[hi], %[t5]\n\t"
            "movl $0, %k[lo]\n\t"
            "adcxq %[lo], %[t5]\n\t"
            LOAD("16+%[a]")
            "mulxq 24+%[a], %[lo], %[t6]\n\t"
            "addq %[lo], %[t5]\n\t"
            "adcq $0, %[t6]\n\t"
            /* Twice them in one chain, plus the squares in the other. */
            "xorl %k[t7], %k[t7]\n\t"
            LOAD("%[a]")
            "mulxq %%rdx, %[t0], %[hi]\n\t"
            "adcxq %[t1], %[t1]\n\t"
            "adoxq %[hi], %[t1]\n\t"
            LOAD("8+%[a]")
            "mulxq %%rdx, %[lo], %[hi]\n\t"
            "adcxq %[t2], %[t2]\n\t"
            "adoxq %[lo], %[t2]\n\t"
            "adcxq %[t3], %[t3]\n\t"
            "adoxq %[hi], %[t3]\n\t"
            LOAD("16+%[a]")
            "mulxq %%rdx, %[lo], %[hi]\n\t"
            "adcxq %[t4], %[t4]\n\t"
            "adoxq %[lo], %[t4]\n\t"
            "adcxq %[t5], %[t5]\n\t"
            "adoxq %[hi], %[t5]\n\t"
            LOAD("24+%[a]")
            "mulxq %%rdx, %[lo], %[hi]\n\t"
            "adcxq %[t6], %[t6]\n\t"
            "adoxq %[lo], %[t6]\n\t"
            "adcxq %[t7], %[t7]\n\t"
            "adoxq %[hi], %[t7]\n\t"
            /* Reduce the lower half alone: it becomes at most p. */
            "xorl %k[top], %k[top]\n\t"
            REDUCE("%[t0]", "%[t1]", "%[t2]", "%[t3]", "%[top]")
            REDUCE("%[t1]", "%[t2]", "%[t3]", "%[top]", "%[t0]")
            REDUCE("%[t2]", "%[t3]", "%[top]", "%[t0]", "%[t1]")
            REDUCE("%[t3]", "%[top]", "%[t0]", "%[t1]", "%[t2]")
            "addq %[t4], %[top]\n\t"
            "adcq %[t5], %[t0]\n\t"
            "adcq %[t6], %[t1]\n\t"
            "adcq %[t7], %[t2]\n\t"
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [t5] "=&r"(t5),
              [t6] "=&r"(t6), [t7] "=&r"(t7), [top] "=&r"(top), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "m"(a), [p] "m"(P1), [inverse] "m"(P_INVERSE)
            : "rdx", "cc");
    return (fe){{top, t0, t1, t2}};
}

INLINE fe fe_dot3_adx(fe x, fe a, fe y, fe b, fe z, fe c)
{
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0, lo, hi;
#define THREE_ROWS(i, ...)                             \
    LOAD(i "%[a]") ROW6("%[x]", __VA_ARGS__)           \
    LOAD(i "%[b]") ROW6("%[y]", __VA_ARGS__)           \
    LOAD(i "%[c]") ROW6("%[z]", __VA_ARGS__) REDUCE6(__VA_ARGS__)
    __asm__(THREE_ROWS("", "%[t0]", "%[t1]", "%[t2]", "%[t3]", "%[t4]", "%[t5]")
            THREE_ROWS("8+", "%[t1]", "%[t2]", "%[t3]", "%[t4]", "%[t5]", "%[t0]")
            THREE_ROWS("16+", "%[t2]", "%[t3]", "%[t4]", "%[t5]", "%[t0]", "%[t1]")
            THREE_ROWS("24+", "%[t3]", "%[t4]", "%[t5]", "%[t0]", "%[t1]", "%[t2]")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [t5] "+&r"(t5),
              [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [x] "m"(x), [a] "m"(a), [y] "m"(y), [b] "m"(b), [z] "m"(z), [c] "m"(c), [p] "m"(P1),
              [inverse] "m"(P_INVERSE)
            : "rdx", "cc");
#undef THREE_ROWS
    return (fe){{t4, t5, t0, t1}};
}

#undef ROW
#undef ROW6
#undef FACTOR
#undef REDUCE
#undef REDUCE6
#undef LOAD
#endif

#endif
