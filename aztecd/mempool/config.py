"""The pool's settings, and what it asks of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aztecd.execution import TxMeta, Validation
    from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, TxHash

__all__ = ["MempoolConfig", "PoolChain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolConfig:
    """Limits of the pool. The first three are the reference's settings and defaults.

    `max_pending_count`: P2P_MAX_PENDING_TX_COUNT, 0 is no limit. `price_bump_percentage`:
    P2P_RPC_PRICE_BUMP_PERCENTAGE. `min_age_ms`: P2P_MIN_TX_POOL_AGE_MS, how long a transaction waits before a
    block may take it. `max_pending_bytes` bounds what pending transactions take on disk (0 is no limit),
    `max_retained_bytes` what dropped ones still do, `max_drop_records` the reasons that are kept.
    `max_archived_count`, `max_archived_bytes`: how many transactions of final blocks are kept, and how much
    they take compressed; 0 of the first keeps none.
    """

    max_pending_count: int = 1000
    price_bump_percentage: int = 10
    min_age_ms: int = 2000
    max_pending_bytes: int = 1024 * 1024 * 1024
    max_retained_bytes: int = 128 * 1024 * 1024
    max_drop_records: int = 4096
    max_archived_count: int = 0
    max_archived_bytes: int = 64 * 1024 * 1024


class PoolChain(Protocol):
    """The chain at its tip. The pool calls it from every thread that calls the pool."""

    def validate_for_pool(self, meta: TxMeta) -> Validation:
        """Validate what becomes pending, for the next block."""
        ...

    def fee_juice_balance(self, account: AztecAddress) -> int:
        """Give an account's fee juice, in base units."""
        ...

    def archive_contains(self, block_hash: BlockHash) -> bool:
        """Tell whether a block is an ancestor of the next one."""
        ...

    def mined_block(self, tx_hash: TxHash) -> BlockNumber | None:
        """Give the block that holds a transaction."""
        ...

    def finalized_block(self) -> BlockNumber:
        """Give the number of the last block that cannot be rewound any more."""
        ...
