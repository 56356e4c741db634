"""Trees over messages between L1 and L2, all with SHA-256 truncated to a field element.

Messages to L2: one balanced tree of 1024 leaves per checkpoint, whose root is the *in hash*.
Messages to L1: message < tx (unbalanced) < block (wonky) < checkpoint (wonky) < epoch (balanced, 32).

Authority: @aztec/stdlib src/messaging/in_hash.ts, out_hash.ts, l2_to_l1_membership.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.crypto.sha256 import sha256_trunc
from aztecd.trees.errors import LeafRangeError
from aztecd.trees.unbalanced import (
    balanced_path,
    balanced_root,
    unbalanced_path,
    unbalanced_root,
    wonky_path,
    wonky_root,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.crypto.field import Fr

__all__ = [
    "EPOCH_TREE_HEIGHT",
    "IN_TREE_HEIGHT",
    "MessageWitness",
    "block_out_hash",
    "checkpoint_out_hash",
    "epoch_out_hash",
    "in_hash",
    "message_witness",
    "tx_out_hash",
]

IN_TREE_HEIGHT = 10
EPOCH_TREE_HEIGHT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWitness:
    """Proves to the Outbox that a message to L1 belongs to an epoch."""

    root: Fr
    """The epoch's out hash."""

    leaf_index: int
    siblings: list[Fr]
    """From the message upwards."""

    @property
    def leaf_id(self) -> int:
        """A number of the message that stays the same while the epoch grows."""
        return (1 << len(self.siblings)) + self.leaf_index


def in_hash(messages: Sequence[Fr]) -> Fr:
    """Give the root over the messages of one checkpoint, at most 1024. Raises: TreeFullError."""
    return balanced_root(messages, IN_TREE_HEIGHT, _hash_pair)


def tx_out_hash(messages: Sequence[Fr]) -> Fr:
    """Give the root over the messages of one tx; zero without messages."""
    return unbalanced_root(messages, _hash_pair)


def block_out_hash(tx_out_hashes: Sequence[Fr]) -> Fr:
    """Give the root over the out hashes of all txs of a block."""
    return wonky_root(tx_out_hashes, _hash_pair)


def checkpoint_out_hash(block_out_hashes: Sequence[Fr]) -> Fr:
    """Give the root over the out hashes of all blocks of a checkpoint."""
    return wonky_root(block_out_hashes, _hash_pair)


def epoch_out_hash(checkpoint_out_hashes: Sequence[Fr]) -> Fr:
    """Give the root over the out hashes of an epoch's checkpoints so far. Raises: TreeFullError above 32."""
    return balanced_root(checkpoint_out_hashes, EPOCH_TREE_HEIGHT, _hash_pair)


def message_witness(
    epoch: Sequence[Sequence[Sequence[Sequence[Fr]]]], *, checkpoint: int, block: int, tx: int, message: int
) -> MessageWitness:
    """Prove a message, given all messages of its epoch by checkpoint, block, tx and position.

    Raises: LeafRangeError if there is no such message, TreeFullError.
    """
    tx_hashes = [[[tx_out_hash(messages) for messages in txs] for txs in blocks] for blocks in epoch]
    block_hashes = [[block_out_hash(txs) for txs in blocks] for blocks in tx_hashes]
    epoch_path = balanced_path(
        [checkpoint_out_hash(blocks) for blocks in block_hashes], checkpoint, EPOCH_TREE_HEIGHT, _hash_pair
    )
    if checkpoint >= len(epoch):
        raise LeafRangeError(f"the epoch has {len(epoch)} checkpoints, there is no position {checkpoint}")
    checkpoint_path = wonky_path(block_hashes[checkpoint], block, _hash_pair)
    block_path = wonky_path(tx_hashes[checkpoint][block], tx, _hash_pair)
    tx_path = unbalanced_path(epoch[checkpoint][block][tx], message, _hash_pair)
    index = 0
    siblings: list[Fr] = []
    for path in (epoch_path, checkpoint_path, block_path, tx_path):
        index = (index << len(path.siblings)) | path.position
        siblings = path.siblings + siblings
    return MessageWitness(root=epoch_path.root, leaf_index=index, siblings=siblings)


def _hash_pair(left: bytes, right: bytes) -> Fr:
    return sha256_trunc(left + right)
