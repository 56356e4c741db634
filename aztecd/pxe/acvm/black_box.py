"""Black boxes: what programs compute outside of arithmetic. All on integers.

A function takes the input lists of its call (see `black_box_shapes`) and gives the outputs. A BlackBoxError
has no location yet.

Authority: @aztec/noir-acvm_js (4.1.2); FIPS 197 (AES, in CBC mode without padding), RFC 7693 (Blake2s).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2s as _blake2s
from typing import Final

from aztecd.crypto import aes, ecdsa, grumpkin, keccak, poseidon2, sha256
from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS
from aztecd.pxe.acvm.errors import BlackBoxError, UnsolvableError

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
    name = "multi_scalar_mul"
    _check_flags(name, points[2::3])
    total = _INFINITY
    for i in range(len(points) // 3):
        point = _point(name, points[3 * i : 3 * i + 3])
        low, high = scalars[2 * i : 2 * i + 2]
        for limb in (low, high):
            if limb >= _HALF:
                raise BlackBoxError(name, f"Limb {limb:064x} is not less than 2^128")
        scalar = low + (high << 128)
        if scalar >= FQ_MODULUS:
            raise BlackBoxError(name, f"{scalar:x} is not a valid grumpkin scalar")
        product = grumpkin.multiply_affine(*point, scalar)
        total = product if total[2] else grumpkin.add_affine(*total, *product)
    return total


def embedded_curve_add(left: Values, right: Values, predicate: Values = (1,)) -> tuple[int, int, int]:
    """Add two points, neither infinite; the predicate is as above."""
    if not predicate[0]:
        return _INFINITY
    name = "embedded_curve_add"
    _check_flags(name, (left[2], right[2]))
    p, q = _point(name, left), _point(name, right)
    if p[2] or q[2]:
        shown = ", ".join("infinity" if point[2] else f"({point[0]}, {point[1]})" for point in (p, q))
        raise BlackBoxError(name, f"Infinite input: embedded_curve_add({shown})")
    return grumpkin.add_affine(*p, *q)


def aes128_encrypt(data: Values, iv: Values, key: Values) -> list[int]:
    """Encrypt whole blocks in CBC mode; nothing is padded."""
    name = "aes128_encrypt"
    return list(aes.encrypt_cbc_unpadded(_bytes(name, data), _bytes(name, iv), _bytes(name, key)))


def sha256_compress(block: Values, state: Values) -> list[int]:
    """Compress a block of 16 words into a state of 8."""
    name = "sha256_compression"
    return sha256.compress(_words(name, state, 32), _words(name, block, 32))


def keccak_permute(lanes: Values) -> list[int]:
    """Apply Keccak-f[1600] to 25 lanes."""
    return keccak.permute(_words("keccakf1600", lanes, 64))


def blake2s(data: Values) -> list[int]:
    """Hash bytes; gives 32 bytes."""
    return list(_blake2s(_bytes("blake2s", data)).digest())


def ecdsa_secp256k1(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values = (1,)
) -> list[int]:
    """Tell (1 or 0) whether the signature of a digest is the key's; 1 with a predicate of 0."""
    return _ecdsa(x, y, signature, digest, predicate, _SECP256K1)


def ecdsa_secp256r1(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values = (1,)
) -> list[int]:
    """Do the same on the other curve."""
    return _ecdsa(x, y, signature, digest, predicate, _SECP256R1)


def bitwise_and(left: int, right: int, bits: int) -> int:
    """And two numbers of at most `bits` bits."""
    return _operand(left, bits) & _operand(right, bits)


def bitwise_xor(left: int, right: int, bits: int) -> int:
    """Do the same with exclusive or. With all bits of the field the result is reduced."""
    return (_operand(left, bits) ^ _operand(right, bits)) % FR_MODULUS


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """y^2 = x^3 + a x + b modulo p."""

    name: str
    kind: ecdsa.EcdsaCurve
    p: int
    a: int
    b: int


_SECP256K1: Final = _Curve(
    name="ecdsa_secp256k1", kind=ecdsa.EcdsaCurve.SECP256K1, p=2**256 - 2**32 - 977, a=0, b=7
)
_SECP256R1: Final = _Curve(
    name="ecdsa_secp256r1",
    kind=ecdsa.EcdsaCurve.SECP256R1,
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
)


def _ecdsa(
    x: Values, y: Values, signature: Values, digest: Values, predicate: Values, curve: _Curve
) -> list[int]:
    if not predicate[0]:
        return [1]
    name = curve.name
    key = _bytes(name, x) + _bytes(name, y)
    packed = _bytes(name, signature)
    order = curve.kind.order
    if not all(0 < int.from_bytes(half, "big") < order for half in (packed[:32], packed[32:])):
        raise BlackBoxError(name, "Signature provided for ECDSA verification is zero")
    px, py = int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big")
    if px >= curve.p or py >= curve.p or (py * py - px**3 - curve.a * px - curve.b) % curve.p:
        # The reference names this curve in the messages of both.
        raise BlackBoxError(_SECP256K1.name, "Invalid public key provided for ECDSA verification")
    return [int(ecdsa.ecdsa_verify_digest(_bytes(name, digest), key, packed, curve.kind))]


def _check_flags(name: str, flags: Values) -> None:
    if any(flag > 1 for flag in flags):
        raise BlackBoxError(name, "EmbeddedCurvePoint is malformed (non-boolean `is_infinite` flag)")


def _point(name: str, values: Values) -> tuple[int, int, int]:
    x, y, is_infinite = values
    if is_infinite:
        return _INFINITY
    if not grumpkin.is_on_curve_ints(x, y):
        raise BlackBoxError(name, f"Point ({x:064x}, {y:064x}) is not on curve")
    return x, y, 0


def _operand(value: int, bits: int) -> int:
    if value >> bits:
        raise UnsolvableError(
            f"FunctionInput value has too many bits: value: {value}, {value.bit_length()} >= {bits}"
        )
    return value


def _words(name: str, values: Values, bits: int) -> Values:
    for value in values:
        if value >> bits:
            raise BlackBoxError(name, f"{value:#x} does not fit in {bits} bits")
    return values


def _bytes(name: str, values: Values) -> bytes:
    return bytes(_words(name, values, 8))
