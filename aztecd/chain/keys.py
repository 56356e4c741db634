"""The keys of the chain's records; their layout is in `docs/storage.md`.

Numbers in keys are big-endian, so that the order of keys is the order of the chain.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from aztecd.storage.schema import Prefix

__all__ = [
    "MAX_TXS_PER_BLOCK",
    "Place",
    "block_key",
    "by_archive_key",
    "by_hash_key",
    "by_slot_key",
    "checkpoint_key",
    "class_key",
    "effect_key",
    "instance_key",
    "message_by_leaf_key",
    "message_key",
    "pack_number",
    "pack_place",
    "private_tag_prefix",
    "public_log_by_contract_prefix",
    "public_tag_prefix",
    "tx_key",
    "unpack_number",
    "unpack_place",
    "update_key",
    "update_prefix",
]

MAX_TXS_PER_BLOCK = 0xFFFF
"""The transaction count has 16 bits in a block end marker."""

_NUMBER = struct.Struct(">I")
_PLACE = struct.Struct(">IHH")
_EFFECT = struct.Struct(">IH")


class Place(NamedTuple):
    """Where a log stands: block, transaction in the block, log of its kind in the transaction."""

    block: int
    tx_index: int
    log_index: int


def pack_number(number: int) -> bytes:
    """Give a block or checkpoint number as u32."""
    return _NUMBER.pack(number)


def unpack_number(data: bytes) -> int:
    """Read the last four bytes of a key, or a value, as u32."""
    return int.from_bytes(data[-4:], "big")


def pack_place(place: Place) -> bytes:
    """Give 8 bytes: u32 block, u16 transaction, u16 log."""
    return _PLACE.pack(*place)


def unpack_place(data: bytes) -> Place:
    """Read the last 8 bytes of a key, or a value, as a place."""
    return Place(*_PLACE.unpack(data[-8:]))


def block_key(number: int) -> bytes:
    """Key of a block record."""
    return Prefix.CHAIN_BLOCK.key + _NUMBER.pack(number)


def by_hash_key(block_hash: bytes) -> bytes:
    """Key of a block's number by its hash."""
    return Prefix.CHAIN_BLOCK_BY_HASH.key + block_hash


def by_archive_key(archive_root: bytes) -> bytes:
    """Key of a block's number by the archive root after it."""
    return Prefix.CHAIN_BLOCK_BY_ARCHIVE.key + archive_root


def effect_key(block: int, tx_index: int) -> bytes:
    """Key of a transaction's effect."""
    return Prefix.CHAIN_EFFECT.key + _EFFECT.pack(block, tx_index)


def tx_key(tx_hash: bytes) -> bytes:
    """Key of a transaction's place."""
    return Prefix.CHAIN_TX.key + tx_hash


def private_tag_prefix(tag: bytes) -> bytes:
    """Keys of the private logs with a siloed tag; an ordinal (u32) follows."""
    return Prefix.CHAIN_PRIVATE_TAG.key + tag


def public_tag_prefix(contract: bytes, tag: bytes) -> bytes:
    """Keys of a contract's public logs with a tag; an ordinal (u32) follows."""
    return Prefix.CHAIN_PUBLIC_TAG.key + contract + tag


def public_log_by_contract_prefix(contract: bytes) -> bytes:
    """Keys of a contract's public logs; a place follows."""
    return Prefix.CHAIN_PUBLIC_LOG_BY_CONTRACT.key + contract


def checkpoint_key(number: int) -> bytes:
    """Key of a checkpoint."""
    return Prefix.CHAIN_CHECKPOINT.key + _NUMBER.pack(number)


def by_slot_key(slot: int) -> bytes:
    """Key of a checkpoint's number by its slot (u64)."""
    return Prefix.CHAIN_CHECKPOINT_BY_SLOT.key + slot.to_bytes(8, "big")


def message_key(index: int) -> bytes:
    """Key of a message from L1 by its index in the message tree (u64)."""
    return Prefix.CHAIN_MESSAGE.key + index.to_bytes(8, "big")


def message_by_leaf_key(leaf: bytes) -> bytes:
    """Key of a message's index by its leaf."""
    return Prefix.CHAIN_MESSAGE_BY_LEAF.key + leaf


def class_key(class_id: bytes) -> bytes:
    """Key of a contract class."""
    return Prefix.CHAIN_CLASS.key + class_id


def instance_key(address: bytes) -> bytes:
    """Key of a contract instance."""
    return Prefix.CHAIN_INSTANCE.key + address


def update_prefix(address: bytes) -> bytes:
    """Keys of an instance's scheduled updates; a timestamp (u64) and a place follow."""
    return Prefix.CHAIN_UPDATE.key + address


def update_key(address: bytes, timestamp: int, place: Place) -> bytes:
    """Key of one update; `timestamp` is that of the block that scheduled it."""
    return update_prefix(address) + timestamp.to_bytes(8, "big") + _PLACE.pack(*place)
