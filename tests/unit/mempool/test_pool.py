from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.execution import TxMeta, Validation
from aztecd.mempool import AddOutcome, MempoolRejection, RejectionCode, Source, TxState, minimum_bumped_fee
from aztecd.protocol.basic import BlockNumber, SlotNumber
from aztecd.protocol.gas import Gas
from aztecd.storage import Prefix, prefix_end
from tests.support.txs import simple_tx, with_settings

SHARED = 42
"""A nullifier that several transactions of a test have."""


def conflicting(number, priority, **changes):
    return simple_tx(number, priority=priority, nullifiers=(10**6 + number, SHARED), **changes)


def costing(number, limit, *, priority=0, payer=1):
    """Make a transaction whose fee limit is `limit`."""
    return with_settings(
        simple_tx(number, priority=priority, payer=payer, max_fee=limit), gas_limits=Gas(da_gas=0, l2_gas=1)
    )


def keys(store, prefix):
    return [key[1:] for key, _ in store.iterate(start=prefix.key, stop=prefix_end(prefix.key))]


def test_empty(bench):
    pool = bench.pool
    assert (pool.pending_count, pool.best(), pool.pending(), pool.candidates()) == (0, None, [], [])
    assert pool.status(fr(1)) is pool.get(fr(1)) is pool.meta(fr(1)) is pool.drop_reason(fr(1)) is None


def test_order(bench):
    low, high = simple_tx(1, priority=5), simple_tx(2, priority=9)
    equals = [simple_tx(number, priority=7) for number in (3, 4, 5)]
    bench.add(low, equals[0], high, *equals[1:])
    by_hash = sorted(equals, key=lambda tx: tx.tx_hash, reverse=True)
    expected = [tx.tx_hash for tx in (high, *by_hash, low)]
    assert bench.pool.pending_hashes() == expected
    assert [tx.tx_hash for tx in bench.pool.pending()] == expected
    assert bench.pool.pending_hashes(limit=2) == expected[:2]
    assert bench.pool.pending_hashes(limit=2, after=expected[1]) == expected[2:4]
    assert bench.pool.pending_hashes(after=expected[-1]) == []
    assert bench.pool.pending_hashes(after=fr(1)) == []
    assert bench.pool.best() == TxMeta.of(high)


def test_bytes_come_back_unchanged(bench):
    tx = simple_tx(1)
    bench.add(tx)
    assert bench.pool.get(tx.tx_hash) == tx
    assert bench.pool.get(tx.tx_hash).encode() == tx.encode()
    assert bench.pool.counts().pending_bytes == len(tx.encode())


@pytest.mark.parametrize(
    ("fee", "percentage", "minimum"),
    [(0, 10, 1), (9, 10, 10), (10, 10, 11), (19, 10, 20), (100, 10, 110), (100, 0, 101), (5, 100, 10)],
)
def test_price_bump(fee, percentage, minimum):
    assert minimum_bumped_fee(fee, percentage) == minimum


def test_gossip_compares_priorities(bench):
    old = conflicting(1, 100)
    bench.add(old)
    equal = [conflicting(number, 100) for number in range(2, 12)]
    above = next(tx for tx in equal if tx.tx_hash > old.tx_hash)
    below = next(tx for tx in equal if tx.tx_hash < old.tx_hash)
    with pytest.raises(MempoolRejection) as caught:
        bench.pool.add(below, source=Source.GOSSIP)
    text = f"Nullifier conflict with existing tx 0x{old.tx_hash.hex()}"
    assert caught.value.data == {
        "code": "NULLIFIER_CONFLICT",
        "message": text,
        "conflictingTxHash": "0x" + old.tx_hash.hex(),
    }
    with pytest.raises(MempoolRejection):
        bench.pool.add(above)
    bench.pool.add(above, source=Source.GOSSIP)
    assert bench.pool.pending_hashes() == [above.tx_hash]


def test_gossip_into_a_full_pool(bench):
    bench.configure(max_pending_count=1)
    bench.add(simple_tx(1, priority=50))
    with pytest.raises(MempoolRejection) as caught:
        bench.pool.add(simple_tx(2, priority=49), source=Source.GOSSIP)
    assert caught.value.data["minimumPriorityFee"] == "51"
    bench.pool.add(simple_tx(3, priority=51), source=Source.GOSSIP)
    assert bench.pool.pending_count == 1


