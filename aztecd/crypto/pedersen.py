"""The Pedersen hash of up to three elements: what Schnorr challenges are made with.

The result is the x coordinate of n * L + sum(x_i * G_i). The generators G_i come from hashing the text
"DEFAULT_DOMAIN_SEPARATOR" to the curve (blake3) and are given as numbers; a Schnorr challenge takes three.

Authority: barretenberg crypto/pedersen_hash, as @aztec/foundation src/crypto/pedersen calls it (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.crypto.field import Fr, fr, fr_int
from aztecd.crypto.grumpkin import Point, add, multiply

__all__ = ["MAX_PEDERSEN_INPUTS", "pedersen_hash"]

_GENERATORS: Final = (
    Point(
        0x083E7911D835097629F0067531FC15CAFD79A89BEECB39903F69572C636F4A5A,
        0x1A7F5EFAAD7F315C25A918F30CC8D7333FCCAB7AD7C90F14DE81BCC528F9935D,
    ),
    Point(
        0x054AA86A73CB8A34525E5BBED6E43BA1198E860F5F3950268F71DF4591BDE402,
        0x209DCFBF2CFB57F9F6046F44D71AC6FAF87254AFC7407C04EB621A6287CAC126,
    ),
    Point(
        0x1C44F2A5207C81C28A8321A5815CE8B1311024BBED131819BBDAF5A2ADA84748,
        0x03AAEE36E6422A1D0191632AC6599AE9EBA5AC2C17A8C920AA3CAF8B89C5F8A8,
    ),
)
_LENGTH_GENERATOR: Final = Point(
    0x2DF8B940E5890E4E1377E05373FAE69A1D754F6935E6A780B666947431F2CDCD,
    0x2ECD88D15967BC53B885912E0D16866154ACB6AAC2D3F85E27CA7EEFB2C19083,
)

MAX_PEDERSEN_INPUTS: Final = len(_GENERATORS)


def pedersen_hash(elements: Sequence[bytes]) -> Fr:
    """Hash one to three elements. Raises ValueError on another number of them."""
    if not 1 <= len(elements) <= MAX_PEDERSEN_INPUTS:
        raise ValueError(f"pedersen_hash takes 1 to {MAX_PEDERSEN_INPUTS} elements, got {len(elements)}")
    total = multiply(_LENGTH_GENERATOR, len(elements))
    for generator, element in zip(_GENERATORS, elements, strict=False):
        total = add(total, multiply(generator, fr_int(element)))
    return fr(total.x)
