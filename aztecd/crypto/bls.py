"""BLS12-381 as far as the batching of blobs needs it: sums of points of G1, and scalars.

py_ecc takes more than a second to import and only a prover of epochs needs it, hence the imports inside.

Authority: the compressed form is that of EIP-2537 and of the KZG library (Zcash serialisation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.crypto.errors import PointError
from aztecd.crypto.recursion import bounded_recursion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from py_ecc.fields import optimized_bls12_381_FQ as Fq
    from py_ecc.typing import Optimized_Point3D

__all__ = ["G1_SIZE", "SCALAR_MODULUS", "g1_linear_combination", "scalar_powers"]

SCALAR_MODULUS: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
G1_SIZE: Final = 48


def scalar_powers(base: int, count: int) -> list[int]:
    """Give base^0 to base^(count - 1) modulo the group order."""
    powers = [1] * count
    for index in range(1, count):
        powers[index] = powers[index - 1] * base % SCALAR_MODULUS
    return powers


def g1_linear_combination(points: Iterable[bytes], scalars: Iterable[int]) -> bytes:
    """Add up points of G1, each times its scalar; 48 compressed bytes in and out. About 10 ms per point.

    Raises PointError unless every point is in canonical form, on the curve and in the subgroup.
    """
    with bounded_recursion():
        from py_ecc.bls.g2_primitives import G1_to_pubkey  # noqa: PLC0415 -- slow to import, see above
        from py_ecc.optimized_bls12_381.optimized_curve import Z1, add, multiply  # noqa: PLC0415 -- as above

    total = Z1
    for point, scalar in zip(points, scalars, strict=True):
        total = add(total, multiply(_decompress(point), scalar % SCALAR_MODULUS))
    return bytes(G1_to_pubkey(total))


def _decompress(data: bytes) -> Optimized_Point3D[Fq]:
    with bounded_recursion():
        from eth_typing import BLSPubkey  # noqa: PLC0415 -- as below
        from py_ecc.bls.g2_primitives import pubkey_to_G1, subgroup_check  # noqa: PLC0415 -- slow to import

    if len(data) != G1_SIZE:
        raise PointError(f"a compressed point has {G1_SIZE} bytes, got {len(data)}")
    try:
        point = pubkey_to_G1(BLSPubkey(data))
    except ValueError as error:
        raise PointError(f"0x{data.hex()} is no point of G1: {error}") from error
    if not subgroup_check(point):
        raise PointError(f"0x{data.hex()} is not in the subgroup of G1")
    return point
