"""How much fits in a block and in a checkpoint.

Authority: @aztec/sequencer-client src/client/sequencer-client.ts (computeBlockLimits),
@aztec/validator-client src/checkpoint_builder.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aztecd.constants import DA_GAS_PER_FIELD, MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT, TX_DA_GAS_OVERHEAD
from aztecd.protocol.blobs import MAX_CHECKPOINT_FIELDS
from aztecd.protocol.gas import Gas
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs

__all__ = ["BlockLimits", "private_effect_fields"]

_BLOCK_END_FIELDS = 7
_CHECKPOINT_END_FIELDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLimits:
    """What a block may still take: gas in both dimensions, blob fields, and transactions."""

    gas: Gas
    blob_fields: int
    max_txs: int

    @classmethod
    def of_checkpoint(cls, *, mana_limit: int, max_txs: int) -> BlockLimits:
        """Give what a checkpoint with one block takes; room for its end markers is set aside."""
        return cls(
            gas=Gas(da_gas=MAX_PROCESSABLE_DA_GAS_PER_CHECKPOINT, l2_gas=mana_limit),
            blob_fields=MAX_CHECKPOINT_FIELDS - _BLOCK_END_FIELDS - _CHECKPOINT_END_FIELDS,
            max_txs=max_txs,
        )

    def allows(self, used: Gas, declared: Gas) -> bool:
        """Whether a transaction with the limits `declared` fits beside the gas used so far."""
        return (
            used.da_gas + declared.da_gas <= self.gas.da_gas
            and used.l2_gas + declared.l2_gas <= self.gas.l2_gas
        )

    def after(self, *, mana: int, tx_fields: int, txs: int) -> BlockLimits:
        """Give what the next block of the checkpoint may take after one with these totals."""
        return replace(
            self,
            gas=Gas(
                da_gas=max(0, self.gas.da_gas - tx_fields * DA_GAS_PER_FIELD),
                l2_gas=max(0, self.gas.l2_gas - mana),
            ),
            blob_fields=max(0, self.blob_fields - tx_fields - _BLOCK_END_FIELDS),
            max_txs=max(0, self.max_txs - txs),
        )


def private_effect_fields(data: PrivateKernelTailPublicInputs) -> int:
    """Count the blob fields of a transaction's private effects: the least that it will take."""
    return (
        TX_DA_GAS_OVERHEAD // DA_GAS_PER_FIELD
        + len(data.note_hashes())
        + len(data.nullifiers())
        + len(data.l2_to_l1_msgs())
        + sum(log.emitted_length + 1 for log in data.private_logs())
        + sum(log.length + 1 for log in data.contract_class_logs_hashes())
    )
