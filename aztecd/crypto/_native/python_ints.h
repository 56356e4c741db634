/* Python's integers in and out of C. Every refusal is worded as in aztecd/crypto/_int_checks.py. */
#ifndef AZTECD_PYTHON_INTS_H
#define AZTECD_PYTHON_INTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "field.h"

#define INT_BYTES 32

static int check_count(const char *name, Py_ssize_t got, Py_ssize_t expected)
{
    if (got == expected)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, got %zd", name, expected, got);
    return 0;
}

static int check_int(PyObject *value)
{
    if (PyLong_Check(value))
        return 1;
    PyErr_Format(PyExc_TypeError, "'%s' object is no integer", Py_TYPE(value)->tp_name);
    return 0;
}

/* Raise "<noun> <index> is no <kind>: <the value in hexadecimal>". */
static void refuse_int(const char *noun, Py_ssize_t index, const char *kind, PyObject *value)
{
    PyObject *digits = PyNumber_ToBase(value, 16);
    if (!digits)
        return;
    PyErr_Format(PyExc_ValueError, "%s %zd is no %s: %U", noun, index, kind, digits);
    Py_DECREF(digits);
}

/* Write the low-to-high or high-to-low bytes of an integer; 0 without an error when it is negative or too large. */
static int int_to_bytes(uint8_t bytes[INT_BYTES], PyObject *value, int little_endian)
{
#if PY_VERSION_HEX >= 0x030d0000
    int flags = (little_endian ? Py_ASNATIVEBYTES_LITTLE_ENDIAN : Py_ASNATIVEBYTES_BIG_ENDIAN) |
                Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE;
    Py_ssize_t size = PyLong_AsNativeBytes(value, bytes, INT_BYTES, flags);
    int fits = size >= 0 && size <= INT_BYTES;
#else
    int fits = !_PyLong_AsByteArray((PyLongObject *)value, bytes, INT_BYTES, little_endian, 0);
#endif
    if (!fits)
        PyErr_Clear(); /* OverflowError, or ValueError for a negative one: nothing else can go wrong */
    return fits;
}

/* Read argument `index` as an element, as fe_load does. */
static int element_of(fe *out, PyObject *value, Py_ssize_t index)
{
    uint8_t bytes[INT_BYTES];
    if (!check_int(value))
        return 0;
    if (int_to_bytes(bytes, value, 0) && fe_load(out, bytes))
        return 1;
    refuse_int("argument", index, "field element", value);
    return 0;
}

static PyObject *int_of(fe a)
{
    uint8_t bytes[INT_BYTES];
    fe_store(bytes, a);
#if PY_VERSION_HEX >= 0x030d0000
    return PyLong_FromUnsignedNativeBytes(bytes, INT_BYTES, Py_ASNATIVEBYTES_BIG_ENDIAN);
#else
    return _PyLong_FromByteArray(bytes, INT_BYTES, 0, 0);
#endif
}

static int flag_of(int *out, PyObject *value, Py_ssize_t index)
{
    int overflow;
    if (!check_int(value))
        return 0;
    long flag = PyLong_AsLongAndOverflow(value, &overflow);
    *out = (int)(flag & 1);
    if (!overflow && (flag == 0 || flag == 1))
        return 1;
    refuse_int("argument", index, "flag", value);
    return 0;
}

/* Read a sequence of `count` numbers of 32 or 64 bits, each into 64. */
static int words_of(uint64_t *out, PyObject *sequence, Py_ssize_t count, int bits, const char *noun)
{
    PyObject *list = PySequence_Fast(sequence, "the argument is no sequence of integers");
    if (!list)
        return 0;
    int good = PySequence_Fast_GET_SIZE(list) == count;
    if (!good)
        PyErr_Format(PyExc_ValueError, "expected %zd %ss, got %zd", count, noun, PySequence_Fast_GET_SIZE(list));
    PyObject **items = PySequence_Fast_ITEMS(list);
    for (Py_ssize_t i = 0; good && i < count; i++) {
        if (!check_int(items[i])) {
            good = 0;
            break;
        }
        out[i] = PyLong_AsUnsignedLongLong(items[i]);
        good = !(out[i] == UINT64_MAX && PyErr_Occurred()) && (bits == 64 || out[i] <= UINT32_MAX);
        if (!good) {
            PyErr_Clear();
            refuse_int(noun, i, bits == 64 ? "number of 64 bits" : "number of 32 bits", items[i]);
        }
    }
    Py_DECREF(list);
    return good;
}

static PyObject *list_of(const uint64_t *words, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *word = PyLong_FromUnsignedLongLong(words[i]);
        if (word)
            PyList_SET_ITEM(list, i, word);
        else
            Py_CLEAR(list);
    }
    return list;
}

#endif
