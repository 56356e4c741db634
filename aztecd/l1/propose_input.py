"""The calldata of `propose`, taken apart as the rollup contract does it.

The contract accepts more encodings of the same arguments than a strict ABI decoder: padding behind byte
strings may be missing or dirty, tails may stand in any order, overlap, or be followed by other bytes. All of
them are read here, because who proposes chooses the encoding. Nothing is copied that lies outside of the
calldata, whatever lengths it names.

Authority: @aztec/l1-artifacts l1-contracts/src/core/libraries/rollup/{ProposeLib,ProposedHeaderLib,
BlobLib}.sol (4.1.2), Solidity ABI specification.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aztecd.crypto.keccak import keccak256
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.l1.attestations import PackedAttestations
from aztecd.l1.digests import payload_digest
from aztecd.l1.errors import L1DecodeError

__all__ = ["PROPOSE_SELECTOR", "PROPOSE_SIGNATURE", "ProposeInput", "decode_propose"]

PROPOSE_SIGNATURE = (
    "propose((bytes32,(int256),(bytes32,bytes32,bytes32,bytes32,bytes32,uint256,uint256,address,bytes32,"
    "(uint128,uint128),uint256)),(bytes,bytes),address[],(uint8,bytes32,bytes32),bytes)"
)
PROPOSE_SELECTOR = keccak256(PROPOSE_SIGNATURE.encode())[:4]

_WORD = 32
_COMMITMENT_BYTES = 48
# Places in the head, in words.
_ARCHIVE, _MODIFIER, _HEADER = 0, 1, 2
_ATTESTATIONS, _BLOB_INPUT = 14, 19
_HEAD_WORDS = 20
# Bytes that each word of the header has in its hashed form: the low ones, the others must be zero.
_HEADER_SIZES = (32, 32, 32, 32, 32, 32, 8, 20, 32, 16, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeInput:
    """The arguments of one call of `propose`, without what only the contract looks at."""

    archive: bytes
    fee_asset_price_modifier: int
    header: bytes = field(repr=False)
    """316 bytes, the form that is hashed; its field elements may be no canonical ones."""
    attestations: PackedAttestations = field(repr=False)
    blob_commitments: tuple[bytes, ...] = field(repr=False)
    """48 bytes each."""

    @property
    def payload_digest(self) -> bytes:
        """The digest under which the rollup knows this proposal."""
        return payload_digest(
            archive=self.archive,
            fee_asset_price_modifier=self.fee_asset_price_modifier,
            header_hash=sha256_trunc(self.header),
        )


def decode_propose(calldata: bytes) -> ProposeInput:
    """Read the arguments of a call of `propose`. Raises L1DecodeError."""
    if calldata[:4] != PROPOSE_SELECTOR:
        raise L1DecodeError(f"calldata starts with 0x{calldata[:4].hex()}, which is not propose")
    arguments = memoryview(calldata)[4:]
    if len(arguments) < _HEAD_WORDS * _WORD:
        raise L1DecodeError(f"calldata of propose ends after {len(calldata)} bytes, within its head")
    packed = _offset(arguments, 0, _ATTESTATIONS)
    return ProposeInput(
        archive=_word(arguments, _ARCHIVE * _WORD),
        fee_asset_price_modifier=int.from_bytes(_word(arguments, _MODIFIER * _WORD), "big", signed=True),
        header=b"".join(
            _narrow(_word(arguments, (_HEADER + index) * _WORD), size)
            for index, size in enumerate(_HEADER_SIZES)
        ),
        attestations=PackedAttestations(
            signature_indices=_bytes(arguments, _offset(arguments, packed, 0)),
            signatures_or_addresses=_bytes(arguments, _offset(arguments, packed, 1)),
        ),
        blob_commitments=_commitments(_bytes(arguments, _offset(arguments, 0, _BLOB_INPUT))),
    )


def _commitments(blob_input: bytes) -> tuple[bytes, ...]:
    """Cut `blobInput`: their number in one byte, then the commitments. The contract ignores what follows."""
    count = blob_input[0] if blob_input else 0
    if count == 0 or len(blob_input) < 1 + count * _COMMITMENT_BYTES:
        raise L1DecodeError(f"blobInput of {len(blob_input)} bytes has no {count} commitments")
    starts = range(1, 1 + count * _COMMITMENT_BYTES, _COMMITMENT_BYTES)
    return tuple(blob_input[start : start + _COMMITMENT_BYTES] for start in starts)


def _word(data: memoryview, at: int) -> bytes:
    word = bytes(data[at : at + _WORD])
    if len(word) != _WORD:
        raise L1DecodeError(f"calldata of propose ends before the word at {at}")
    return word


def _narrow(word: bytes, size: int) -> bytes:
    """Take the low bytes of a number or address. The contract reverts when another one is set."""
    if any(word[: _WORD - size]):
        raise L1DecodeError(f"0x{word.hex()} does not fit into {size} bytes")
    return word[_WORD - size :]


def _offset(data: memoryview, base: int, index: int) -> int:
    """Follow the pointer in the word `index` of the tuple at `base`; it counts from `base`."""
    offset = int.from_bytes(_word(data, base + index * _WORD), "big")
    if base + offset + _WORD > len(data):
        raise L1DecodeError(f"a pointer in calldata of propose leads {offset} bytes ahead, out of it")
    return base + offset


def _bytes(data: memoryview, at: int) -> bytes:
    """Read a length and as many bytes."""
    length = int.from_bytes(_word(data, at), "big")
    start = at + _WORD
    if start + length > len(data):
        raise L1DecodeError(f"calldata of propose names {length} bytes at {at}, more than it has")
    return bytes(data[start : start + length])
