"""What a source of blobs is, and what is needed to check its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from aztecd.l1.blob_tx import BLOB_BYTES, versioned_hash

if TYPE_CHECKING:
    from aztecd.l1.events import L1Log

__all__ = ["BlobCommitter", "BlobSource", "ProvenBlob", "blob_from_hex", "true_hash"]

_HEX_LENGTH = 2 + 2 * BLOB_BYTES


class BlobCommitter(Protocol):
    """The KZG operations that name a blob; `aztecd.crypto.kzg` has them."""

    def commitment(self, blob: bytes) -> bytes:
        """The 48-byte commitment of a blob. Raises KzgError on bytes that are no blob."""
        ...

    def verify_blob_proof(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """Tell whether the blob has that commitment, from a proof. Raises KzgError on malformed input."""
        ...


class ProvenBlob(bytes):
    """A blob with what its source says of it. Checking the proof takes a fifth of a commitment's time."""

    commitment: bytes
    proof: bytes

    def __new__(cls, blob: bytes, *, commitment: bytes, proof: bytes) -> Self:
        """Keep a commitment and a proof with a blob; nobody has checked them."""
        made = super().__new__(cls, blob)
        made.commitment = commitment
        made.proof = proof
        return made


class BlobSource(Protocol):
    """Somewhere that blobs can be had. Nothing that it says is trusted. Safe to use from any thread."""

    @property
    def name(self) -> str:
        """What to call it in messages; without credentials."""
        ...

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:
        """Look for blobs by their versioned hashes; what it does not have is missing in the answer.

        A source that has proofs gives each blob as a ProvenBlob.
        `log` is where a transaction that carries the blobs is on L1. Raises L1Error (BlobSourceError unless
        the L1 node itself is the one that failed).
        """
        ...


def true_hash(blob: bytes, committer: BlobCommitter) -> bytes:
    """Compute the versioned hash of a blob. Raises KzgError on bytes that are no blob."""
    return versioned_hash(committer.commitment(blob))


def blob_from_hex(value: object) -> bytes | None:
    """Read a blob as JSON has it, `0x` and 262144 digits; None for anything else."""
    if not isinstance(value, str) or len(value) != _HEX_LENGTH or not value.startswith("0x"):
        return None
    try:
        blob = bytes.fromhex(value[2:])
    except ValueError:
        return None
    return blob if len(blob) == BLOB_BYTES else None
