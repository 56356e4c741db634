"""How the arguments of black boxes lie in a program.

A shape is a string of letters, one an argument:

    i  one input     n  a list of inputs      b  a number of bits (no input)
    o  one output    m  a list of outputs

In unconstrained code `i` is a cell, `n` and `m` are arrays, and `p` is a cell that names the cell where a
result goes.

Authority: the artifacts of 4.1.2; @aztec/noir-acvm_js.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ACIR_SHAPES", "BRILLIG_SHAPES", "check_sizes"]

_MAX_VALUES: Final = 1 << 16
"""Of one call, which nothing can stop: a second of curve arithmetic."""

ACIR_SHAPES: Final = {
    "RANGE": "ib",
    "AND": "iibo",
    "XOR": "iibo",
    "Poseidon2Permutation": "nm",
    "MultiScalarMul": "nnim",
    "EmbeddedCurveAdd": "nnim",
    "AES128Encrypt": "nnnm",
    "Sha256Compression": "nnm",
    "Keccakf1600": "nm",
    "Blake2s": "nm",
    "EcdsaSecp256k1": "nnnnio",
    "EcdsaSecp256r1": "nnnnio",
}

_SIZES: Final[dict[str, tuple[int | None, ...]]] = {
    "Poseidon2Permutation": (4, 4),
    "MultiScalarMul": (None, None, 3),
    "EmbeddedCurveAdd": (3, 3, 3),
    "AES128Encrypt": (None, 16, 16, None),
    "Sha256Compression": (16, 8, 8),
    "Keccakf1600": (25, 25),
    "Blake2s": (None, 32),
    "EcdsaSecp256k1": (32, 32, 64, 32),
    "EcdsaSecp256r1": (32, 32, 64, 32),
}
"""Sizes of the lists of a shape, in order; None where the program decides."""

BRILLIG_SHAPES: Final = {
    "Poseidon2Permutation": "nm",
    "MultiScalarMul": "nnm",
    "EmbeddedCurveAdd": "iiiiiim",
    "AES128Encrypt": "nnnm",
    "Sha256Compression": "nnm",
    "Keccakf1600": "nm",
    "Blake2s": "nm",
    "EcdsaSecp256k1": "nnnno",
    "EcdsaSecp256r1": "nnnno",
    "ToRadix": "iipii",
}


def check_sizes(name: str, sizes: list[int]) -> None:
    """Check the sizes of the lists of a call. Raises ValueError."""
    if sum(sizes) > _MAX_VALUES:
        raise ValueError(f"black box {name} has lists of more than {_MAX_VALUES} values together")
    # In unconstrained code the points of an addition are single cells: one list, the result, is left.
    expected = _SIZES.get(name, ())[-len(sizes) :] if sizes else ()
    for size, wanted in zip(sizes, expected, strict=True):
        if wanted not in {None, size}:
            raise ValueError(f"black box {name} has a list of {size}, not {wanted}")
    if name == "MultiScalarMul" and (sizes[0] % 3 or sizes[0] // 3 * 2 != sizes[1]):
        raise ValueError(f"{sizes[0]} coordinates do not go with {sizes[1]} halves of scalars")
    if name == "AES128Encrypt" and (sizes[0] != sizes[3] or sizes[0] % 16):
        raise ValueError(f"AES makes {sizes[3]} bytes of {sizes[0]}")
