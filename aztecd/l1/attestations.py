"""What the committee said to a checkpoint: unpacking it, and whether it is enough.

L1 checks the signature of the proposer only; everybody who follows the chain checks the others.

Authority: @aztec/archiver src/modules/validation.ts; @aztec/stdlib src/block/attestation_info.ts,
src/block/proposal/committee_attestation.ts; @aztec/foundation src/crypto/secp256k1-signer/utils.ts;
@aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/AttestationLib.sol (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature

from aztecd.crypto.keccak import keccak256
from aztecd.l1.digests import attestations_hash
from aztecd.l1.errors import L1DecodeError
from aztecd.protocol.basic import EthAddress
from aztecd.protocol.checkpoint import CommitteeAttestation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AttestationFault",
    "InvalidAttestations",
    "PackedAttestations",
    "check_attestations",
    "quorum",
    "signed_digest",
    "unpack_attestations",
]

_SIGNATURE_BYTES = 65
_ADDRESS_BYTES = 20
_NO_ADDRESS = EthAddress(bytes(_ADDRESS_BYTES))
_NO_SIGNATURE = bytes(_SIGNATURE_BYTES)
_CURVE_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_V_VALUES = (27, 28)


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


class AttestationFault(Enum):
    """Why attestations are not enough; the values are the reference's reasons."""

    INVALID = "invalid-attestation"
    """One is empty, no signature that belongs to a key, or from another than the member in its place."""
    INSUFFICIENT = "insufficient-attestations"
    """Too few signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidAttestations:
    """Attestations that do not make a checkpoint acceptable."""

    fault: AttestationFault
    attestors: tuple[EthAddress, ...] = field(repr=False)
    """Who signed or was named, without those that could not be recovered."""
    committee: tuple[EthAddress, ...] = field(repr=False)
    invalid_index: int | None = None
    """The place of the first bad attestation, when one is bad."""
    signed: int = 0
    """How many signatures there are of the members in whose places they stand, when all are good."""

    @property
    def reason(self) -> str:
        """Say it in words."""
        size = len(self.committee)
        if self.fault is AttestationFault.INVALID:
            return f"attestation {self.invalid_index} is not of the committee member in that place"
        return f"{self.signed} of {size} committee members attested, {quorum(size)} are needed"


def quorum(committee_size: int) -> int:
    """How many members must have signed: more than two thirds."""
    return committee_size * 2 // 3 + 1


def signed_digest(payload_digest: bytes) -> bytes:
    """What members sign: the EIP-191 form of a payload digest."""
    return keccak256(b"\x19Ethereum Signed Message:\n32" + payload_digest)


def unpack_attestations(packed: PackedAttestations, committee_size: int) -> tuple[CommitteeAttestation, ...]:
    """Take attestations apart, one for each place in the committee; none without a committee.

    One that is a signature has a zero address, one that is an address a zero signature. Missing bits count as
    unset; bytes behind the last place are ignored. `committee_size` is the rollup's, never one from calldata.
    Raises L1DecodeError when the bytes end early.
    """
    data, at = packed.signatures_or_addresses, 0
    attestations = []
    for index in range(committee_size):
        has_signature = _bit(packed.signature_indices, index)
        part = data[at : at + (_SIGNATURE_BYTES if has_signature else _ADDRESS_BYTES)]
        at += len(part)
        if len(part) != (_SIGNATURE_BYTES if has_signature else _ADDRESS_BYTES):
            raise L1DecodeError(f"attestations of {len(data)} bytes end within the one in place {index}")
        attestations.append(
            CommitteeAttestation(
                address=_NO_ADDRESS if has_signature else EthAddress(part),
                signature=part[1:] + part[:1] if has_signature else _NO_SIGNATURE,
            )
        )
    return tuple(attestations)


def check_attestations(
    *, payload_digest: bytes, attestations: Sequence[CommitteeAttestation], committee: Sequence[EthAddress]
) -> InvalidAttestations | None:
    """Give what makes attestations unacceptable, or None. Without a committee everything is acceptable.

    Recovering a signature takes 0.2 ms, because eth-keys finds coincurve installed; without it, 20.
    """
    if not committee:
        return None
    digest = signed_digest(payload_digest)
    members = tuple(committee)
    found = [_attestor(digest, attestation) for attestation in attestations]
    attestors = tuple(address for address in found if address is not None)
    expected = zip_longest(found, members[: len(found)])
    for index, (address, member) in enumerate(expected):
        if address is None or address != member:
            return InvalidAttestations(
                fault=AttestationFault.INVALID, attestors=attestors, committee=members, invalid_index=index
            )
    signed = sum(attestation.signature != _NO_SIGNATURE for attestation in attestations)
    if signed < quorum(len(members)):
        return InvalidAttestations(
            fault=AttestationFault.INSUFFICIENT, attestors=attestors, committee=members, signed=signed
        )
    return None


def _bit(bits: bytes, index: int) -> bool:
    return index // 8 < len(bits) and bool(bits[index // 8] >> (7 - index % 8) & 1)


def _attestor(digest: bytes, attestation: CommitteeAttestation) -> EthAddress | None:
    """Who attested, or only was named; None for nobody."""
    if attestation.signature == _NO_SIGNATURE:
        return None if attestation.address == _NO_ADDRESS else attestation.address
    return _recover(digest, attestation.signature)


def _recover(digest: bytes, signature: bytes) -> EthAddress | None:
    """Recover who signed, under the rules of the L1 contracts: v is 27 or 28, s is in the lower half."""
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in _V_VALUES or not 0 < r < _CURVE_ORDER or not 0 < s <= _CURVE_ORDER // 2:
        return None
    try:
        key = Signature(vrs=(v - 27, r, s)).recover_public_key_from_msg_hash(digest)
    except BadSignature:
        return None
    return EthAddress(key.to_canonical_address())
