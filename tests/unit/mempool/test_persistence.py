from __future__ import annotations

import threading

import pytest

from aztecd.crypto.field import fr
from aztecd.execution import Validation
from aztecd.mempool import Mempool, TxState
from aztecd.protocol.basic import BlockNumber, SlotNumber
from aztecd.storage import MemoryStore, Prefix, StoreFullError, prefix_end
from tests.support.fake_world import FakeChain
from tests.support.txs import simple_tx

PENDING, MINED, DELETED = TxState.PENDING, TxState.MINED, TxState.DELETED


def states(pool, *txs):
    return [pool.status(tx.tx_hash) for tx in txs]


def mempool_records(store):
    return list(store.iterate(start=Prefix.MEMPOOL_TX.key, stop=prefix_end(Prefix.MEMPOOL_DROPPED.key)))


def test_everything_comes_back(bench):
    txs = [simple_tx(number, priority=number % 3) for number in range(5)]
    bench.add(*txs)
    bench.mine(1, txs[0])
    bench.pool.drop(txs[1].tx_hash, "failed")
    order = bench.pool.pending_hashes()
    received = [meta.tx_hash for meta in bench.pool.candidates()]
    bench.chain.now += 1
    bench.reopen()
    assert bench.pool.pending_hashes() == order
    assert [meta.tx_hash for meta in bench.pool.candidates()] == received
    assert states(bench.pool, *txs[:3]) == [MINED, None, PENDING]
    assert bench.pool.drop_reason(txs[1].tx_hash) == "failed"
    assert bench.pool.get(txs[2].tx_hash) == txs[2]
    # Dropped bytes were only waiting for the next slot.
    assert bench.pool.get(txs[1].tx_hash) is None


def test_a_second_reopening_changes_nothing(bench):
    txs = [simple_tx(number) for number in range(3)]
    bench.add(*txs)
    bench.mine(1, txs[0])
    bench.pool.drop(txs[1].tx_hash, "failed")
    bench.reopen()
    before = mempool_records(bench.store)
    bench.reopen()
    assert mempool_records(bench.store) == before


def test_order_of_arrival_continues(bench):
    # The second displaces nothing: the pool keeps what came first when all else is equal in rank.
    bench.add(simple_tx(1))
    bench.reopen()
    bench.add(simple_tx(2))
    sequences = [
        int.from_bytes(value[:8], "big")
        for _, value in bench.store.iterate(
            start=Prefix.MEMPOOL_TX.key, stop=prefix_end(Prefix.MEMPOOL_TX.key)
        )
    ]
    assert sorted(sequences) == [1, 2]


def test_the_chain_says_what_is_mined(bench):
    before, after, final = (simple_tx(number) for number in range(3))
    bench.add(before, after, final)
    # The process died between the block's batch and the pool's: the pool has not heard of these blocks.
    bench.chain.mined = {before.tx_hash: BlockNumber(5), final.tx_hash: BlockNumber(2)}
    bench.chain.finalized = 2
    bench.reopen()
    assert states(bench.pool, before, after, final) == [MINED, PENDING, None]
    assert bench.pool.get(final.tx_hash) is None
    # And the other way round: the block is gone.
    bench.chain.mined = {}
    bench.reopen()
    assert states(bench.pool, before, after) == [PENDING, PENDING]


def test_validated_again(bench):
    good, bad = simple_tx(1), simple_tx(2)
    bench.add(good, bad)
    bench.chain.verdicts[bad.tx_hash] = Validation.invalid("Existing nullifier")
    bench.reopen()
    assert states(bench.pool, good, bad) == [PENDING, None]
    assert "Existing nullifier" in bench.pool.drop_reason(bad.tx_hash)
    assert bench.pool.get(bad.tx_hash) is None


def test_contends_again(bench):
    low, high = simple_tx(1, priority=1), simple_tx(2, priority=2)
    bench.add(high, low)
    bench.configure(max_pending_count=1)
    bench.reopen()
    assert states(bench.pool, low, high) == [None, PENDING]
    other = simple_tx(3, priority=3)
    bench.chain.balances[fr(1)] = 0
    bench.reopen()
    assert states(bench.pool, high, other) == [None, None]
    assert "insufficient balance" in bench.pool.drop_reason(high.tx_hash)


