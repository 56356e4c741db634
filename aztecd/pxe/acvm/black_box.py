"""Black boxes: what programs compute outside of arithmetic. All on integers.

A function takes the input lists of its call (see `black_box_shapes`) and gives the outputs. A BlackBoxError
has no location yet.

Authority: @aztec/noir-acvm_js (4.1.2); FIPS 197 (AES, in CBC mode without padding), RFC 7693 (Blake2s).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2s as _blake2s
from typing import Final

from aztecd.crypto import aes, ecdsa, grumpkin, keccak, poseidon2, sha256
from aztecd.crypto.field import FQ_MODULUS
from aztecd.pxe.acvm.errors import BlackBoxError

__all__ = [
    "ACIR_BLACK_BOXES",
    "Values",
    "aes128_encrypt",
    "bitwise_and",
    "bitwise_xor",
    "blake2s",
    "ecdsa_secp256k1",
    "ecdsa_secp256r1",
    "embedded_curve_add",
    "keccak_permute",
    "multi_scalar_multiply",
    "poseidon2_permute",
    "sha256_compress",
    "to_radix",
]

Values = Sequence[int]

_INFINITY: Final = (0, 0, 1)
_HALF: Final = 1 << 128


def poseidon2_permute(state: Values) -> tuple[int, ...]:
    """Permute four elements."""
    return poseidon2.permute_ints(*state)


def multi_scalar_multiply(points: Values, scalars: Values, predicate: Values = (1,)) -> tuple[int, int, int]:
    """Add multiples of points: x, y, is-infinite each, and scalars as lower and upper 128 bits each.

    With a predicate of 0 the result is infinity and the inputs do not matter.
    """
    if not predicate[0]:
        return _INFINITY
    total = _INFINITY
    for i in range(len(points) // 3):
        point = _point(points[3 * i : 3 * i + 3])
        low, high = scalars[2 * i : 2 * i + 2]
        if low >= _HALF or high >= _HALF:
            raise BlackBoxError(f"half of a scalar is not less than 2^128: {max(low, high):#x}")
        scalar = low + (high << 128)
        if scalar >= FQ_MODULUS:
            raise BlackBoxError(f"{scalar:#x} is not a valid grumpkin scalar")
        product = grumpkin.multiply_affine(*point, scalar)
        total = product if total[2] else grumpkin.add_affine(*total, *product)
    return total


def embedded_curve_add(left: Values, right: Values, predicate: Values = (1,)) -> tuple[int, int, int]:
    """Add two points; the predicate is as above."""
    if not predicate[0]:
        return _INFINITY
    return grumpkin.add_affine(*_point(left), *_point(right))


def aes128_encrypt(data: Values, iv: Values, key: Values) -> list[int]:
    """Encrypt whole blocks in CBC mode; nothing is padded."""
    if len(data) % 16:
        raise BlackBoxError(f"AES works on blocks of 16 bytes, got {len(data)}")
    return list(aes.encrypt_cbc_unpadded(_bytes(data), _bytes(iv), _bytes(key)))


def sha256_compress(block: Values, state: Values) -> list[int]:
    """Compress a block of 16 words into a state of 8."""
    return sha256.compress(_words(state, 32), _words(block, 32))


def keccak_permute(lanes: Values) -> list[int]:
    """Apply Keccak-f[1600] to 25 lanes."""
    return keccak.permute(_words(lanes, 64))


def blake2s(data: Values) -> list[int]:
    """Hash bytes; gives 32 bytes."""
    return list(_blake2s(_bytes(data)).digest())


def ecdsa_secp256k1(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values = (1,)
) -> list[int]:
    """Tell (1 or 0) whether the signature of a digest is the key's; 1 with a predicate of 0."""
    return _ecdsa(x, y, signature, digest, predicate, ecdsa.EcdsaCurve.SECP256K1)


def ecdsa_secp256r1(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values = (1,)
) -> list[int]:
    """Do the same on the other curve."""
    return _ecdsa(x, y, signature, digest, predicate, ecdsa.EcdsaCurve.SECP256R1)


def bitwise_and(left: int, right: int, bits: int) -> int:
    """And two numbers of at most `bits` bits."""
    return _fitting(left, bits) & _fitting(right, bits)


def bitwise_xor(left: int, right: int, bits: int) -> int:
    """Do the same with exclusive or."""
    return _fitting(left, bits) ^ _fitting(right, bits)


def to_radix(value: int, radix: int, count: int) -> list[int]:
    """Give the lowest `count` digits, the most significant first; higher ones are left out."""
    if not 2 <= radix <= 256:
        raise BlackBoxError(f"radix {radix} is not in the valid range [2, 256]")
    if value and not count:
        raise BlackBoxError("a value that is not zero has no digits")
    digits = [0] * count
    for place in range(count - 1, -1, -1):
        if not value:
            break
        value, digits[place] = divmod(value, radix)
    return digits


ACIR_BLACK_BOXES: Final[dict[str, Callable[..., Sequence[int]]]] = {
    "Poseidon2Permutation": poseidon2_permute,
    "MultiScalarMul": multi_scalar_multiply,
    "EmbeddedCurveAdd": embedded_curve_add,
    "AES128Encrypt": aes128_encrypt,
    "Sha256Compression": sha256_compress,
    "Keccakf1600": keccak_permute,
    "Blake2s": blake2s,
    "EcdsaSecp256k1": ecdsa_secp256k1,
    "EcdsaSecp256r1": ecdsa_secp256r1,
}
"""By name, all but RANGE, AND and XOR, which have a number of bits."""


def _ecdsa(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values, curve: ecdsa.EcdsaCurve
) -> list[int]:
    if not predicate[0]:
        return [1]
    key = _bytes(x) + _bytes(y)
    return [int(ecdsa.ecdsa_verify_digest(_bytes(digest), key, _bytes(signature), curve))]


def _point(values: Values) -> tuple[int, int, int]:
    x, y, is_infinite = values
    if is_infinite:
        return _INFINITY
    if not grumpkin.is_on_curve_ints(x, y):
        raise BlackBoxError(f"the point ({x:#x}, {y:#x}) is not on the curve")
    return x, y, 0


def _fitting(value: int, bits: int) -> int:
    if value >> bits:
        raise BlackBoxError(f"{value:#x} does not fit in {bits} bits")
    return value


def _words(values: Values, bits: int) -> Values:
    for value in values:
        _fitting(value, bits)
    return values


def _bytes(values: Values) -> bytes:
    try:
        return bytes(values)
    except (ValueError, OverflowError) as error:
        raise BlackBoxError(f"{max(values):#x} does not fit in 8 bits") from error
