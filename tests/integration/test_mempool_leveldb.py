"""The pool on LevelDB: what was acknowledged survives the death of the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aztecd.crypto.field import Fr
from aztecd.mempool import Mempool, MempoolConfig, TxState
from aztecd.protocol.basic import BlockNumber
from aztecd.storage import LevelStore
from tests.support.fake_world import FakeChain
from tests.support.txs import simple_tx

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parent.parent.parent


def test_reopening(tmp_path):
    chain = FakeChain()
    txs = [simple_tx(number, priority=number) for number in range(4)]
    store = LevelStore.open(tmp_path / "db")
    pool = Mempool.open(store, chain, now_ms=chain.now_ms)
    for tx in txs:
        pool.add(tx)
    chain.mined[txs[0].tx_hash] = BlockNumber(1)
    pool.on_block(BlockNumber(1), 1, [txs[0].tx_hash], [])
    pool.drop(txs[1].tx_hash, "failed")
    store.close()

    store = LevelStore.open(tmp_path / "db")
    pool = Mempool.open(store, chain, now_ms=chain.now_ms)
    assert pool.pending() == [txs[3], txs[2]]
    assert pool.status(txs[0].tx_hash) is TxState.MINED
    assert pool.get(txs[0].tx_hash) == txs[0]
    assert pool.drop_reason(txs[1].tx_hash) == "failed"
    store.close()


@pytest.mark.parametrize("acknowledged", [1, 9, 40])
def test_kill(tmp_path, acknowledged):
    folder = tmp_path / "db"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.mempool_child", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [child.stdout.readline() for _ in range(acknowledged)]
    finally:
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        child.wait(timeout=10)
    assert len(lines) >= acknowledged
    # The kill may have cut the last line; what it names may or may not be there.
    taken = [Fr(bytes.fromhex(line)) for line in lines if len(line) == 65]

    store = LevelStore.open(folder)
    chain = FakeChain()
    pool = Mempool.open(store, chain, now_ms=chain.now_ms, config=MempoolConfig(max_pending_count=10))
    # Each pays more than all before it, so the last ones were not displaced. One may have been taken that the
    # process had no time to name.
    replaced = {taken[index - 1] for index in range(2, len(taken) + 1, 3)}
    expected = [tx_hash for tx_hash in taken if tx_hash not in replaced][-7:]
    pending = pool.pending_hashes()
    assert set(expected) <= set(pending)
    assert len(pending) <= 10
    nullifiers = [nullifier for tx in pool.pending() for nullifier in tx.data.nullifiers()]
    assert len(set(nullifiers)) == len(nullifiers)
    for tx in pool.pending():
        assert tx.data.tx_hash() == tx.tx_hash
    store.close()
