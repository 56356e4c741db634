from __future__ import annotations

from aztecd.crypto.field import fr
from aztecd.execution import TxMeta, Validation
from aztecd.mempool import TxState
from aztecd.protocol.basic import SlotNumber
from aztecd.protocol.gas import Gas
from aztecd.storage import Prefix, prefix_end
from tests.support.txs import simple_tx, with_settings


def costing(number, limit, **options):
    return with_settings(simple_tx(number, max_fee=limit, **options), gas_limits=Gas(da_gas=0, l2_gas=1))


def states(pool, *txs):
    return [pool.status(tx.tx_hash) for tx in txs]


def stored(store):
    prefix = Prefix.MEMPOOL_TX.key
    return {key[1:] for key, _ in store.iterate(start=prefix, stop=prefix_end(prefix))}


PENDING, MINED, DELETED = TxState.PENDING, TxState.MINED, TxState.DELETED


def test_block(bench):
    mined, spent = simple_tx(1), simple_tx(2, nullifiers=(77,))
    expired, lasting = simple_tx(3, expiration=1000), simple_tx(4, expiration=1001)
    bench.add(mined, spent, expired, lasting)
    bench.mine(7, mined, timestamp=1000, nullifiers=[fr(77)])
    assert states(bench.pool, mined, spent, expired, lasting) == [MINED, DELETED, DELETED, PENDING]
    assert "block 7" in bench.pool.drop_reason(spent.tx_hash)
    assert "expired" in bench.pool.drop_reason(expired.tx_hash)
    assert bench.pool.get(mined.tx_hash) == mined
    counts = bench.pool.counts()
    assert (counts.pending, counts.mined, counts.retained) == (1, 1, 2)


def test_block_takes_the_payers_money(bench):
    mined, rest, other = costing(1, 10), costing(2, 50), costing(3, 50, payer=2)
    bench.add(mined, rest, other)
    bench.chain.balances = {fr(1): 49, fr(2): 49}
    bench.mine(1, mined)
    # Only the payers of the block's own transactions are looked at.
    assert states(bench.pool, rest, other) == [DELETED, PENDING]


def test_finalized(bench):
    first, second = simple_tx(1), simple_tx(2)
    bench.add(first, second)
    bench.mine(1, first)
    bench.mine(2, second)
    bench.finalize(1)
    assert states(bench.pool, first, second) == [None, MINED]
    assert bench.pool.get(first.tx_hash) is None
    assert stored(bench.store) == {second.tx_hash}


def test_rewind(bench):
    kept, back, gone = simple_tx(1), simple_tx(2), simple_tx(3)
    bench.add(kept, back, gone)
    bench.mine(1, kept)
    bench.mine(2, back, gone)
    bench.chain.verdicts[gone.tx_hash] = Validation.invalid("Block header not found")
    bench.rewind(1)
    assert states(bench.pool, kept, back, gone) == [MINED, PENDING, DELETED]
    assert "Block header not found" in bench.pool.drop_reason(gone.tx_hash)
    # Its bytes are needed if the block comes back, until block 2 is final.
    bench.pool.on_slot(SlotNumber(100))
    assert bench.pool.get(gone.tx_hash) == gone
    bench.finalize(2)
    assert bench.pool.get(gone.tx_hash) is None
    assert stored(bench.store) == {back.tx_hash}


def test_rewind_resolves_conflicts_by_priority(bench):
    weak, strong = simple_tx(1, priority=5, nullifiers=(9,)), simple_tx(2, priority=6, nullifiers=(9,))
    also = simple_tx(3, priority=7, nullifiers=(10,))
    rival = simple_tx(4, priority=6, nullifiers=(10,))
    bench.add(strong, rival)
    bench.mine(1, strong, rival)
    bench.add(weak, also)
    bench.rewind(0)
    assert states(bench.pool, weak, strong, also, rival) == [DELETED, PENDING, PENDING, DELETED]


def test_rewind_loses_anchors_and_money(bench):
    anchored, poor = simple_tx(1), costing(2, 50, payer=2)
    bench.add(anchored, poor)
    bench.chain.lost_anchors.add(TxMeta.of(anchored).anchor_block_hash)
    bench.rewind(0)
    assert states(bench.pool, anchored, poor) == [DELETED, DELETED]
    bench.chain.lost_anchors.clear()
    bench.add(anchored, poor)
    bench.chain.balances[fr(2)] = 49
    bench.rewind(0)
    assert states(bench.pool, anchored, poor) == [PENDING, DELETED]


def test_rewind_fills_the_pool_no_further_than_its_limit(bench):
    bench.configure(max_pending_count=1)
    first, second = simple_tx(1, priority=5), simple_tx(2, priority=6)
    bench.add(first)
    bench.mine(1, first)
    bench.add(second)
    bench.rewind(0)
    assert states(bench.pool, first, second) == [DELETED, PENDING]


def test_mined_again_later(bench):
    tx = simple_tx(1)
    bench.add(tx)
    bench.mine(2, tx)
    bench.rewind(1)
    bench.mine(2, tx)
    bench.mine(3)
    assert states(bench.pool, tx) == [MINED]
    retained = Prefix.MEMPOOL_RETAINED.key
    assert list(bench.store.iterate(start=retained, stop=prefix_end(retained))) == []
    bench.finalize(2)
    assert stored(bench.store) == set()


def test_mined_again_in_a_lower_block(bench):
    tx = simple_tx(1)
    bench.add(tx)
    bench.mine(5, tx)
    bench.rewind(1)
    bench.mine(2, tx)
    bench.rewind(1)
    bench.pool.drop(tx.tx_hash, "x")
    bench.finalize(4)
    assert bench.pool.get(tx.tx_hash) == tx
    bench.finalize(5)
    assert bench.pool.get(tx.tx_hash) is None
