"""Blocks and checkpoints: selection of transactions, limits, headers, blobs.

Responsible for turning candidates and a fork into blocks, and blocks into a checkpoint. Not responsible for
where candidates come from, for the store, or for L1. Authority: @aztec/prover-client src/light,
@aztec/simulator src/public/public_processor, @aztec/sequencer-client 4.1.2.
"""

from aztecd.builder.block import BlockBuilder, BuiltBlock, FailedTx, TxCheck
from aztecd.builder.checkpoint import AssembledCheckpoint, BlobCommitter, assemble_checkpoint
from aztecd.builder.limits import BlockLimits, private_effect_fields

__all__ = [
    "AssembledCheckpoint",
    "BlobCommitter",
    "BlockBuilder",
    "BlockLimits",
    "BuiltBlock",
    "FailedTx",
    "TxCheck",
    "assemble_checkpoint",
    "private_effect_fields",
]
