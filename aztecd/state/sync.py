"""Apply a block that somebody else has built.

Authority: `NativeWorldStateService.handleL2BlockAndMessages` in @aztec/world-state
src/native/native_world_state.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.constants import MAX_NOTE_HASHES_PER_TX, MAX_NULLIFIERS_PER_TX
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.state.errors import BlockMismatchError, StateError
from aztecd.trees import TreeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.protocol.effect import TxEffect
    from aztecd.protocol.tree_types import StateReference
    from aztecd.state.fork import Fork

__all__ = ["BlockChanges", "TxChanges", "apply_block", "apply_tx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TxChanges:
    """What a tx does to the trees, not padded."""

    note_hashes: Sequence[Fr]
    nullifiers: Sequence[Fr]
    public_data_writes: Sequence[tuple[Fr, Fr]]
    """(slot, value), in the order of the tx effect."""

    @classmethod
    def of(cls, effect: TxEffect) -> TxChanges:
        """Take the part of an effect that concerns the trees."""
        return cls(
            note_hashes=effect.note_hashes,
            nullifiers=effect.nullifiers,
            public_data_writes=[(write.leaf_slot, write.value) for write in effect.public_data_writes],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockChanges:
    """What a block does to the trees, and the result that it claims."""

    number: int
    index_within_checkpoint: int
    l1_to_l2_messages: Sequence[Fr]
    """Of its checkpoint; only the first block of a checkpoint has any."""

    txs: Sequence[TxChanges]
    header_hash: Fr
    state: StateReference
    """From the header."""


def apply_tx(fork: Fork, tx: TxChanges) -> None:
    """Apply one tx: note hashes and nullifiers padded with zeros to 64, public data writes as they are.

    Raises: StateError for an empty write, TreeError; the trees may hold a part of the tx then.
    """
    if any(slot == FR_ZERO and value == FR_ZERO for slot, value in tx.public_data_writes):
        raise StateError("Public data write must not be empty when syncing")
    fork.insert_nullifiers_batch(_padded(tx.nullifiers, MAX_NULLIFIERS_PER_TX))
    fork.append_note_hashes(_padded(tx.note_hashes, MAX_NOTE_HASHES_PER_TX))
    fork.write_public_data(tx.public_data_writes)


def apply_block(fork: Fork, block: BlockChanges) -> None:
    """Apply a block and compare the result with what it claims. After an error the fork is useless.

    Raises: BlockMismatchError if the state differs, StateError for a rule that the block breaks.
    """
    if block.index_within_checkpoint == 0:
        fork.append_l1_to_l2_messages(block.l1_to_l2_messages)
    elif block.l1_to_l2_messages:
        raise StateError(
            f"L1 to L2 messages must be empty for non-first blocks, but got {len(block.l1_to_l2_messages)} "
            f"messages for block {block.number}."
        )
    try:
        for tx in block.txs:
            apply_tx(fork, tx)
    except TreeError as error:
        raise StateError(f"Failed to sync block: {error}") from error
    if fork.state_reference() != block.state:
        raise BlockMismatchError("Can't synch block: block state does not match world state")
    fork.append_block_header_hash(block.header_hash)


def _padded(leaves: Sequence[Fr], count: int) -> list[Fr]:
    return [*leaves, *[FR_ZERO] * (count - len(leaves))]
