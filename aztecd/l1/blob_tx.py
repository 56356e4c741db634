"""Type-3 transactions: blobs that travel beside a call.

Two envelopes are in use. The older one carries one KZG proof per blob, the newer one 128 cell proofs per
blob. A node accepts one of them or both, and says no at once, so the sender tries. What is signed is the
same in both.

Authority: EIP-4844, EIP-7594.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import rlp

from aztecd.crypto.keccak import keccak256
from aztecd.crypto.sha256 import sha256
from aztecd.l1.transaction import Fees, L1Account, RlpItem, SignedTransaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.protocol.basic import EthAddress

__all__ = [
    "BLOB_BYTES",
    "TRIVIAL_BLOB_OPENING",
    "BlobProver",
    "BlobSidecar",
    "BlobTransaction",
    "SidecarForm",
    "versioned_hash",
]

BLOB_BYTES = 131072

_INFINITY = b"\xc0" + bytes(47)
TRIVIAL_BLOB_OPENING = (
    bytes.fromhex("010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014")
    + bytes(64)
    + _INFINITY
    + _INFINITY
)
"""Input that satisfies the point evaluation precompile: the zero polynomial is 0 at 0."""


class BlobProver(Protocol):
    """The KZG operations that a sidecar needs; `aztecd.crypto.kzg` has them."""

    def commitment(self, blob: bytes) -> bytes:
        """The 48-byte commitment of a blob."""
        ...

    def blob_proof(self, blob: bytes, commitment: bytes) -> bytes:
        """The 48-byte proof that goes with the older envelope."""
        ...

    def cell_proofs(self, blob: bytes) -> Sequence[bytes]:
        """The 128 proofs of 48 bytes that go with the newer envelope."""
        ...


class SidecarForm(Enum):
    """The two network encodings."""

    EIP4844 = "4844"
    EIP7594 = "7594"


def versioned_hash(commitment: bytes) -> bytes:
    """The hash under which L1 knows a blob."""
    return b"\x01" + sha256(commitment)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSidecar:
    """Blobs with their commitments and the proofs of one form."""

    form: SidecarForm
    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    proofs: tuple[bytes, ...]

    @classmethod
    def make(
        cls, form: SidecarForm, blobs: Sequence[bytes], commitments: Sequence[bytes], prover: BlobProver
    ) -> BlobSidecar:
        """Compute the proofs. About 40 ms per blob in the older form, 100 ms in the newer."""
        if form is SidecarForm.EIP4844:
            proofs = [prover.blob_proof(blob, c) for blob, c in zip(blobs, commitments, strict=True)]
        else:
            proofs = [proof for blob in blobs for proof in prover.cell_proofs(blob)]
        return cls(form=form, blobs=tuple(blobs), commitments=tuple(commitments), proofs=tuple(proofs))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobTransaction:
    """A call with blobs, before it has a nonce and fees."""

    to: EthAddress
    data: bytes
    gas: int
    sidecar: BlobSidecar

    @property
    def versioned_hashes(self) -> tuple[bytes, ...]:
        """The hashes of the blobs, in order."""
        return tuple(versioned_hash(commitment) for commitment in self.sidecar.commitments)

    def sign(self, account: L1Account, *, chain_id: int, nonce: int, fees: Fees) -> SignedTransaction:
        """Make the raw transaction with its sidecar, as nodes take it (not as blocks hold it)."""
        body: list[RlpItem] = [
            chain_id,
            nonce,
            fees.max_priority_fee,
            fees.max_fee,
            self.gas,
            self.to,
            0,
            self.data,
            [],
            max(fees.max_blob_fee, 1),
            self.versioned_hashes,
        ]
        signature = account.sign(keccak256(b"\x03" + rlp.encode(body)))
        signed: list[RlpItem] = [*body, *signature]
        sidecar = self.sidecar
        version: list[RlpItem] = [1] if sidecar.form is SidecarForm.EIP7594 else []
        parts: list[RlpItem] = [
            signed,
            *version,
            sidecar.blobs,
            sidecar.commitments,
            sidecar.proofs,
        ]
        return SignedTransaction(
            raw=b"\x03" + rlp.encode(parts), tx_hash=keccak256(b"\x03" + rlp.encode(signed))
        )
