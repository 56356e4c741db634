"""Blocks back from the blobs of a checkpoint and its header on L1.

The decoder refuses what the reference refuses, with the same texts, and two things that the reference
overlooks in the marker that begins a transaction: a total that differs from the fields that follow, and a
private log total that differs from the logs. Such a marker cannot come out of an encoder, and the block that
it begins would not encode to the same blobs again.

Authority: @aztec/blob-lib src/encoding/*.ts (`decode...`); @aztec/archiver src/l1/data_retrieval.ts
(`retrievedToPublishedCheckpoint`) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aztecd.constants import (
    BLOB_SIZE_BYTES,
    BLOBS_PER_CHECKPOINT,
    BLOCK_END_PREFIX,
    CHECKPOINT_END_PREFIX,
    CONTRACT_CLASS_LOG_SIZE_IN_FIELDS,
    PRIVATE_LOG_SIZE_IN_FIELDS,
    TX_START_PREFIX,
)
from aztecd.crypto.field import FR_MODULUS, FR_SIZE, FR_ZERO, Fr, fr_int
from aztecd.protocol.basic import AztecAddress, CheckpointNumber, TxHash
from aztecd.protocol.blobs import MAX_CHECKPOINT_FIELDS, blob_sponge
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.codec import DecodeError, split_elements
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, PublicLog
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference

__all__ = [
    "DecodedBlock",
    "DecodedCheckpoint",
    "decode_checkpoint_blobs",
    "decode_checkpoint_fields",
    "rebuild_blocks",
]

_WRONG = "Incorrect encoding of blob fields:"
_U32 = 1 << 32

_TX_START_BITS = (32, 16, 16, 16, 16, 16, 16, 32, 16, 8, 32)
_BLOCK_END_BITS = (32, 64, 32, 16)
_STATE_BITS = (36, 42, 42, 40, 48)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedBlock:
    """What the blobs say about one block; roots and sizes are those after it."""

    block_number: int
    timestamp: int
    tx_effects: tuple[TxEffect, ...]
    l1_to_l2_message_tree_size: int
    note_hash_tree: tuple[Fr, int]
    """Root and size, like the next two."""
    nullifier_tree: tuple[Fr, int]
    public_data_tree: tuple[Fr, int]
    total_mana_used: int
    last_archive_root: Fr
    fields: tuple[Fr, ...]
    """All fields of the block as they came: what spongeBlobHash absorbs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedCheckpoint:
    """The blocks of a checkpoint; at least one."""

    blocks: tuple[DecodedBlock, ...]
    l1_to_l2_message_root: Fr
    """Given once, with the first block: it is the same in all blocks of a checkpoint."""
    num_fields: int


