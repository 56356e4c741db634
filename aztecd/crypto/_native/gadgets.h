/* The gadgets of the public machine on Python's integers: the functions of aztecd/crypto/_gadgets_python.py. */
#ifndef AZTECD_GADGETS_H
#define AZTECD_GADGETS_H

#include "python_ints.h"

#include "grumpkin.h"
#include "keccak.h"
#include "radix.h"
#include "sha256.h"

static PyObject *py_sha256_compress(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    uint64_t words[SHA256_STATE + SHA256_BLOCK];
    uint32_t state[SHA256_STATE], block[SHA256_BLOCK];
    if (!check_count("sha256_compress", count, 2) ||
        !words_of(words, args[0], SHA256_STATE, 32, "state word") ||
        !words_of(words + SHA256_STATE, args[1], SHA256_BLOCK, 32, "block word"))
        return NULL;
    for (int i = 0; i < SHA256_STATE; i++)
        state[i] = (uint32_t)words[i];
    for (int i = 0; i < SHA256_BLOCK; i++)
        block[i] = (uint32_t)words[SHA256_STATE + i];
    sha256_compress(state, block);
    for (int i = 0; i < SHA256_STATE; i++)
        words[i] = state[i];
    return list_of(words, SHA256_STATE);
}

static PyObject *py_keccak_permute(PyObject *module, PyObject *lanes)
{
    (void)module;
    uint64_t state[KECCAK_LANES];
    if (!words_of(state, lanes, KECCAK_LANES, 64, "lane"))
        return NULL;
    keccak_permute(state);
    return list_of(state, KECCAK_LANES);
}

static PyObject *py_grumpkin_is_on_curve(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    fe x, y;
    if (!check_count("grumpkin_is_on_curve", count, 2) || !element_of(&x, args[0], 0) ||
        !element_of(&y, args[1], 1))
        return NULL;
    return PyBool_FromLong(grumpkin_is_on_curve(x, y));
}

static PyObject *tuple_of(point p)
{
    if (p.is_infinite)
        return Py_BuildValue("(iii)", 0, 0, 1);
    PyObject *x = int_of(p.x), *y = x ? int_of(p.y) : NULL;
    if (!y) {
        Py_XDECREF(x);
        return NULL;
    }
    return Py_BuildValue("(NNi)", x, y, 0);
}

static PyObject *py_grumpkin_add(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    point p, q;
    if (!check_count("grumpkin_add", count, 6) || !element_of(&p.x, args[0], 0) || !element_of(&p.y, args[1], 1) ||
        !flag_of(&p.is_infinite, args[2], 2) || !element_of(&q.x, args[3], 3) || !element_of(&q.y, args[4], 4) ||
        !flag_of(&q.is_infinite, args[5], 5))
        return NULL;
    return tuple_of(grumpkin_add(p, q));
}

static PyObject *py_grumpkin_multiply(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    point p;
    uint8_t scalar[INT_BYTES];
    if (!check_count("grumpkin_multiply", count, 4) || !element_of(&p.x, args[0], 0) ||
        !element_of(&p.y, args[1], 1) || !flag_of(&p.is_infinite, args[2], 2) || !check_int(args[3]))
        return NULL;
    if (!int_to_bytes(scalar, args[3], 0)) {
        refuse_int("argument", 3, "scalar", args[3]);
        return NULL;
    }
    return tuple_of(grumpkin_multiply(p, scalar));
}

static PyObject *py_to_radix_be(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    fe element;
    uint8_t bytes[INT_BYTES], digits[256];
    uint32_t number[RADIX_WORDS];
    int overflow;
    /* Reading the value as an element checks its range. */
    if (!check_count("to_radix_be", count, 3) || !element_of(&element, args[0], 0) || !check_int(args[1]))
        return NULL;
    long radix = PyLong_AsLongAndOverflow(args[1], &overflow);
    if (overflow || radix < 2 || radix > 256)
        return PyErr_Format(PyExc_ValueError, "a radix is 2 to 256, got %S", args[1]);
    if (!check_int(args[2]))
        return NULL;
    Py_ssize_t size = PyNumber_AsSsize_t(args[2], NULL); /* too large a size is beyond any memory all the same */
    if (size < 0)
        return PyErr_Format(PyExc_ValueError, "a number of digits is not negative, got %S", args[2]);
    (void)int_to_bytes(bytes, args[0], 1);
    for (int i = 0; i < RADIX_WORDS; i++)
        number[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 | (uint32_t)bytes[4 * i + 2] << 16 |
                    (uint32_t)bytes[4 * i + 3] << 24;
    /* An element has at most 254 digits; the places before them are zeros. */
    Py_ssize_t used = size < (Py_ssize_t)sizeof digits ? size : (Py_ssize_t)sizeof digits;
    if (!digits_of(digits, used, number, (uint32_t)radix))
        Py_RETURN_NONE;
    PyObject *list = PyList_New(size);
    for (Py_ssize_t i = 0; list && i < size; i++)
        PyList_SET_ITEM(list, i, PyLong_FromLong(i < size - used ? 0 : digits[i - (size - used)])); /* never fails */
    return list;
}

#endif
