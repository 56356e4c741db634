"""Blocks and checkpoints: selection of transactions, limits, headers, blobs.

Responsible for turning candidates and a fork into blocks, and blocks into a checkpoint. Not responsible for
where candidates come from, for the store, or for L1. Authority: @aztec/prover-client src/light,
@aztec/simulator src/public/public_processor, @aztec/sequencer-client 4.1.2.
"""

from aztecd.builder.block import BlockBuilder, BuiltBlock
from aztecd.builder.checkpoint import AssembledCheckpoint, BlobCommitter, assemble_checkpoint
from aztecd.builder.limits import BlockLimits, private_effect_fields
from aztecd.builder.processing import FailedTx, Processing, TxCheck, TxProcessor

__all__ = [
    "AssembledCheckpoint",
    "BlobCommitter",
    "BlockBuilder",
    "BlockLimits",
    "BuiltBlock",
    "FailedTx",
    "Processing",
    "TxCheck",
    "TxProcessor",
    "assemble_checkpoint",
    "private_effect_fields",
]
