"""Proposals that nobody recorded, encoded and hashed without our code."""

from __future__ import annotations

import hashlib
from typing import Any

import eth_abi
from eth_abi.packed import encode_packed
from eth_utils import keccak

from aztecd.l1.events import CheckpointProposed, L1Log
from aztecd.l1.propose_input import PROPOSE_SIGNATURE
from aztecd.protocol.basic import CheckpointNumber

_CALLDATA_TYPES = [
    *["bytes32"] * 5, "uint256", "uint256", "address", "bytes32", "(uint128,uint128)", "uint256",
]  # fmt: skip
_HEADER_TYPES = [
    *["bytes32"] * 5, "uint256", "uint64", "address", "bytes32", "uint128", "uint128", "uint256",
]  # fmt: skip


def header_values(**changes: Any) -> list[Any]:
    """Give the members of a header in order."""
    values = {
        "last_archive_root": b"\1" * 32,
        "block_headers_hash": b"\2" * 32,
        "blobs_hash": bytes(32),
        "in_hash": b"\3" * 32,
        "epoch_out_hash": b"\4" * 32,
        "slot": 77,
        "timestamp": 1_700_000_000,
        "coinbase": "0x" + "05" * 20,
        "fee_recipient": b"\6" * 32,
        "fee_per_da_gas": 0,
        "fee_per_l2_gas": 2**127,
        "total_mana_used": 123456,
    }
    return list((values | changes).values())


COMMITMENTS = (b"\xa1" * 48, b"\xb2" * 48)
BLOB_HASHES = tuple(b"\1" + hashlib.sha256(item).digest()[1:] for item in COMMITMENTS)
BLOB_INPUT = b"\2" + b"".join(COMMITMENTS)
INDICES, SIGNATURES = b"\xa0", b"\x1b" + b"\7" * 64 + b"\x08" * 20 + b"\x1c" + b"\x09" * 64
ARCHIVE = b"\x0a" * 32


def header_bytes(header: list[Any]) -> bytes:
    """Pack a header the way that it is hashed."""
    return encode_packed(_HEADER_TYPES, header)


def to_field(data: bytes) -> bytes:
    return b"\0" + hashlib.sha256(data).digest()[:31]


HEADER = header_values(blobs_hash=to_field(b"".join(BLOB_HASHES)))


def event_for(
    header: list[Any] = HEADER,
    *,
    archive: bytes = ARCHIVE,
    modifier: int = -5,
    packed: tuple[bytes, bytes] = (INDICES, SIGNATURES),
    blob_hashes: tuple[bytes, ...] = BLOB_HASHES,
) -> CheckpointProposed:
    digest_types = ["uint8", "(bytes32,(int256),bytes32)"]
    header_hash = to_field(header_bytes(header))
    return CheckpointProposed(
        log=L1Log(block_number=1, block_hash=b"\xbb" * 32, tx_hash=b"\xcc" * 32, log_index=2),
        checkpoint_number=CheckpointNumber(9),
        archive=archive,
        versioned_blob_hashes=blob_hashes,
        payload_digest=keccak(eth_abi.encode(digest_types, [1, (archive, (modifier,), header_hash)])),
        attestations_hash=keccak(eth_abi.encode(["(bytes,bytes)"], [packed])),
    )


def calldata_for(
    header: list[Any] = HEADER,
    *,
    archive: bytes = ARCHIVE,
    modifier: int = -5,
    packed: tuple[bytes, bytes] = (INDICES, SIGNATURES),
    blob_input: bytes = BLOB_INPUT,
) -> bytes:
    types = [
        "(bytes32,(int256),(" + ",".join(_CALLDATA_TYPES) + "))",
        "(bytes,bytes)",
        "address[]",
        "(uint8,bytes32,bytes32)",
        "bytes",
    ]
    members = (*header[:9], tuple(header[9:11]), header[11])
    signers = ["0x" + "0d" * 20]
    return keccak(text=PROPOSE_SIGNATURE)[:4] + eth_abi.encode(
        types, [(archive, (modifier,), members), packed, signers, (27, bytes(32), bytes(32)), blob_input]
    )
