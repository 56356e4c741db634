/* aztecd.crypto._kernel: Poseidon2 over packed big-endian elements, and the gadgets of the public machine.
 *
 * The functions, and the words of their errors, are those of aztecd/crypto/_poseidon2_python.py and
 * aztecd/crypto/_gadgets_python.py. Work of BATCH permutations or more is done without the GIL: the input stays
 * exported meanwhile, and every byte of it is read once.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "gadgets.h"
#include "poseidon2.h"
#include "python_ints.h"

#define BATCH 8
#define BLOCK (3 * ELEMENT)
#define STATE (4 * ELEMENT)

/* ---- arguments ---- */

static int check_state(const Py_buffer *view)
{
    if (view->len == STATE)
        return 1;
    PyErr_Format(PyExc_ValueError, "a Poseidon2 state has %d bytes, got %zd", STATE, view->len);
    return 0;
}

static int check_elements(const Py_buffer *view)
{
    if (view->len % ELEMENT == 0)
        return 1;
    PyErr_Format(PyExc_ValueError, "%zd bytes are no whole number of elements of %d bytes", view->len, ELEMENT);
    return 0;
}

/* Element `index` of the whole input, at `bytes`, is p or more. */
static void refuse(Py_ssize_t index, const uint8_t *bytes)
{
    char digits[2 * ELEMENT + 1];
    for (int i = 0; i < ELEMENT; i++)
        snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    PyErr_Format(PyExc_ValueError, "element %zd is not below the field modulus: 0x%s", index, digits);
}

/* ---- hashing rows: every hash function is one of these ---- */

/* Hash `rows` lists of `width` elements. Returns -1, or the index of the first element that is not canonical. */
static Py_ssize_t hash_all(uint8_t *out, const uint8_t *in, Py_ssize_t rows, Py_ssize_t width)
{
    for (Py_ssize_t row = 0; row < rows; row++) {
        Py_ssize_t bad = sponge_hash(out + row * ELEMENT, in + row * width * ELEMENT, width);
        if (bad >= 0)
            return row * width + bad;
    }
    return -1;
}

static PyObject *hashed(const uint8_t *in, Py_ssize_t rows, Py_ssize_t width)
{
    PyObject *result = PyBytes_FromStringAndSize(NULL, rows * ELEMENT);
    if (!result)
        return NULL;
    uint8_t *out = (uint8_t *)PyBytes_AS_STRING(result);
    Py_ssize_t bad;
    /* No overflow: rows * width elements lie in memory. */
    if (rows * ((width + 2) / 3) >= BATCH) {
        Py_BEGIN_ALLOW_THREADS
        bad = hash_all(out, in, rows, width);
        Py_END_ALLOW_THREADS
    } else {
        bad = hash_all(out, in, rows, width);
    }
    if (bad >= 0) {
        Py_DECREF(result);
        refuse(bad, in + bad * ELEMENT);
        return NULL;
    }
    return result;
}

static PyObject *hash_packed(PyObject *module, PyObject *packed)
{
    (void)module;
    Py_buffer view;
    if (PyObject_GetBuffer(packed, &view, PyBUF_SIMPLE))
        return NULL;
    PyObject *result = check_elements(&view) ? hashed(view.buf, 1, view.len / ELEMENT) : NULL;
    PyBuffer_Release(&view);
    return result;
}

static PyObject *rows_of(PyObject *packed, Py_ssize_t width)
{
    Py_buffer view;
    if (width < 1)
        return PyErr_Format(PyExc_ValueError, "a row has at least one element, got %zd", width);
    if (PyObject_GetBuffer(packed, &view, PyBUF_SIMPLE))
        return NULL;
    PyObject *result = NULL;
    if (width > PY_SSIZE_T_MAX / ELEMENT ? view.len != 0 : view.len % (width * ELEMENT) != 0)
        PyErr_Format(PyExc_ValueError, "%zd bytes are no whole number of rows of %zd elements", view.len, width);
    else
        result = hashed(view.buf, view.len / ELEMENT / width, width);
    PyBuffer_Release(&view);
    return result;
}

