"""Which transactions of a list get into a block."""

from __future__ import annotations

import pytest

from aztecd.avm import InterruptedExecutionError
from aztecd.builder import BlockLimits, TxProcessor
from aztecd.crypto.field import fr
from aztecd.execution import (
    ContractOverlay,
    PrivateExecutor,
    PublishedContracts,
    TxExecutionError,
    Validation,
)
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.gas import Gas
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.protocol.header import GlobalVariables
from aztecd.state import UnknownBlockError, WorldState
from aztecd.storage import MemoryStore, StoreFullError
from tests.support.fake_world import FakeContracts
from tests.support.txs import gas_fees, rehashed, simple_tx

GLOBALS = GlobalVariables.empty().replace(block_number=1, gas_fees=gas_fees(1))
WIDE = BlockLimits(gas=Gas(da_gas=10**9, l2_gas=10**9), blob_fields=10**6, max_txs=100)
GAS = simple_tx(1).data.gas_used
DECLARED = simple_tx(1).data.constants.tx_context.gas_settings.gas_limits
DATA = simple_tx(1).data
FIELDS = (
    3
    + len(DATA.note_hashes())
    + len(DATA.nullifiers())
    + len(DATA.l2_to_l1_msgs())
    + sum(log.emitted_length + 1 for log in DATA.private_logs())
    + 2  # the fee payer's slot and balance
)


class ScriptedExecutor:
    """Executes as the private executor does, but raises what is written down for a transaction."""

    def __init__(self, failures=()):
        self.failures = dict(failures)
        self.private = PrivateExecutor()
        self.published = {}
        self.seen = []

    def execute(self, tx, fork, global_variables, contracts, *, is_over=None):
        self.seen.append((tx.tx_hash, contracts.contract_instance(AztecAddress(fr(77)), 0)))
        fork.create_checkpoint()
        done = self.private.execute(tx, fork, global_variables)
        if tx.tx_hash in self.failures:
            raise self.failures[tx.tx_hash]
        fork.commit_checkpoint()
        published = self.published.get(tx.tx_hash)
        if published is None:
            return done
        return type(done)(
            tx_hash=done.tx_hash, effect=done.effect, gas_used=done.gas_used, published=published
        )


@pytest.fixture
def fork():
    slot = fee_juice_balance_leaf_slot(fr(1))
    return WorldState.open(MemoryStore(), [(slot, fr(10**30))]).fork()


TXS = [simple_tx(number) for number in range(1, 6)]
HASHES = [tx.tx_hash for tx in TXS]


def process(fork, *, executor=None, limits=WIDE, txs=TXS, check=lambda *_: Validation(), **options):
    return TxProcessor(
        executor=executor or ScriptedExecutor(),
        check=check,
        fork=fork,
        global_variables=GLOBALS,
        contracts=ContractOverlay(FakeContracts()),
        limits=limits,
        **options,
    ).process(txs)


def hashes(items):
    return [item.tx_hash for item in items]


def limited(**changes):
    return BlockLimits(
        **{"gas": WIDE.gas, "blob_fields": WIDE.blob_fields, "max_txs": WIDE.max_txs} | changes
    )


def test_totals(fork):
    result = process(fork)
    assert hashes(result.processed) == HASHES
    assert result.gas == Gas(da_gas=5 * GAS.da_gas, l2_gas=5 * GAS.l2_gas)
    assert result.mana == 5 * GAS.l2_gas
    assert result.fees == 5 * GAS.l2_gas
    assert result.fields == 5 * FIELDS
    assert not result.was_interrupted
    assert fork.depth == 0


def test_number_of_transactions(fork):
    assert hashes(process(fork, limits=limited(max_txs=2)).processed) == HASHES[:2]


def test_a_failed_transaction_leaves_no_trace(fork):
    twin = WorldState.open(MemoryStore(), [(fee_juice_balance_leaf_slot(fr(1)), fr(10**30))]).fork()
    result = process(fork, executor=ScriptedExecutor({HASHES[1]: TxExecutionError("no")}))
    assert hashes(result.processed) == HASHES[:1] + HASHES[2:]
    assert [(failed.tx_hash, failed.reason, failed.bug) for failed in result.failed] == [
        (HASHES[1], "no", None)
    ]
    process(twin, txs=TXS[:1] + TXS[2:])
    assert fork.state_reference() == twin.state_reference()


