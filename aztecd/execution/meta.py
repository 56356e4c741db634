"""What stays in memory of a transaction while it waits: enough to order, replace and validate it.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/tx_metadata.ts, @aztec/stdlib src/tx/tx.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aztecd.constants import CHONK_PROOF_LENGTH, CONTRACT_CLASS_LOG_SIZE_IN_FIELDS
from aztecd.execution.fees import claim_amount, priority_fee

if TYPE_CHECKING:
    from aztecd.crypto.field import Fr
    from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, TxHash
    from aztecd.protocol.gas import GasSettings
    from aztecd.protocol.tx import Tx

__all__ = ["TxMeta", "tx_size"]

_DATA_SIZE_FOR_ROLLUP: Final = 38_557
_DATA_SIZE_FOR_PUBLIC: Final = 82_722
_PROOF_SIZE: Final = 4 + 32 * CHONK_PROOF_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class TxMeta:
    """Facts of one transaction; fees and amounts in base units of fee juice, times in seconds."""

    tx_hash: TxHash
    size_bytes: int
    fee_payer: AztecAddress
    gas_settings: GasSettings
    claim_amount: int
    priority_fee: int
    fee_limit: int
    nullifiers: tuple[Fr, ...]
    anchor_block_hash: BlockHash
    anchor_block_number: BlockNumber
    expiration_timestamp: int
    has_public_calls: bool

    @property
    def priority(self) -> tuple[int, TxHash]:
        """The key of the order: the greater one comes first; equal fees are ordered by hash."""
        return self.priority_fee, self.tx_hash

    @classmethod
    def of(cls, tx: Tx) -> TxMeta:
        """Gather the facts; hashes the anchor header."""
        constants = tx.data.constants
        settings = constants.tx_context.gas_settings
        return cls(
            tx_hash=tx.tx_hash,
            size_bytes=tx_size(tx),
            fee_payer=tx.data.fee_payer,
            gas_settings=settings,
            claim_amount=claim_amount(tx),
            priority_fee=priority_fee(settings),
            fee_limit=settings.fee_limit(),
            nullifiers=tx.data.nullifiers(),
            anchor_block_hash=constants.anchor_block_header.hash(),
            anchor_block_number=constants.anchor_block_header.number,
            expiration_timestamp=tx.data.expiration_timestamp,
            has_public_calls=tx.has_public_calls,
        )


def tx_size(tx: Tx) -> int:
    """Count the bytes of the transaction's binary form without making it."""
    data = _DATA_SIZE_FOR_PUBLIC if tx.has_public_calls else _DATA_SIZE_FOR_ROLLUP
    logs = 1 + 32 * CONTRACT_CLASS_LOG_SIZE_IN_FIELDS * len(tx.contract_class_log_fields)
    calldata = 1 + sum(4 + 32 * len(entry.values) + 32 for entry in tx.public_function_calldata)
    return 32 + data + _PROOF_SIZE + logs + calldata
