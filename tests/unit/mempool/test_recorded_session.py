"""The recorded session with a pool, step by step: the same answers and the same refusals."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr_from_hex, fr_hex
from aztecd.execution import Rule, Sources, TxMeta, ValidationContext, validate
from aztecd.mempool import AddOutcome, Mempool, MempoolConfig, MempoolRejection, TxState
from aztecd.protocol.basic import BlockNumber, TxHash
from aztecd.protocol.gas import Gas
from aztecd.storage import MemoryStore
from tests.support.fake_world import FakeChain, FakeContracts, FakeState
from tests.support.txs import gas_fees, simple_tx, with_settings
from tests.support.vectors import load

CALLS = load("mempool.json")["calls"]
PAYER = fr_from_hex("0x0a60414ee907527880b7a53d4dacdeb9ef768bb98d9d8d1e7200725c13763331")
PUB1 = "0x0569361de107caa33afc3096d33f931de509bde23ec3dd603b861415a1746d45"
PUB1_PRIO_100 = "0x1f2a3baf15a840ceb961d43199395922bdde93c3a75d835c2ea8056290d7526d"
PUB2 = "0x1a43646ff3d56c9a418f50dba5b1e8ff28dd70f3e6e877afbde2a08ef5877168"


def recorded(label: str, count: int = 0):
    return [call for call in CALLS if call["label"] == label][count]


def tx_of(number, tx_hash, *, priority, limit):
    """Make a transaction of the session's payer: one unit of gas, so that the maximum fee is the limit."""
    tx = simple_tx(number, payer=int.from_bytes(PAYER, "big"))
    tx = with_settings(
        tx,
        gas_limits=Gas(da_gas=0, l2_gas=1),
        max_fees_per_gas=gas_fees(limit),
        max_priority_fees_per_gas=gas_fees(priority),
    )
    return tx if tx_hash is None else tx.replace(tx_hash=TxHash(fr_from_hex(tx_hash)))


@pytest.fixture
def chain():
    balance = recorded("pub4 limit 60% lower prio -> insufficient")["error"]["data"]["currentBalance"]
    return FakeChain(balances={PAYER: int(balance)})


@pytest.fixture
def pool(chain):
    return Mempool.open(MemoryStore(), chain, now_ms=chain.now_ms)


def refused(pool, tx, label):
    with pytest.raises(MempoolRejection) as caught:
        pool.add(tx)
    error = recorded(label)["error"]
    assert str(caught.value) == error["message"]
    assert caught.value.data == error["data"]
    assert list(caught.value.data) == list(error["data"])


def best_priority(pool):
    return str(pool.best().gas_settings.max_priority_fees_per_gas.fee_per_l2_gas)


def test_replacement(pool):
    pub1 = tx_of(1, PUB1, priority=0, limit=1000)
    assert pool.add(pub1).outcome is AddOutcome.ADDED
    assert pool.add(pub1).outcome is AddOutcome.KNOWN
    assert pool.status(pub1.tx_hash) == recorded("receipt pending")["result"]["status"]
    assert pool.pending_count == recorded("pendingcount")["result"]
    assert best_priority(pool) == recorded("maxprio")["result"]["feePerL2Gas"]
    refused(pool, tx_of(1, "0x1", priority=0, limit=1001), "conflict same L2 prio")

    assert pool.add(tx_of(1, PUB1_PRIO_100, priority=100, limit=1000)).outcome is AddOutcome.ADDED
    assert pool.status(pub1.tx_hash) is TxState.DELETED
    assert best_priority(pool) == recorded("maxprio", 1)["result"]["feePerL2Gas"]
    refused(pool, tx_of(1, "0x2", priority=109, limit=1000), "conflict prio 109")
    assert pool.add(tx_of(1, "0x3", priority=110, limit=1000)).outcome is AddOutcome.ADDED

    capped = tx_of(1, "0x4", priority=10**30, limit=10_000)
    assert pool.add(capped).outcome is AddOutcome.ADDED
    assert TxMeta.of(capped).priority_fee == 10_000
    assert best_priority(pool) == recorded("maxprio", 2)["result"]["feePerL2Gas"]
    assert pool.pending_count == 1


def test_full_pool_and_order(pool):
    first, second = recorded("pending order")["hashes"]
    pool.add(tx_of(1, first, priority=10**30, limit=10_000))
    pool.configure(MempoolConfig(max_pending_count=2))
    pub2 = tx_of(2, PUB2, priority=50, limit=1000)
    pool.add(pub2)
    refused(pool, tx_of(3, "0x5", priority=50, limit=1000), "send pub3 prio50 (full, equal)")
    refused(pool, tx_of(3, "0x6", priority=54, limit=1000), "send pub3 prio54")
    pool.add(tx_of(3, second, priority=55, limit=1000))
    assert pool.status(pub2.tx_hash) is TxState.DELETED
    assert fr_hex(pub2.tx_hash) == recorded("receipt pub2 evicted")["result"]["txHash"]
    assert "full pool" in pool.drop_reason(pub2.tx_hash)

    order = recorded("pending order")
    assert [fr_hex(tx.tx_hash) for tx in pool.pending()] == order["hashes"]
    assert [fr_hex(tx.tx_hash) for tx in pool.pending(limit=1)] == order["limit1"]
    after = TxHash(fr_from_hex(first))
    assert [fr_hex(tx.tx_hash) for tx in pool.pending(after=after)] == order["after"]
    assert pool.pending(after=pub2.tx_hash) == []


def test_fee_payer(pool):
    label = "pub4 limit 60% lower prio -> insufficient"
    data = recorded(label)["error"]["data"]
    limit = int(data["feeLimit"])
    others = int(data["currentBalance"]) - limit - int(data["availableBalance"])
    pool.add(tx_of(1, "0x1", priority=10**30, limit=others - 1000))
    pool.add(tx_of(3, "0x3", priority=55, limit=1000))
    pub2 = tx_of(2, "0x2", priority=200, limit=limit)
    pool.add(pub2)
    refused(pool, tx_of(4, "0x4", priority=10, limit=limit), label)
    assert pool.pending_count == 3
    pool.add(tx_of(4, "0x5", priority=300, limit=limit))
    assert pool.status(pub2.tx_hash) is TxState.DELETED
    assert "balance" in pool.drop_reason(pub2.tx_hash)


def test_disabled_transactions():
    context = ValidationContext(
        chain_id=1,
        rollup_version=1,
        block_number=BlockNumber(2),
        timestamp=0,
        min_fees=gas_fees(0),
        are_txs_permitted=False,
    )
    sources = Sources(state=FakeState(), contracts=FakeContracts())
    result = validate(simple_tx(1), (Rule.TX_PERMITTED,), context, sources)
    assert "Invalid tx: " + ", ".join(result.reasons) == recorded("send while disabled")["error"]["message"]


def test_mined(pool, chain):
    priv1 = tx_of(7, None, priority=0, limit=1000)
    pool.add(priv1)
    chain.mined[priv1.tx_hash] = BlockNumber(10)
    pool.on_block(BlockNumber(10), 1000, [priv1.tx_hash], priv1.data.nullifiers())
    assert recorded("getTxByHash of mined tx present?")["present"]
    assert pool.get(priv1.tx_hash) == priv1
    assert pool.status(priv1.tx_hash) is TxState.MINED
    assert pool.pending_count == recorded("pendingcount", 1)["result"]
