"""What the committee said to a checkpoint: unpacking it, and whether it is enough.

L1 checks the signature of the proposer only; everybody who follows the chain checks the others.

Authority: @aztec/archiver src/modules/validation.ts; @aztec/stdlib src/block/attestation_info.ts,
src/block/proposal/committee_attestation.ts; @aztec/foundation src/crypto/secp256k1-signer/utils.ts;
@aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/AttestationLib.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.l1.digests import attestations_hash

__all__ = ["PackedAttestations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedAttestations:
    """Attestations as they are in calldata."""

    signature_indices: bytes
    """A bit for each member of the committee, most significant first: set when it signed."""
    signatures_or_addresses: bytes
    """For each member v, r, s (65 bytes) or its address (20 bytes)."""

    @property
    def hash(self) -> bytes:
        """The hash under which the rollup knows them."""
        return attestations_hash(self.signature_indices, self.signatures_or_addresses)