static PyObject *hash_rows(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (!check_count("hash_rows", count, 2))
        return NULL;
    Py_ssize_t width = PyNumber_AsSsize_t(args[1], PyExc_OverflowError);
    if (width == -1 && PyErr_Occurred())
        return NULL;
    return rows_of(args[0], width);
}

static PyObject *hash_pairs(PyObject *module, PyObject *packed)
{
    (void)module;
    return rows_of(packed, 2);
}

/* Copy one element of 32 bytes; `index` is its place, for the error. */
static int copy_element(uint8_t *out, PyObject *element, Py_ssize_t index)
{
    Py_buffer view;
    if (PyObject_GetBuffer(element, &view, PyBUF_SIMPLE))
        return 0;
    int fits = view.len == ELEMENT;
    if (fits)
        memcpy(out, view.buf, ELEMENT);
    else
        PyErr_Format(PyExc_ValueError, "element %zd has %zd bytes, not %d", index, view.len, ELEMENT);
    PyBuffer_Release(&view);
    return fits;
}

static PyObject *hash_pair(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    uint8_t pair[2 * ELEMENT];
    if (!check_count("hash_pair", count, 2) || !copy_element(pair, args[0], 0) ||
        !copy_element(pair + ELEMENT, args[1], 1))
        return NULL;
    return hashed(pair, 1, 2);
}

static PyObject *hash_fields(PyObject *module, PyObject *elements)
{
    (void)module;
    uint8_t small[32 * ELEMENT], *packed = small;
    PyObject *result = NULL;
    PyObject *list = PySequence_Tuple(elements);
    if (!list)
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(list), i;
    if (count > 32) {
        packed = count > PY_SSIZE_T_MAX / ELEMENT ? NULL : PyMem_Malloc((size_t)count * ELEMENT);
        if (!packed) {
            PyErr_NoMemory();
            goto done;
        }
    }
    for (i = 0; i < count; i++)
        if (!copy_element(packed + i * ELEMENT, PyTuple_GET_ITEM(list, i), i))
            goto done;
    result = hashed(packed, 1, count);
done:
    if (packed != small)
        PyMem_Free(packed);
    Py_DECREF(list);
    return result;
}

/* ---- bare permutation and duplex ---- */

/* Add `blocks` runs of three elements to a packed state, permuting after each; -1 or the bad index, as above. */
static Py_ssize_t absorb_all(state *s, const uint8_t *in, Py_ssize_t blocks)
{
    for (Py_ssize_t i = 0; i < blocks; i++) {
        Py_ssize_t bad = sponge_absorb(s, in + i * BLOCK, 3);
        if (bad >= 0)
            return 3 * i + bad;
    }
    return -1;
}

static int load_state(state *s, const uint8_t *in)
{
    for (int i = 0; i < 4; i++)
        if (!fe_load(&s->s[i], in + i * ELEMENT)) {
            refuse(i, in + i * ELEMENT);
            return 0;
        }
    return 1;
}

static PyObject *stored(const state *s)
{
    PyObject *result = PyBytes_FromStringAndSize(NULL, STATE);
    if (result)
        for (int i = 0; i < 4; i++)
            fe_store((uint8_t *)PyBytes_AS_STRING(result) + i * ELEMENT, s->s[i]);
    return result;
}

static PyObject *permuted(PyObject *packed, void (*function)(state *))
{
    Py_buffer view;
    state s;
    if (PyObject_GetBuffer(packed, &view, PyBUF_SIMPLE))
        return NULL;
    int good = check_state(&view) && load_state(&s, view.buf);
    PyBuffer_Release(&view);
    if (!good)
        return NULL;
    function(&s);
    return stored(&s);
}

static PyObject *permute(PyObject *module, PyObject *packed)
{
    (void)module;
    return permuted(packed, poseidon2_permute);
}

