"""A process that admits transactions until it is killed, and names each one that it has taken.

Run as `python -m tests.support.mempool_child FOLDER`.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from aztecd.mempool import Mempool, MempoolConfig
from aztecd.storage import LevelStore
from tests.support.fake_world import FakeChain
from tests.support.txs import simple_tx


def main() -> None:
    chain = FakeChain()
    pool = Mempool.open(
        LevelStore.open(Path(sys.argv[1])),
        chain,
        now_ms=chain.now_ms,
        config=MempoolConfig(max_pending_count=10),
    )
    for number in count():
        # Every third one replaces the one before it; the pool is soon full, and each displaces the lowest.
        tx = simple_tx(
            number,
            priority=100 * 12**number // 10**number,
            max_fee=2**126,
            nullifiers=(10**6 + number - (number % 3 == 2),),
        )
        pool.add(tx)
        print(tx.tx_hash.hex(), flush=True)


if __name__ == "__main__":
    main()
