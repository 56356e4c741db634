"""What is stored of a transaction: its effect without padding, and where it stands.

One record holds everything but public and contract class logs, which have their own records (`logs.py`),
so that looking up a log or a receipt never reads a published class.

    revert code u8 | tx hash 32 | fee 32 | 7 counts
    note hashes | nullifiers | messages to L1 | public data writes | private logs

A private log is its emitted length u32, the number of stored fields u8, and these fields: zeros at the end
are left out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from aztecd.chain.errors import ChainCorruptError
from aztecd.chain.keys import effect_key, tx_key
from aztecd.constants import PRIVATE_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import FR_ZERO, Fr, fr_int
from aztecd.protocol.basic import BlockNumber, TxHash
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.logs import ContractClassLog, PrivateLog, PublicLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aztecd.chain.overlay import Overlay, Reader

__all__ = [
    "StoredEffect",
    "TxLocation",
    "encode_effect",
    "read_effect",
    "read_location",
    "require_effect",
    "stage_effect",
    "unpack_location",
]

_HEAD = struct.Struct(">B32s32sBBBBBHB")
_LOG_HEAD = struct.Struct(">IB")
_LOCATION = struct.Struct(">IH")
_PADDING = (FR_ZERO,) * PRIVATE_LOG_SIZE_IN_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class TxLocation:
    """A transaction's block and its index in the block."""

    block_number: BlockNumber
    tx_index: int