static PyObject *permute_ints(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    state s;
    if (!check_count("permute_ints", count, 4))
        return NULL;
    for (int i = 0; i < 4; i++)
        if (!element_of(&s.s[i], args[i], i))
            return NULL;
    poseidon2_permute(&s);
    PyObject *result = PyTuple_New(4);
    for (int i = 0; result && i < 4; i++) {
        PyObject *value = int_of(s.s[i]);
        if (value)
            PyTuple_SET_ITEM(result, i, value);
        else
            Py_CLEAR(result);
    }
    return result;
}

/* Only tests call this, where the processor selects the other form. */
static PyObject *py_permute_portable(PyObject *module, PyObject *packed)
{
    (void)module;
    return permuted(packed, permute_portable);
}

static PyObject *absorb(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Py_buffer view;
    state s;
    if (!check_count("absorb", count, 2) || PyObject_GetBuffer(args[0], &view, PyBUF_SIMPLE))
        return NULL;
    int good = check_state(&view) && load_state(&s, view.buf);
    PyBuffer_Release(&view);
    if (!good || PyObject_GetBuffer(args[1], &view, PyBUF_SIMPLE))
        return NULL;
    if (view.len % BLOCK) {
        PyErr_Format(PyExc_ValueError, "%zd bytes are no whole number of blocks of %d bytes", view.len, BLOCK);
        good = 0;
    } else {
        Py_ssize_t bad, blocks = view.len / BLOCK;
        if (blocks >= BATCH) {
            Py_BEGIN_ALLOW_THREADS
            bad = absorb_all(&s, view.buf, blocks);
            Py_END_ALLOW_THREADS
        } else {
            bad = absorb_all(&s, view.buf, blocks);
        }
        good = bad < 0;
        if (!good)
            refuse(bad, (const uint8_t *)view.buf + bad * ELEMENT);
    }
    PyBuffer_Release(&view);
    return good ? stored(&s) : NULL;
}

/* ---- module ---- */

#define FASTCALL(function) (PyCFunction)(void (*)(void))(function), METH_FASTCALL

static PyMethodDef methods[] = {
    {"permute", permute, METH_O, "Apply the permutation to four packed elements."},
    {"permute_portable", py_permute_portable, METH_O, "Do the same with the code for any processor."},
    {"hash_packed", hash_packed, METH_O, "Hash a list of elements that lie one after the other."},
    {"hash_fields", hash_fields, METH_O, "Hash a list of elements of 32 bytes each."},
    {"hash_pair", FASTCALL(hash_pair), "Hash two elements."},
    {"hash_pairs", hash_pairs, METH_O, "Hash each run of two elements."},
    {"hash_rows", FASTCALL(hash_rows), "Hash each run of `width` elements."},
    {"absorb", FASTCALL(absorb), "Absorb runs of three elements in a state."},
    {"permute_ints", FASTCALL(permute_ints), "Apply the permutation to four integers."},
    {"sha256_compress", FASTCALL(py_sha256_compress), "Compress a block into a state."},
    {"keccak_permute", py_keccak_permute, METH_O, "Apply Keccak-f[1600] to 25 lanes."},
    {"grumpkin_is_on_curve", FASTCALL(py_grumpkin_is_on_curve), "Check the equation of the curve."},
    {"grumpkin_add", FASTCALL(py_grumpkin_add), "Add two affine points."},
    {"grumpkin_multiply", FASTCALL(py_grumpkin_multiply), "Multiply an affine point."},
    {"to_radix_be", FASTCALL(py_to_radix_be), "Split an element into digits."},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module)
{
    (void)module;
    poseidon2_init(); /* writes the same constants every time */
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)start},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "aztecd.crypto._kernel",
    .m_doc = "Poseidon2 and gadgets in C; _poseidon2_python.py and _gadgets_python.py are the same in Python.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernel(void)
{
    return PyModuleDef_Init(&definition);
}
