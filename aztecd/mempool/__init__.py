"""The mempool: admission, priority, replacement, eviction and persistence of transactions.

Responsible for which valid transactions wait for a block, and in which order. Not for validating them
(`execution`), choosing how many fit (`builder`) or passing them on to peers.

    client, peer --add--> rules --> pending --on_block--> mined --on_finalized--> gone
                            |       |    ^                  |
                            |       |    +----on_rewind-----+
                            +-------+--> dropped (reason kept, bytes until the next slot)

Authority: @aztec/p2p src/mem_pools/tx_pool_v2 (4.1.2).
"""

from aztecd.mempool.config import MempoolConfig, PoolChain
from aztecd.mempool.errors import MempoolRejection, RejectionCode
from aztecd.mempool.indices import TxState
from aztecd.mempool.pool import AddOutcome, AddResult, Mempool, PoolCounts
from aztecd.mempool.rules import Source, minimum_bumped_fee

__all__ = [
    "AddOutcome",
    "AddResult",
    "Mempool",
    "MempoolConfig",
    "MempoolRejection",
    "PoolChain",
    "PoolCounts",
    "RejectionCode",
    "Source",
    "TxState",
    "minimum_bumped_fee",
]