def test_a_bug_costs_one_transaction_only(fork):
    bug = ZeroDivisionError("ours")
    result = process(fork, executor=ScriptedExecutor({HASHES[0]: bug}))
    assert hashes(result.processed) == HASHES[1:]
    (failed,) = result.failed
    assert failed.bug is bug
    assert "because of a bug" in failed.reason
    assert fork.depth == 0


@pytest.mark.parametrize("error", [StoreFullError("no space"), UnknownBlockError("gone", 3)])
def test_trouble_with_the_store_is_no_fault_of_a_transaction(fork, error):
    before = fork.state_reference()
    with pytest.raises(type(error)):
        process(fork, executor=ScriptedExecutor({HASHES[0]: error}))
    assert fork.state_reference() == before


def test_an_interrupted_transaction_neither_fails_nor_counts(fork):
    result = process(fork, executor=ScriptedExecutor({HASHES[2]: InterruptedExecutionError("time")}))
    assert hashes(result.processed) == HASHES[:2]
    assert not result.failed
    assert result.was_interrupted
    assert fork.depth == 0


def test_time_is_up_before_a_transaction(fork):
    asked = iter([False, False, True])
    result = process(fork, is_over=lambda: next(asked))
    assert hashes(result.processed) == HASHES[:2]
    assert result.was_interrupted


@pytest.mark.parametrize(
    ("verdict", "reasons"),
    [(Validation.invalid("bad", "worse"), ["bad, worse"]), (Validation.skipped("later"), [])],
)
def test_what_validators_say(fork, verdict, reasons):
    result = process(
        fork, check=lambda tx, *_: verdict if tx.tx_hash == HASHES[0] else Validation(), txs=TXS[:2]
    )
    assert hashes(result.processed) == HASHES[1:2]
    assert [failed.reason for failed in result.failed] == reasons


def test_a_proposal_reserves_declared_gas(fork):
    gas = Gas(da_gas=10**9, l2_gas=GAS.l2_gas + DECLARED.l2_gas)
    assert DECLARED.l2_gas > GAS.l2_gas
    assert hashes(process(fork, limits=limited(gas=gas)).processed) == HASHES[:2]


@pytest.mark.parametrize("excess", [{"da_gas": 1}, {"l2_gas": 1}])
def test_more_gas_than_declared(fork, excess):
    more = {name: getattr(DECLARED, name) + value for name, value in excess.items()}
    forged = rehashed(TXS[0], gas_used=GAS.replace(**more))
    result = process(fork, txs=[forged, TXS[1]])
    assert hashes(result.processed) == HASHES[1:2]
    assert [failed.reason for failed in result.failed] == ["Transaction uses more gas than its gas limits"]


def test_execution_again_counts_used_gas_and_stops(fork):
    gas = Gas(da_gas=10**9, l2_gas=3 * GAS.l2_gas)
    result = process(fork, limits=limited(gas=gas), is_proposal=False)
    assert hashes(result.processed) == HASHES[:3]
    assert not result.failed


@pytest.mark.parametrize("is_proposal", [True, False])
def test_blob_fields(fork, is_proposal):
    limits = limited(blob_fields=2 * FIELDS + FIELDS - 1)
    assert hashes(process(fork, limits=limits, is_proposal=is_proposal).processed) == HASHES[:2]


def test_later_transactions_see_contracts_of_accepted_ones(fork):
    instance = ContractInstanceWithAddress.empty().replace(address=AztecAddress(fr(77)))
    executor = ScriptedExecutor({HASHES[0]: TxExecutionError("no")})
    executor.published = dict.fromkeys(HASHES[:2], PublishedContracts(instances=(instance,)))
    process(fork, executor=executor, txs=TXS[:3])
    assert executor.seen == [(HASHES[0], None), (HASHES[1], None), (HASHES[2], instance)]
