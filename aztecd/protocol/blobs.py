"""The encoding of checkpoints in blob fields.

    for each block: for each transaction: TX ; BLOCK_END
    CHECKPOINT_END

Authority: @aztec/blob-lib src/encoding/*.ts, src/blob_utils.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aztecd.constants import (
    BLOB_SIZE_BYTES,
    BLOBS_PER_CHECKPOINT,
    BLOCK_END_PREFIX,
    CHECKPOINT_END_PREFIX,
    FIELDS_PER_BLOB,
    TX_START_PREFIX,
)
from aztecd.crypto.field import FR_SIZE, Fr, fr
from aztecd.crypto.poseidon2 import Sponge
from aztecd.protocol.block import L2Block
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import StateReference

__all__ = [
    "BLOB_SPONGE_IV",
    "MAX_CHECKPOINT_FIELDS",
    "blob_fields_hash",
    "blob_sponge",
    "block_end_fields",
    "block_end_marker",
    "block_end_state_field",
    "block_fields",
    "checkpoint_end_marker",
    "checkpoint_fields",
    "encode_blobs",
    "tx_fields",
    "tx_start_marker",
]

MAX_CHECKPOINT_FIELDS = FIELDS_PER_BLOB * BLOBS_PER_CHECKPOINT
BLOB_SPONGE_IV = MAX_CHECKPOINT_FIELDS << 64


def _pack(*parts: tuple[int, int]) -> Fr:
    """Pack (value, bits) pairs, most significant first, into one field."""
    packed = 0
    for value, bits in parts:
        assert 0 <= value < (1 << bits), (value, bits)
        packed = (packed << bits) | value
    return fr(packed)


def tx_start_marker(
    *,
    note_hashes: int,
    nullifiers: int,
    l2_to_l1_msgs: int,
    public_data_writes: int,
    private_logs: int,
    private_log_fields: int,
    public_log_fields: int,
    contract_class_log_fields: int,
    revert_code: int,
    total_fields: int,
) -> Fr:
    """Pack the counts of a transaction's parts; `total_fields` includes the marker itself."""
    return _pack(
        (TX_START_PREFIX, 32),
        (note_hashes, 16),
        (nullifiers, 16),
        (l2_to_l1_msgs, 16),
        (public_data_writes, 16),
        (private_logs, 16),
        (private_log_fields, 16),
        (public_log_fields, 32),
        (contract_class_log_fields, 16),
        (revert_code, 8),
        (total_fields, 32),
    )


def tx_fields(effect: TxEffect) -> list[Fr]:
    """Encode one transaction's effect."""
    body: list[Fr] = [effect.tx_hash, fr(effect.transaction_fee)]
    body += effect.note_hashes
    body += effect.nullifiers
    body += effect.l2_to_l1_msgs
    for write in effect.public_data_writes:
        body += (write.leaf_slot, write.value)
    for log in effect.private_logs:
        body.append(fr(log.emitted_length))
        body += log.emitted
    before_public = len(body)
    for public_log in effect.public_logs:
        body += (fr(len(public_log.fields)), public_log.contract_address)
        body += public_log.fields
    public_log_fields = len(body) - before_public
    class_log_fields = 0
    for class_log in effect.contract_class_logs:
        class_log_fields = class_log.emitted_length
        body.append(class_log.contract_address)
        body += class_log.emitted
    marker = tx_start_marker(
        note_hashes=len(effect.note_hashes),
        nullifiers=len(effect.nullifiers),
        l2_to_l1_msgs=len(effect.l2_to_l1_msgs),
        public_data_writes=len(effect.public_data_writes),
        private_logs=len(effect.private_logs),
        private_log_fields=sum(log.emitted_length for log in effect.private_logs),
        public_log_fields=public_log_fields,
        contract_class_log_fields=class_log_fields,
        revert_code=effect.revert_code,
        total_fields=len(body) + 1,
    )
    return [marker, *body]


