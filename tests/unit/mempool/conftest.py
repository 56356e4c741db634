from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from aztecd.mempool import AddOutcome, Mempool, MempoolConfig
from aztecd.protocol.basic import BlockNumber
from aztecd.storage import MemoryStore
from tests.support.fake_world import FakeChain

if TYPE_CHECKING:
    from aztecd.protocol.tx import Tx


@dataclass
class Bench:
    """A pool, its store and its chain."""

    chain: FakeChain = field(default_factory=FakeChain)
    store: MemoryStore = field(default_factory=MemoryStore)
    config: MempoolConfig = field(default_factory=MempoolConfig)
    pool: Mempool = field(init=False)

    def __post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> Mempool:
        self.pool = Mempool.open(self.store, self.chain, now_ms=self.chain.now_ms, config=self.config)
        return self.pool

    def configure(self, **changes) -> None:
        self.config = MempoolConfig(**changes)
        self.pool.configure(self.config)

    def add(self, *txs: Tx) -> None:
        for tx in txs:
            assert self.pool.add(tx).outcome is AddOutcome.ADDED

    def mine(self, number: int, *txs: Tx, timestamp: int = 1000, nullifiers=()) -> None:
        """Put a block on the chain and tell the pool."""
        for tx in txs:
            self.chain.mined[tx.tx_hash] = BlockNumber(number)
        emitted = [nullifier for tx in txs for nullifier in tx.data.nullifiers()]
        hashes = [tx.tx_hash for tx in txs]
        self.pool.on_block(BlockNumber(number), timestamp, hashes, [*emitted, *nullifiers])

    def rewind(self, to_block: int) -> None:
        """Take blocks back and tell the pool."""
        for tx_hash in [found for found, block in self.chain.mined.items() if block > to_block]:
            del self.chain.mined[tx_hash]
        self.pool.on_rewind(BlockNumber(to_block))

    def finalize(self, number: int) -> None:
        self.chain.finalized = number
        self.pool.on_finalized(BlockNumber(number))


@pytest.fixture
def bench():
    return Bench()
