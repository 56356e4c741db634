"""Transactions of final blocks are kept, within bounds, over restarts; by default none is."""

from __future__ import annotations

import pytest

from aztecd.mempool import MempoolConfig
from aztecd.protocol.codec import DecodeError
from aztecd.storage import Prefix, prefix_end
from tests.support.txs import simple_tx


def kept(bench, *txs):
    return [bench.pool.archived(tx.tx_hash) == tx for tx in txs]


def records(bench):
    prefix = Prefix.MEMPOOL_ARCHIVED.key
    return list(bench.store.iterate(start=prefix, stop=prefix_end(prefix)))


def finalize(bench, *txs, first=1):
    bench.add(*txs)
    for number, tx in enumerate(txs, first):
        bench.mine(number, tx)
    assert kept(bench, *txs) == [False] * len(txs)
    bench.finalize(first + len(txs) - 1)


def test_nothing_is_kept_by_default(bench):
    txs = [simple_tx(number) for number in range(2)]
    finalize(bench, *txs)
    assert kept(bench, *txs) == [False, False]
    assert not records(bench)


def test_the_newest_are_kept_also_over_restarts(bench):
    bench.config = MempoolConfig(max_archived_count=3)
    bench.reopen()
    txs = [simple_tx(number) for number in range(4)]
    finalize(bench, *txs)
    assert kept(bench, *txs) == [False, True, True, True]
    # For everybody else they are gone, as before.
    assert [bench.pool.status(tx.tx_hash) for tx in txs] == [None] * 4
    assert bench.pool.get(txs[3].tx_hash) is None
    bench.reopen()
    assert kept(bench, *txs) == [False, True, True, True]
    later = simple_tx(9)
    finalize(bench, later, first=5)
    assert kept(bench, *txs, later) == [False, False, True, True, True]


def test_bytes_are_bounded(bench):
    bench.config = MempoolConfig(max_archived_count=100)
    bench.reopen()
    txs = [simple_tx(number) for number in range(3)]
    finalize(bench, txs[0])
    ((_, value),) = records(bench)
    bench.configure(max_archived_count=100, max_archived_bytes=2 * len(value) + len(value) // 2)
    finalize(bench, *txs[1:], first=2)
    assert kept(bench, *txs) == [False, True, True]
    assert len(value) < len(txs[0].encode())


def test_what_became_final_before_a_crash_is_kept_at_the_next_start(bench):
    bench.config = MempoolConfig(max_archived_count=3)
    bench.reopen()
    tx = simple_tx(1)
    bench.add(tx)
    bench.chain.mined[tx.tx_hash] = 1
    bench.chain.finalized = 1
    bench.reopen()
    assert bench.pool.status(tx.tx_hash) is None
    assert kept(bench, tx) == [True]


def test_a_damaged_record_is_an_error_that_names_it(bench):
    bench.config = MempoolConfig(max_archived_count=3)
    bench.reopen()
    tx = simple_tx(1)
    finalize(bench, tx)
    batch = bench.store.batch()
    batch.put(Prefix.MEMPOOL_ARCHIVED.key + tx.tx_hash, bytes(8) + b"nonsense")
    bench.store.write(batch)
    with pytest.raises(DecodeError, match=f"0x{tx.tx_hash.hex()} is damaged"):
        bench.pool.archived(tx.tx_hash)