def encode_effect(effect: TxEffect) -> bytes:
    """Give the record of an effect, public and contract class logs only counted."""
    out = bytearray(
        _HEAD.pack(
            effect.revert_code,
            effect.tx_hash,
            effect.transaction_fee.to_bytes(32, "big"),
            len(effect.note_hashes),
            len(effect.nullifiers),
            len(effect.l2_to_l1_msgs),
            len(effect.public_data_writes),
            len(effect.private_logs),
            len(effect.public_logs),
            len(effect.contract_class_logs),
        )
    )
    out += b"".join(effect.note_hashes)
    out += b"".join(effect.nullifiers)
    out += b"".join(effect.l2_to_l1_msgs)
    for write in effect.public_data_writes:
        out += write.leaf_slot + write.value
    for log in effect.private_logs:
        stored = strip_fields(log.fields)
        out += _LOG_HEAD.pack(log.emitted_length, len(stored) // 32)
        out += stored
    return bytes(out)


def strip_fields(fields: tuple[Fr, ...]) -> bytes:
    """Pack fields without the zero fields at the end."""
    packed = b"".join(fields)
    size = len(packed.rstrip(b"\0"))
    return packed[: -(-size // 32) * 32]


def split_fields(packed: bytes) -> tuple[Fr, ...]:
    """Cut packed fields."""
    return tuple([Fr(packed[start : start + 32]) for start in range(0, len(packed), 32)])


class StoredEffect:
    """A view on an effect's record: takes out what is asked for. Immutable."""

    __slots__ = ("_counts", "_data", "revert_code", "transaction_fee", "tx_hash")

    def __init__(self, data: bytes) -> None:
        revert_code, tx_hash, fee, *counts = _HEAD.unpack_from(data)
        self._data = data
        self._counts: list[int] = counts
        self.revert_code: int = revert_code
        self.tx_hash = TxHash(Fr(tx_hash))
        self.transaction_fee: int = fr_int(fee)

    @property
    def private_log_count(self) -> int:
        """How many private logs the transaction has."""
        return self._counts[4]

    @property
    def public_log_count(self) -> int:
        """How many public logs the transaction has."""
        return self._counts[5]

    @property
    def class_log_count(self) -> int:
        """How many contract class logs the transaction has."""
        return self._counts[6]

    def note_hashes(self) -> tuple[Fr, ...]:
        """Give the unique note hashes."""
        return split_fields(self._part(0))

    def nullifiers(self) -> tuple[Fr, ...]:
        """Give the nullifiers."""
        return split_fields(self._part(1))

    def first_nullifier(self) -> Fr:
        """Give the first nullifier; zero if there is none, which no valid transaction has."""
        return Fr(self._part(1)[:32]) or FR_ZERO

    def l2_to_l1_messages(self) -> tuple[Fr, ...]:
        """Give the hashes of the messages to L1."""
        return split_fields(self._part(2))

    def private_log(self, index: int) -> PrivateLog:
        """Give one private log. Raises ChainCorruptError beyond the last."""
        for place in islice(self._private_log_places(), index, None):
            return self._private_log(*place)
        raise ChainCorruptError.missing(f"private log {index} of transaction 0x{self.tx_hash.hex()}")

    def private_logs(self) -> Iterator[PrivateLog]:
        """Give the private logs in order, padded to 16 fields."""
        for place in self._private_log_places():
            yield self._private_log(*place)

    def _private_log_places(self) -> Iterator[tuple[int, int, int]]:
        """Give where each private log's fields start, how many are stored, how many were emitted."""
        position = self._start(4)
        for _ in range(self._counts[4]):
            emitted_length, count = _LOG_HEAD.unpack_from(self._data, position)
            start = position + _LOG_HEAD.size
            position = start + 32 * count
            yield start, count, emitted_length

    def _private_log(self, start: int, count: int, emitted_length: int) -> PrivateLog:
        fields = split_fields(self._data[start : start + 32 * count])
        return PrivateLog(fields=fields + _PADDING[count:], emitted_length=emitted_length)

    def effect(
        self, public_logs: tuple[PublicLog, ...], contract_class_logs: tuple[ContractClassLog, ...]
    ) -> TxEffect:
        """Give the whole effect; the logs that have their own records come from the caller."""
        writes = split_fields(self._part(3))
        return TxEffect(
            revert_code=self.revert_code,
            tx_hash=self.tx_hash,
            transaction_fee=self.transaction_fee,
            note_hashes=self.note_hashes(),
            nullifiers=self.nullifiers(),
            l2_to_l1_msgs=self.l2_to_l1_messages(),
            public_data_writes=tuple(
                PublicDataWrite(leaf_slot=slot, value=value)
                for slot, value in zip(writes[::2], writes[1::2], strict=True)
            ),
            private_logs=tuple(self.private_logs()),
            public_logs=public_logs,
            contract_class_logs=contract_class_logs,
        )

    def _start(self, part: int) -> int:
        sizes = (32, 32, 32, 64)
        counted = zip(sizes[:part], self._counts, strict=False)
        return _HEAD.size + sum(size * count for size, count in counted)

    def _part(self, part: int) -> bytes:
        return self._data[self._start(part) : self._start(part + 1)]


def read_effect(reader: Reader, block: int, tx_index: int) -> StoredEffect | None:
    """Read the record of one effect."""
    data = reader.get(effect_key(block, tx_index))
    return None if data is None else StoredEffect(data)


def require_effect(reader: Reader, block: int, tx_index: int) -> StoredEffect:
    """Read a record that must be there. Raises ChainCorruptError."""
    effect = read_effect(reader, block, tx_index)
    if effect is None:
        raise ChainCorruptError.missing(f"effect {tx_index} of block {block}")
    return effect


def read_location(reader: Reader, tx_hash: bytes) -> TxLocation | None:
    """Find a transaction."""
    data = reader.get(tx_key(tx_hash))
    if data is None:
        return None
    return unpack_location(data)


def unpack_location(data: bytes) -> TxLocation:
    """Read the last six bytes of a key, or a value, as a transaction's place."""
    block, tx_index = _LOCATION.unpack(data[-6:])
    return TxLocation(block_number=BlockNumber(block), tx_index=tx_index)


def stage_effect(overlay: Overlay, block: int, tx_index: int, effect: TxEffect) -> None:
    """Stage the record of an effect and the transaction's place.

    A hash that is on the chain already keeps its first place: honest chains have no such hash, and a rewind
    then never needs to restore a place.
    """
    overlay.put(effect_key(block, tx_index), encode_effect(effect))
    if read_location(overlay, effect.tx_hash) is None:
        overlay.put(tx_key(effect.tx_hash), _LOCATION.pack(block, tx_index))
