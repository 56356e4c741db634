"""Assemble a checkpoint from its blocks: header, hashes, blobs.

Everything here follows from the blocks, so that a node which stopped between building and publishing can
make the same checkpoint again.

Authority: @aztec/prover-client src/light/lightweight_checkpoint_builder.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aztecd.crypto.field import Fr
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.crypto.sha256 import sha256, sha256_trunc
from aztecd.protocol.blobs import checkpoint_fields, encode_blobs
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import Checkpoint, CheckpointHeader
from aztecd.trees.message_trees import (
    block_out_hash,
    checkpoint_out_hash,
    epoch_out_hash,
    in_hash,
    tx_out_hash,
)
from aztecd.trees.unbalanced import unbalanced_root

__all__ = ["AssembledCheckpoint", "BlobCommitter", "assemble_checkpoint"]


class BlobCommitter(Protocol):
    """Makes KZG commitments."""

    def commitment(self, blob: bytes) -> bytes:
        """Commit to a blob of 131,072 bytes; 48 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledCheckpoint:
    """A checkpoint with what L1 wants beside it."""

    checkpoint: Checkpoint
    out_hash: Fr
    """The checkpoint's own out hash, a leaf of its epoch's tree."""
    blobs: tuple[bytes, ...]
    commitments: tuple[bytes, ...]


def assemble_checkpoint(
    *,
    blocks: Sequence[L2Block],
    messages: Sequence[Fr],
    earlier_out_hashes: Sequence[Fr],
    committer: BlobCommitter,
) -> AssembledCheckpoint:
    """Make the checkpoint of these blocks.

    `messages` are the checkpoint's messages from L1; `earlier_out_hashes` those of the checkpoints of the
    same epoch before it, in order.
    """
    first, last = blocks[0], blocks[-1]
    blobs = encode_blobs(checkpoint_fields(blocks))
    commitments = tuple(committer.commitment(blob) for blob in blobs)
    versioned_hashes = [b"\x01" + sha256(commitment)[1:] for commitment in commitments]
    out_hash = checkpoint_out_hash([_block_out_hash(block) for block in blocks])
    globals_ = first.header.global_variables
    header = CheckpointHeader(
        last_archive_root=first.header.last_archive.root,
        block_headers_hash=unbalanced_root([block.hash() for block in blocks], hash_pair),
        blobs_hash=sha256_trunc(b"".join(versioned_hashes)),
        in_hash=in_hash(messages),
        epoch_out_hash=epoch_out_hash([*earlier_out_hashes, out_hash]),
        slot_number=globals_.slot_number,
        timestamp=globals_.timestamp,
        coinbase=globals_.coinbase,
        fee_recipient=globals_.fee_recipient,
        gas_fees=globals_.gas_fees,
        total_mana_used=sum(block.header.total_mana_used for block in blocks),
    )
    checkpoint = Checkpoint(
        archive=last.archive,
        header=header,
        blocks=tuple(blocks),
        number=first.checkpoint_number,
        fee_asset_price_modifier=0,
    )
    return AssembledCheckpoint(
        checkpoint=checkpoint, out_hash=out_hash, blobs=tuple(blobs), commitments=commitments
    )


def _block_out_hash(block: L2Block) -> Fr:
    return block_out_hash([tx_out_hash(effect.l2_to_l1_msgs) for effect in block.body.tx_effects])