def decode_checkpoint_blobs(blobs: Sequence[bytes]) -> DecodedCheckpoint:
    """Decode the blobs of one checkpoint, in order. Raises DecodeError, for whatever input."""
    if len(blobs) > BLOBS_PER_CHECKPOINT:
        raise DecodeError(f"{_WRONG} at most {BLOBS_PER_CHECKPOINT} blobs are allowed, got {len(blobs)}.")
    for blob in blobs:
        if len(blob) != BLOB_SIZE_BYTES:
            raise DecodeError(f"{_WRONG} a blob has {BLOB_SIZE_BYTES} bytes, got {len(blob)}.")
    data = b"".join(blobs)
    # Most of it are zeros, which need not be cut out one by one.
    used = _used_fields(data)
    zeros = (FR_ZERO,) * (len(data) // FR_SIZE - used)
    return decode_checkpoint_fields(split_elements(data[: used * FR_SIZE]) + zeros)


def decode_checkpoint_fields(fields: Sequence[Fr]) -> DecodedCheckpoint:
    """Decode the fields of one checkpoint and the zeros behind them. Raises DecodeError."""
    if not fields:
        raise DecodeError("Cannot decode empty blob data.")
    if len(fields) > MAX_CHECKPOINT_FIELDS:
        raise DecodeError(f"{_WRONG} at most {MAX_CHECKPOINT_FIELDS} fields are allowed, got {len(fields)}.")
    reader = _FieldReader(fields)
    first, message_root = _decode_first_block(reader)
    blocks = [first]
    while not _is_checkpoint_end(reader.peek()):
        blocks.append(_decode_block(reader))
    expected = fr_int(reader.take_one()) & (_U32 - 1)
    if expected != reader.position:
        raise DecodeError(
            f"{_WRONG} mismatch number of blob fields. Expected {expected} fields, got {reader.position}."
        )
    num_fields = reader.position
    rest = reader.take(reader.remaining)
    if rest.count(FR_ZERO) != len(rest):
        raise DecodeError(f"{_WRONG} unexpected non-zero field after checkpoint end marker.")
    return DecodedCheckpoint(blocks=tuple(blocks), l1_to_l2_message_root=message_root, num_fields=num_fields)


def rebuild_blocks(
    decoded: DecodedCheckpoint,
    header: CheckpointHeader,
    *,
    checkpoint_number: CheckpointNumber,
    archive_root: Fr,
    chain_id: int,
    version: int,
) -> tuple[L2Block, ...]:
    """Make the blocks of a checkpoint; `archive_root` is that of its L1 event, after its last block.

    Whether the blocks fit together and to the header is for `checkpoint_rules` to say; whether the roots
    are right, for the world state. Raises DecodeError for a number that no header can hold.
    """
    if header.slot_number >= _U32:
        raise DecodeError(f"slot {header.slot_number} does not fit in a block header")
    archive_roots = [block.last_archive_root for block in decoded.blocks[1:]] + [archive_root]
    sponge = blob_sponge()
    blocks = []
    for index, (block, root) in enumerate(zip(decoded.blocks, archive_roots, strict=True)):
        sponge.absorb(b"".join(block.fields))
        block_header = BlockHeader(
            last_archive=_snapshot(block.last_archive_root, block.block_number),
            state=StateReference(
                l1_to_l2_message_tree=_snapshot(
                    decoded.l1_to_l2_message_root, block.l1_to_l2_message_tree_size
                ),
                partial=PartialStateReference(
                    note_hash_tree=_snapshot(*block.note_hash_tree),
                    nullifier_tree=_snapshot(*block.nullifier_tree),
                    public_data_tree=_snapshot(*block.public_data_tree),
                ),
            ),
            sponge_blob_hash=sponge.clone().squeeze(),
            global_variables=GlobalVariables(
                chain_id=chain_id,
                version=version,
                block_number=block.block_number,
                slot_number=header.slot_number,
                timestamp=block.timestamp,
                coinbase=header.coinbase,
                fee_recipient=header.fee_recipient,
                gas_fees=header.gas_fees,
            ),
            # Field addition: a sum beyond the modulus wraps, as in the reference.
            total_fees=sum(effect.transaction_fee for effect in block.tx_effects) % FR_MODULUS,
            total_mana_used=block.total_mana_used,
        )
        blocks.append(
            L2Block(
                archive=_snapshot(root, block.block_number + 1),
                header=block_header,
                body=Body(tx_effects=block.tx_effects),
                checkpoint_number=checkpoint_number,
                index_within_checkpoint=index,
            )
        )
    return tuple(blocks)


def _used_fields(data: bytes) -> int:
    """Count the fields up to the last that is not zero, by bisection: stripping looks at single bytes."""
    low, high = 0, len(data) // FR_SIZE
    while low < high:
        middle = (low + high) // 2
        if data.endswith(bytes(len(data) - middle * FR_SIZE)):
            high = middle
        else:
            low = middle + 1
    return high


class _FieldReader:
    """A position in a list of fields."""

    __slots__ = ("fields", "position")

    def __init__(self, fields: Sequence[Fr]) -> None:
        self.fields = fields
        self.position = 0

    @property
    def remaining(self) -> int:
        return len(self.fields) - self.position

    def peek(self) -> Fr:
        if self.position >= len(self.fields):
            raise DecodeError("Not enough fields to be consumed.")
        return self.fields[self.position]

    def take_one(self) -> Fr:
        value = self.peek()
        self.position += 1
        return value

    def take_u32(self) -> int:
        value = fr_int(self.take_one())
        if value >= _U32:
            raise DecodeError("Field is not a u32.")
        return value

    def take(self, count: int, what: str = "fields") -> tuple[Fr, ...]:
        self.expect(count, what)
        start = self.position
        self.position += count
        return tuple(self.fields[start : self.position])

    def expect(self, count: int, what: str) -> None:
        if count > self.remaining:
            raise DecodeError(
                f"{_WRONG} not enough fields for {what}. "
                f"Expected {count} fields, only {self.remaining} remaining."
            )


def _unpack(field: Fr, bits: tuple[int, ...]) -> list[int]:
    """Split a field into numbers, most significant first; the first keeps all bits that are left."""
    value = fr_int(field)
    parts = []
    for width in reversed(bits[1:]):
        parts.append(value & ((1 << width) - 1))
        value >>= width
    return [value, *reversed(parts)]


def _is_block_end(field: Fr) -> bool:
    return fr_int(field) >> 112 == BLOCK_END_PREFIX


def _is_checkpoint_end(field: Fr) -> bool:
    return fr_int(field) >> 32 == CHECKPOINT_END_PREFIX


def _decode_first_block(reader: _FieldReader) -> tuple[DecodedBlock, Fr]:
    """Decode the first block, whose end has one field more."""
    block = _decode_block(reader, end_fields=7)
    return block, block.fields[-1]


def _decode_block(reader: _FieldReader, end_fields: int = 6) -> DecodedBlock:
    start = reader.position
    effects = []
    while True:
        if reader.remaining == 0:
            raise DecodeError(f"{_WRONG} not enough fields for block end marker.")
        if _is_block_end(reader.peek()):
            break
        effects.append(_decode_tx(reader))
    marker, state, last_archive, note_hash, nullifier, public_data, *_ = reader.take(
        end_fields, "block end data"
    )
    _, timestamp, block_number, num_txs = _unpack(marker, _BLOCK_END_BITS)
    if num_txs != len(effects):
        raise DecodeError(f"{_WRONG} expected {num_txs} txs, but got {len(effects)}.")
    messages, note_hashes, nullifiers, public_data_leaves, mana = _unpack(state, _STATE_BITS)
    if messages >> _STATE_BITS[0]:
        raise DecodeError(f"{_WRONG} invalid block end state field.")
    return DecodedBlock(
        block_number=block_number,
        timestamp=timestamp,
        tx_effects=tuple(effects),
        l1_to_l2_message_tree_size=messages,
        note_hash_tree=(note_hash, note_hashes),
        nullifier_tree=(nullifier, nullifiers),
        public_data_tree=(public_data, public_data_leaves),
        total_mana_used=mana,
        last_archive_root=last_archive,
        fields=tuple(reader.fields[start : reader.position]),
    )


def _decode_tx(reader: _FieldReader) -> TxEffect:
    start = reader.position
    (
        prefix,
        note_hashes,
        nullifiers,
        messages,
        writes,
        private_logs,
        private_log_fields,
        public_log_fields,
        class_log_fields,
        revert_code,
        num_fields,
    ) = _unpack(reader.take_one(), _TX_START_BITS)
    if prefix != TX_START_PREFIX:
        raise DecodeError(f"{_WRONG} invalid tx start marker.")
    reader.expect(num_fields - 1, "tx effect")
    try:
        effect = TxEffect(
            revert_code=revert_code,
            tx_hash=TxHash(reader.take_one()),
            transaction_fee=fr_int(reader.take_one()),
            note_hashes=reader.take(note_hashes, "note hashes"),
            nullifiers=reader.take(nullifiers, "nullifiers"),
            l2_to_l1_msgs=reader.take(messages, "l2-to-l1 messages"),
            public_data_writes=_pairs(reader.take(2 * writes, "public data writes")),
            private_logs=tuple([_decode_private_log(reader) for _ in range(private_logs)]),
            public_logs=_decode_public_logs(reader.take(public_log_fields, "public logs")),
            contract_class_logs=_decode_class_log(reader, class_log_fields),
        )
    except ValueError as error:  # what no effect may hold
        raise DecodeError(str(error)) from error
    consumed = reader.position - start
    if consumed != num_fields:
        raise DecodeError(
            f"{_WRONG} mismatch number of tx fields. Expected {num_fields} fields, got {consumed}."
        )
    emitted = sum(log.emitted_length for log in effect.private_logs)
    if emitted != private_log_fields:
        raise DecodeError(
            f"{_WRONG} mismatch number of private log fields. Expected {private_log_fields}, got {emitted}."
        )
    return effect


def _pairs(fields: tuple[Fr, ...]) -> tuple[PublicDataWrite, ...]:
    return tuple(
        PublicDataWrite(leaf_slot=slot, value=value)
        for slot, value in zip(fields[::2], fields[1::2], strict=True)
    )


def _decode_private_log(reader: _FieldReader) -> PrivateLog:
    fields = reader.take(reader.take_u32(), "private log")
    if len(fields) > PRIVATE_LOG_SIZE_IN_FIELDS:
        raise DecodeError(f"{_WRONG} a private log of {len(fields)} fields.")
    padding = (FR_ZERO,) * (PRIVATE_LOG_SIZE_IN_FIELDS - len(fields))
    return PrivateLog(fields=fields + padding, emitted_length=len(fields))


def _decode_public_logs(fields: tuple[Fr, ...]) -> tuple[PublicLog, ...]:
    reader = _FieldReader(fields)
    logs = []
    while reader.remaining:
        count = reader.take_u32()
        address = AztecAddress(reader.take_one())
        logs.append(PublicLog(contract_address=address, fields=reader.take(count, "public log")))
    return tuple(logs)


def _decode_class_log(reader: _FieldReader, length: int) -> tuple[ContractClassLog, ...]:
    if length == 0:
        return ()
    address, *emitted = reader.take(length + 1, "contract class logs")
    if length > CONTRACT_CLASS_LOG_SIZE_IN_FIELDS:
        raise DecodeError(f"{_WRONG} a contract class log of {length} fields.")
    return (
        ContractClassLog(
            contract_address=AztecAddress(address),
            fields=ContractClassLogFields.padded(tuple(emitted)),
            emitted_length=length,
        ),
    )


def _snapshot(root: Fr, size: int) -> AppendOnlyTreeSnapshot:
    if size >= _U32:
        raise DecodeError(f"tree size {size} does not fit in a block header")
    return AppendOnlyTreeSnapshot(root=root, next_available_leaf_index=size)