def test_a_replaced_one_that_a_crash_left_behind(bench):
    old = simple_tx(1, priority=1, nullifiers=(9,))
    bench.add(old)
    arrived = mempool_records(bench.store)
    new = simple_tx(2, priority=2, nullifiers=(9,))
    bench.add(new)
    # The record of the new one is written first; the removal of the old one may be lost.
    batch = bench.store.batch()
    for key, value in arrived:
        batch.put(key, value)
    batch.delete(Prefix.MEMPOOL_RETAINED.key + old.tx_hash)
    bench.store.write(batch)
    bench.reopen()
    assert states(bench.pool, old, new) == [None, PENDING]


def test_pruned_ones_survive_a_restart(bench):
    alive, gone = simple_tx(1), simple_tx(2)
    bench.add(alive, gone)
    bench.mine(5, alive, gone)
    bench.rewind(1)
    bench.pool.drop(gone.tx_hash, "x")
    bench.reopen()
    assert states(bench.pool, alive, gone) == [PENDING, DELETED]
    assert bench.pool.get(gone.tx_hash) == gone
    bench.pool.drop(alive.tx_hash, "y")
    bench.pool.on_slot(SlotNumber(99))
    assert bench.pool.get(alive.tx_hash) == alive
    bench.finalize(5)
    assert bench.pool.get(alive.tx_hash) is bench.pool.get(gone.tx_hash) is None


@pytest.mark.parametrize("damage", [b"", b"short", bytes(16) + b"garbage"])
def test_damaged_record(bench, damage):
    tx = simple_tx(1)
    bench.add(tx)
    batch = bench.store.batch()
    batch.put(Prefix.MEMPOOL_TX.key + tx.tx_hash, damage)
    bench.store.write(batch)
    bench.reopen()
    assert states(bench.pool, tx) == [None]
    assert bench.pool.drop_reason(tx.tx_hash) == "its record was damaged"
    bench.add(tx)


class WatchedStore(MemoryStore):
    """Notes which writes are synced, and fails when told to."""

    def __init__(self):
        super().__init__()
        self.writes = []
        self.is_full = False

    def write(self, batch, *, sync=False):
        if self.is_full:
            raise StoreFullError("no space is left")
        super().write(batch, sync=sync)
        self.writes.append((sync, [key for key, value in batch.operations if value is not None]))


def test_on_the_disk_before_the_answer():
    store, chain = WatchedStore(), FakeChain()
    pool = Mempool.open(store, chain, now_ms=chain.now_ms)
    tx = simple_tx(1)
    pool.add(tx)
    assert (True, [Prefix.MEMPOOL_TX.key + tx.tx_hash]) in store.writes


def test_full_disk():
    store, chain = WatchedStore(), FakeChain()
    pool = Mempool.open(store, chain, now_ms=chain.now_ms)
    store.is_full = True
    tx = simple_tx(1)
    with pytest.raises(StoreFullError):
        pool.add(tx)
    assert pool.status(tx.tx_hash) is None
    assert pool.pending_count == 0
    store.is_full = False
    pool.add(tx)
    assert pool.pending_hashes() == [tx.tx_hash]


class SlowStore(MemoryStore):
    """Writes wait until a test lets them go on."""

    def __init__(self):
        super().__init__()
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def write(self, batch, *, sync=False):
        self.began.set()
        assert self.may_end.wait(timeout=10)
        super().write(batch, sync=sync)


def test_readers_do_not_wait_for_the_disk():
    store, chain = SlowStore(), FakeChain()
    pool = Mempool.open(store, chain, now_ms=chain.now_ms)
    first, second = simple_tx(1), simple_tx(2)
    pool.add(first)
    store.began.clear()
    store.may_end.clear()
    writer = threading.Thread(target=pool.add, args=(second,))
    writer.start()
    assert store.began.wait(timeout=10)
    assert pool.pending_hashes() == [first.tx_hash]
    assert pool.status(second.tx_hash) is None
    store.may_end.set()
    writer.join(timeout=10)
    assert pool.pending_count == 2