def test_one_replaces_several(bench):
    first = simple_tx(1, priority=10, nullifiers=(1, 2))
    second = simple_tx(2, priority=20, nullifiers=(3, 4))
    bench.add(first, second)
    with pytest.raises(MempoolRejection):
        bench.pool.add(simple_tx(3, priority=21, nullifiers=(1, 3)))
    assert bench.pool.pending_count == 2
    winner = simple_tx(4, priority=22, nullifiers=(1, 3))
    bench.add(winner)
    assert bench.pool.pending_hashes() == [winner.tx_hash]
    for loser in (first, second):
        assert bench.pool.status(loser.tx_hash) is TxState.DELETED
        assert winner.tx_hash.hex() in bench.pool.drop_reason(loser.tx_hash)
    # What only the losers had is free again.
    bench.add(simple_tx(5, priority=1, nullifiers=(2, 4)))


def test_no_limit_on_the_count(bench):
    bench.configure(max_pending_count=0)
    bench.add(*(simple_tx(number) for number in range(5)))
    assert bench.pool.pending_count == 5


def test_limit_on_bytes(bench):
    size = TxMeta.of(simple_tx(1)).size_bytes
    bench.configure(max_pending_bytes=2 * size)
    bench.add(simple_tx(1, priority=10), simple_tx(2, priority=20))
    with pytest.raises(MempoolRejection) as caught:
        bench.pool.add(simple_tx(3, priority=10))
    assert caught.value.rejection is RejectionCode.LOW_PRIORITY_FEE
    assert caught.value.data["minimumPriorityFee"] == "11"
    bench.add(simple_tx(4, priority=11))
    assert [meta.priority_fee for meta in bench.pool.candidates()] == []
    bench.chain.now += 2000
    assert [meta.priority_fee for meta in bench.pool.candidates()] == [20, 11]
    # One that replaces another frees its place.
    bench.add(simple_tx(2, priority=22))
    assert bench.pool.pending_count == 2


def test_transaction_larger_than_the_pool(bench):
    size = TxMeta.of(simple_tx(1)).size_bytes
    bench.configure(max_pending_bytes=size - 1)
    with pytest.raises(MempoolRejection):
        bench.pool.add(simple_tx(1, priority=10))
    bench.configure(max_pending_bytes=size)
    bench.add(simple_tx(1, priority=10))


def test_fee_payer_walk(bench):
    bench.chain.balances[fr(1)] = 100
    bench.add(costing(1, 60, priority=5), costing(2, 40, priority=4), costing(3, 70, payer=2))
    with pytest.raises(MempoolRejection) as caught:
        bench.pool.add(costing(4, 10, priority=4 - 1))
    assert caught.value.data == {
        "code": "INSUFFICIENT_FEE_PAYER_BALANCE",
        "message": f"Fee payer 0x{fr(1).hex()} has insufficient balance. "
        "Balance at transaction: 0, required: 10",
        "currentBalance": "100",
        "availableBalance": "0",
        "feeLimit": "10",
    }
    # The lower of the two can no longer be paid, the higher one can.
    bench.add(costing(5, 40, priority=6))
    assert bench.pool.status(costing(2, 40, priority=4).tx_hash) is TxState.DELETED
    assert bench.pool.pending_count == 3


def test_pool_validators_refuse_silently(bench):
    tx = simple_tx(1)
    bench.chain.verdicts[tx.tx_hash] = Validation.invalid("Existing nullifier")
    result = bench.pool.add(tx)
    assert (result.outcome, result.reasons) == (AddOutcome.REFUSED, ("Existing nullifier",))
    assert bench.pool.status(tx.tx_hash) is None
    assert keys(bench.store, Prefix.MEMPOOL_TX) == []


def test_already_mined(bench):
    tx = simple_tx(1)
    bench.chain.mined[tx.tx_hash] = BlockNumber(4)
    bench.chain.verdicts[tx.tx_hash] = Validation.invalid("Existing nullifier")
    assert bench.pool.add(tx).outcome is AddOutcome.MINED
    assert bench.pool.status(tx.tx_hash) is TxState.MINED
    assert bench.pool.pending_count == 0