def block_end_marker(*, timestamp: int, block_number: int, num_txs: int) -> Fr:
    """Pack the marker that ends a block."""
    return _pack((BLOCK_END_PREFIX, 32), (timestamp, 64), (block_number, 32), (num_txs, 16))


def block_end_state_field(state: StateReference, total_mana_used: int) -> Fr:
    """Pack the four tree sizes after a block, and the mana that it used."""
    return _pack(
        (state.l1_to_l2_message_tree.next_available_leaf_index, 36),
        (state.partial.note_hash_tree.next_available_leaf_index, 42),
        (state.partial.nullifier_tree.next_available_leaf_index, 42),
        (state.partial.public_data_tree.next_available_leaf_index, 40),
        (total_mana_used, 48),
    )


def block_end_fields(
    *,
    timestamp: int,
    block_number: int,
    num_txs: int,
    state: StateReference,
    total_mana_used: int,
    last_archive_root: Fr,
    is_first_in_checkpoint: bool,
) -> list[Fr]:
    """Encode the end of a block: 7 fields in the first block of a checkpoint, 6 in the others."""
    fields = [
        block_end_marker(timestamp=timestamp, block_number=block_number, num_txs=num_txs),
        block_end_state_field(state, total_mana_used),
        last_archive_root,
        state.partial.note_hash_tree.root,
        state.partial.nullifier_tree.root,
        state.partial.public_data_tree.root,
    ]
    if is_first_in_checkpoint:
        fields.append(state.l1_to_l2_message_tree.root)
    return fields


def block_fields(
    header: BlockHeader, effects: Iterable[TxEffect], *, is_first_in_checkpoint: bool
) -> list[Fr]:
    """Encode one block of a checkpoint."""
    fields: list[Fr] = []
    num_txs = 0
    for effect in effects:
        fields += tx_fields(effect)
        num_txs += 1
    fields += block_end_fields(
        timestamp=header.global_variables.timestamp,
        block_number=header.number,
        num_txs=num_txs,
        state=header.state,
        total_mana_used=header.total_mana_used,
        last_archive_root=header.last_archive.root,
        is_first_in_checkpoint=is_first_in_checkpoint,
    )
    return fields


def checkpoint_end_marker(total_fields: int) -> Fr:
    """Pack the marker that ends a checkpoint; `total_fields` includes it."""
    return _pack((CHECKPOINT_END_PREFIX, 32), (total_fields, 32))


def checkpoint_fields(blocks: Sequence[L2Block]) -> list[Fr]:
    """Encode all blocks of a checkpoint and its end marker."""
    fields: list[Fr] = []
    for block in blocks:
        fields += block_fields(
            block.header, block.body.tx_effects, is_first_in_checkpoint=block.is_first_in_checkpoint
        )
    fields.append(checkpoint_end_marker(len(fields) + 1))
    return fields


def encode_blobs(fields: Sequence[Fr]) -> list[bytes]:
    """Cut fields into blobs of 131,072 bytes, the last zero padded. Raises ValueError beyond six blobs."""
    if len(fields) > MAX_CHECKPOINT_FIELDS:
        raise ValueError(f"a checkpoint has at most {MAX_CHECKPOINT_FIELDS} blob fields, got {len(fields)}")
    packed = b"".join(fields)
    return [
        packed[start : start + BLOB_SIZE_BYTES].ljust(BLOB_SIZE_BYTES, b"\0")
        for start in range(0, FR_SIZE * len(fields), BLOB_SIZE_BYTES)
    ]


def blob_sponge() -> Sponge:
    """Give a fresh sponge for a checkpoint's fields; its clone after each block gives spongeBlobHash."""
    return Sponge(BLOB_SPONGE_IV)


def blob_fields_hash(fields: Sequence[Fr]) -> Fr:
    """Hash all fields of a checkpoint, end marker included: the input of its blob challenges."""
    sponge = blob_sponge()
    sponge.absorb(b"".join(fields))
    return sponge.squeeze()
