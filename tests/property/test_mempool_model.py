"""The pool against a slow model of it, through any order of events."""

from __future__ import annotations

from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aztecd.crypto.field import fr
from aztecd.execution import VALID, TxMeta, Validation
from aztecd.mempool import Mempool, MempoolConfig, MempoolRejection, Source
from aztecd.protocol.basic import BlockNumber, SlotNumber
from aztecd.protocol.gas import Gas
from aztecd.storage import MemoryStore
from tests.support.fake_world import FakeChain
from tests.support.slow_mempool import Refused, SlowMempool
from tests.support.txs import simple_tx, with_settings

COUNT = 24
PAYERS = (1, 2, 3)
PRIORITIES = (0, 1, 9, 10, 11, 100)


@lru_cache
def universe():
    """All transactions of the tests: few nullifiers and payers, so that they get in each other's way."""
    txs = []
    for number in range(COUNT):
        nullifiers = tuple(sorted({1000 + number, 1 + number % 7, 1 + (number * 5) % 11}))
        tx = simple_tx(
            number,
            priority=PRIORITIES[number % len(PRIORITIES)],
            nullifiers=nullifiers[: 1 + number % 3] if number % 4 else (1000 + number,),
            payer=PAYERS[number % len(PAYERS)],
            max_fee=1000,
            expiration=100 + 10 * number,
        )
        txs.append(with_settings(tx, gas_limits=Gas(da_gas=0, l2_gas=1 + number % 4)))
    return tuple((tx, TxMeta.of(tx)) for tx in txs)


indices = st.integers(0, COUNT - 1)


class MempoolMachine(RuleBasedStateMachine):
    @initialize(limit=st.sampled_from([0, 3, 8]))
    def open(self, limit):
        self.chain = FakeChain(balances={fr(payer): 8000 for payer in PAYERS})
        self.store = MemoryStore()
        self.config = MempoolConfig(max_pending_count=limit)
        self.pool = Mempool.open(self.store, self.chain, now_ms=self.chain.now_ms, config=self.config)
        self.model = SlowMempool(self.chain, limit)
        self.tip = 0
        self.time = 0
        self.slot = 0

    @rule(index=indices, source=st.sampled_from(Source))
    def add(self, index, source):
        tx, meta = universe()[index]
        try:
            expected = self.model.add(meta, is_rpc=source is Source.RPC)
        except Refused as refused:
            expected = refused.args[0]
        try:
            found = self.pool.add(tx, source=source).outcome.name.lower()
        except MempoolRejection as rejection:
            found = rejection.data["code"]
        assert found == expected

    @rule(numbers=st.sets(indices, max_size=4), time=st.integers(0, 30))
    def block(self, numbers, time):
        self.tip += 1
        self.time += time
        # A block may hold transactions that the pool has never seen, but none twice.
        chosen = [universe()[index] for index in sorted(numbers)]
        chosen = [item for item in chosen if item[1].tx_hash not in self.chain.mined]
        hashes = [meta.tx_hash for _, meta in chosen]
        nullifiers = [nullifier for _, meta in chosen for nullifier in meta.nullifiers]
        self.chain.mined.update(dict.fromkeys(hashes, BlockNumber(self.tip)))
        self.model.on_block(self.tip, self.time, hashes, nullifiers)
        self.pool.on_block(BlockNumber(self.tip), self.time, hashes, nullifiers)

    @rule(depth=st.integers(0, 3))
    def rewind(self, depth):
        self.tip = max(self.chain.finalized, self.tip - depth)
        for tx_hash in [found for found, block in self.chain.mined.items() if block > self.tip]:
            del self.chain.mined[tx_hash]
        self.model.on_rewind(self.tip)
        self.pool.on_rewind(BlockNumber(self.tip))

    @rule(steps=st.integers(1, 2))
    def finalize(self, steps):
        self.chain.finalized = min(self.tip, self.chain.finalized + steps)
        self.model.on_finalized(self.chain.finalized)
        self.pool.on_finalized(BlockNumber(self.chain.finalized))

    @rule(index=indices)
    def drop(self, index):
        meta = universe()[index][1]
        expected = self.model.status(meta.tx_hash) == "pending"
        if expected:
            self.model.drop([meta.tx_hash])
        assert self.pool.drop(meta.tx_hash, "a reason") == expected
        if expected:
            assert self.pool.drop_reason(meta.tx_hash) == "a reason"

    @rule()
    def next_slot(self):
        self.slot += 1
        self.model.on_slot(self.slot)
        self.pool.on_slot(SlotNumber(self.slot))

    @rule(payer=st.sampled_from(PAYERS), balance=st.integers(0, 12))
    def move_money(self, payer, balance):
        self.chain.balances[fr(payer)] = 1000 * balance

    @rule(index=indices, is_valid=st.booleans())
    def change_validity(self, index, is_valid):
        self.chain.verdicts[universe()[index][1].tx_hash] = (
            VALID if is_valid else Validation.invalid("a reason")
        )

    @rule(is_lost=st.booleans())
    def move_anchor(self, is_lost):
        anchor = universe()[0][1].anchor_block_hash
        self.chain.lost_anchors = {anchor} if is_lost else set()

    @rule()
    def reopen(self):
        self.model.reopen()
        self.pool = Mempool.open(self.store, self.chain, now_ms=self.chain.now_ms, config=self.config)
        self.pool.on_slot(SlotNumber(self.slot))
        self.model.on_slot(self.slot)

    @invariant()
    def same(self):
        if not hasattr(self, "pool"):
            return
        pending = self.model.pending()
        assert self.pool.pending_hashes() == [meta.tx_hash for meta in pending]
        assert self.pool.pending_count == len(pending)
        counts = self.pool.counts()
        assert counts.pending_bytes == sum(meta.size_bytes for meta in pending)
        statuses = [self.model.status(meta.tx_hash) for _, meta in universe()]
        assert [self.pool.status(meta.tx_hash) for _, meta in universe()] == statuses
        for name in ("pending", "mined"):
            assert getattr(counts, name) == statuses.count(name)
        assert counts.retained == statuses.count("deleted")
        assert self.pool.best() == (pending[0] if pending else None)

    @invariant()
    def bytes_are_there(self):
        if hasattr(self, "pool"):
            for tx, meta in universe():
                found = self.pool.get(meta.tx_hash)
                assert (found is None) == (self.model.status(meta.tx_hash) is None)
                assert found is None or found.tx_hash == tx.tx_hash


TestMempool = MempoolMachine.TestCase
