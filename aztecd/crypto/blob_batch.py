"""Open all blobs of an epoch at one point: what an epoch proof shows to L1.

Every blob gives a challenge; their fold is the point z at which all polynomials are opened; gamma, which
depends on the values there, combines commitments, values and proofs into one claim that the point evaluation
precompile checks.

Authority: @aztec/blob-lib src/hash.ts, src/blob_batching.ts, src/circuit_types (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from aztecd.crypto.bls import SCALAR_MODULUS, g1_linear_combination, scalar_powers
from aztecd.crypto.field import Fr, fr_int
from aztecd.crypto.poseidon2 import hash_fields, hash_pair
from aztecd.crypto.sha256 import sha256, sha256_trunc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.crypto.kzg import KzgEngine

__all__ = [
    "BlobBatch",
    "CheckpointBlobs",
    "batch_blobs",
    "blob_challenge",
    "blob_commitments_hash",
    "commitment_fields",
    "epoch_challenge",
    "evaluation_challenge",
]

_LIMB_BITS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointBlobs:
    """The blobs of one checkpoint with their commitments (48 bytes each), in order.

    `fields_hash` is the sponge over all blob fields of the checkpoint, its end marker included.
    """

    fields_hash: Fr
    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobBatch:
    """The combined claim: the polynomial behind `commitment` is `y` at `z`, shown by `proof`.

    `y` is a BLS12-381 scalar, 32 big-endian bytes; `commitment` and `proof` are compressed points of G1.
    """

    z: Fr
    gamma: Fr
    y: bytes
    commitment: bytes
    proof: bytes
    commitments_hash: Fr

    def evaluation_input(self) -> bytes:
        """Give the 192 bytes for the point evaluation precompile (EIP-4844)."""
        versioned_hash = b"\x01" + sha256(self.commitment)[1:]
        return versioned_hash + self.z + self.y + self.commitment + self.proof


def commitment_fields(commitment: bytes) -> tuple[Fr, Fr]:
    """Cut a commitment into two elements: 31 bytes and 17 bytes, big-endian."""
    return Fr(commitment[:31].rjust(32, b"\0")), Fr(commitment[31:].rjust(32, b"\0"))


def blob_challenge(fields_hash: Fr, commitment: bytes) -> Fr:
    """Give the challenge of one blob, z_i."""
    return hash_fields((fields_hash, *commitment_fields(commitment)))


def epoch_challenge(challenges: Sequence[Fr]) -> Fr:
    """Fold the challenges of all blobs of an epoch, at least one, into z."""
    return reduce(hash_pair, challenges)


def evaluation_challenge(values: Sequence[bytes], z: Fr) -> Fr:
    """Derive gamma from the values of all blobs at z, each a BLS12-381 scalar of 32 big-endian bytes."""
    return hash_pair(reduce(hash_pair, [hash_fields(_limbs(value)) for value in values]), z)


def blob_commitments_hash(commitments: Sequence[bytes], previous: Fr | None = None) -> Fr:
    """Accumulate commitments the way L1 does; `previous` is the hash of the epoch so far, None at its start.

    Raises ValueError without any commitment: there is no hash of nothing.
    """
    if not commitments:
        raise ValueError("no blob commitments to hash")
    result = previous
    for commitment in commitments:
        result = sha256_trunc((b"" if result is None else result) + commitment)
    assert result is not None
    return result


def batch_blobs(kzg: KzgEngine, checkpoints: Sequence[CheckpointBlobs]) -> BlobBatch:
    """Open the blobs of an epoch's checkpoints at their common point. About 100 ms per blob.

    Raises ValueError when there is no blob, KzgError or PointError when one is malformed.
    """
    commitments = [commitment for checkpoint in checkpoints for commitment in checkpoint.commitments]
    commitments_hash = blob_commitments_hash(commitments)
    z = epoch_challenge(
        [
            blob_challenge(each.fields_hash, commitment)
            for each in checkpoints
            for commitment in each.commitments
        ]
    )
    openings = [kzg.proof_at(blob, z) for checkpoint in checkpoints for blob in checkpoint.blobs]
    values = [y for _, y in openings]
    gamma = evaluation_challenge(values, z)
    powers = scalar_powers(fr_int(gamma), len(values))
    y = sum(power * int.from_bytes(value, "big") for power, value in zip(powers, values, strict=True))
    return BlobBatch(
        z=z,
        gamma=gamma,
        y=(y % SCALAR_MODULUS).to_bytes(32, "big"),
        commitment=g1_linear_combination(commitments, powers),
        proof=g1_linear_combination([proof for proof, _ in openings], powers),
        commitments_hash=commitments_hash,
    )


def _limbs(value: bytes) -> list[bytes]:
    """Cut a scalar into three elements of 120, 120 and 16 bits, lowest first."""
    number = int.from_bytes(value, "big")
    mask = (1 << _LIMB_BITS) - 1
    return [(number >> shift & mask).to_bytes(32, "big") for shift in (0, _LIMB_BITS, 2 * _LIMB_BITS)]