def test_age(bench):
    bench.add(simple_tx(1, priority=3), simple_tx(2, priority=2))
    bench.chain.now += 1000
    bench.add(simple_tx(3, priority=9))
    bench.chain.now += 1000
    assert [meta.priority_fee for meta in bench.pool.candidates()] == [3, 2]
    assert [meta.priority_fee for meta in bench.pool.candidates(limit=1)] == [3]
    bench.chain.now += 1000
    assert [meta.priority_fee for meta in bench.pool.candidates()] == [9, 3, 2]


def test_drop(bench):
    tx = simple_tx(1)
    bench.add(tx)
    assert bench.pool.drop(tx.tx_hash, "failed in block 7")
    assert not bench.pool.drop(tx.tx_hash, "again")
    assert not bench.pool.drop(fr(1), "never seen")
    assert bench.pool.status(tx.tx_hash) is TxState.DELETED
    assert bench.pool.drop_reason(tx.tx_hash) == "failed in block 7"
    assert bench.pool.get(tx.tx_hash) == tx
    bench.add(tx)
    assert bench.pool.status(tx.tx_hash) is TxState.PENDING
    assert bench.pool.drop_reason(tx.tx_hash) is None
    bench.mine(1, tx)
    assert not bench.pool.drop(tx.tx_hash, "too late")


def test_drop_reasons_are_bounded(bench):
    bench.configure(max_drop_records=2)
    txs = [simple_tx(number) for number in range(3)]
    bench.add(*txs)
    for tx in txs:
        bench.pool.drop(tx.tx_hash, "x" * 600)
    assert [bench.pool.drop_reason(tx.tx_hash) is None for tx in txs] == [True, False, False]
    assert len(keys(bench.store, Prefix.MEMPOOL_DROPPED)) == 2
    assert len(bench.reopen().drop_reason(txs[2].tx_hash)) == 512


def test_listeners_and_version(bench):
    versions = []
    bench.pool.subscribe(lambda: versions.append(bench.pool.version))
    tx = simple_tx(1)
    bench.add(tx)
    assert bench.pool.add(tx).outcome is AddOutcome.KNOWN
    bench.mine(1, tx)
    assert versions == [1, 2]


def test_dropped_bytes_stay_until_the_next_slot(bench):
    pool = bench.pool
    pool.on_slot(SlotNumber(5))
    tx = simple_tx(1)
    bench.add(tx)
    pool.drop(tx.tx_hash, "x")
    pool.on_slot(SlotNumber(5))
    assert pool.get(tx.tx_hash) == tx
    pool.on_slot(SlotNumber(6))
    assert pool.get(tx.tx_hash) is pool.status(tx.tx_hash) is None
    assert keys(bench.store, Prefix.MEMPOOL_TX) == keys(bench.store, Prefix.MEMPOOL_RETAINED) == []
    assert pool.drop_reason(tx.tx_hash) == "x"


def test_dropped_bytes_are_bounded(bench):
    size = TxMeta.of(simple_tx(1)).size_bytes
    bench.configure(max_retained_bytes=2 * size)
    txs = [simple_tx(number) for number in range(4)]
    bench.add(*txs)
    for tx in txs:
        bench.pool.drop(tx.tx_hash, "x")
    assert [bench.pool.get(tx.tx_hash) is None for tx in txs] == [True, True, False, False]
    assert bench.pool.counts().retained == 2
    assert len(keys(bench.store, Prefix.MEMPOOL_TX)) == 2


def test_a_clock_that_was_set_back_keeps_nothing_out_of_blocks(bench):
    bench.chain.now = 1_000_000
    bench.add(simple_tx(1, priority=3))
    bench.chain.now = 5
    assert [meta.priority_fee for meta in bench.pool.candidates()] == [3]


def test_a_listing_is_bounded_in_bytes(bench):
    bench.add(*(simple_tx(index, priority=index) for index in (1, 2, 3)))
    size = bench.pool.best().size_bytes
    fees = [[priority(tx) for tx in bench.pool.pending(max_bytes=most)] for most in (0, 2 * size, 3 * size)]
    assert fees == [[3], [3, 2], [3, 2, 1]]
    assert len(bench.pool.pending()) == 3


def priority(tx):
    return TxMeta.of(tx).priority_fee
