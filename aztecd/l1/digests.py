"""The digests under which the rollup knows a proposed checkpoint.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/{ProposeLib,AttestationLib}.sol (4.1.2).
"""

from __future__ import annotations

from aztecd.crypto.keccak import keccak256
from aztecd.l1.abi import abi_encode

__all__ = ["attestations_hash", "payload_digest"]

_CHECKPOINT_ATTESTATION = 1


def payload_digest(*, archive: bytes, fee_asset_price_modifier: int, header_hash: bytes) -> bytes:
    """What a committee member attests to, before the EIP-191 prefix."""
    return keccak256(
        abi_encode(
            ["uint8", "(bytes32,(int256),bytes32)"],
            [_CHECKPOINT_ATTESTATION, (archive, (fee_asset_price_modifier,), header_hash)],
        )
    )


def attestations_hash(signature_indices: bytes, signatures_or_addresses: bytes) -> bytes:
    """Hash packed attestations, as `CheckpointProposed` names them."""
    return keccak256(abi_encode(["(bytes,bytes)"], [(signature_indices, signatures_or_addresses)]))
