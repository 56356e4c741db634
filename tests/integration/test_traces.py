"""Traces of the recorded sessions' transactions, executed again where they were mined."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from aztecd.artifacts import locate
from aztecd.avm import Halt, ProgramCache
from aztecd.chain import ChainStore
from aztecd.crypto.field import Fr, fr_from_hex, fr_int
from aztecd.execution.public.trace import StorageWrite
from aztecd.mempool import Mempool, MempoolConfig
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.errors import TraceUnavailableError
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator, SimulationLimits
from aztecd.node.tracing import TransactionTracer
from aztecd.protocol.basic import AztecAddress, BlockNumber, TxHash
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot, public_leaf_slot
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.protocol.tx import Tx
from aztecd.state import TxChanges, WorldState, apply_tx
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import EPOCH_DURATION, SESSIONS, Session, import_blocks, session
from tests.support.fake_world import FakeChain
from tests.support.recorded_txs import recorded_body
from tests.support.vectors import load

pytestmark = pytest.mark.integration

REVERTED = {"public-token": 1}
"""Transactions of a session whose app logic reverted."""


def chain_of(recorded: Session) -> ChainStore:
    """Import a session over the protocol contracts with their bytecodes."""
    chain = ChainStore(
        MemoryStore(),
        genesis_header=recorded.genesis_header,
        protocol_contracts=protocol_contracts(json.loads(locate().protocol_contracts.read_bytes())),
        epoch_duration=EPOCH_DURATION,
    )
    batch = chain._store.batch()
    chain.stage_messages(batch, recorded.messages)
    chain._store.write(batch)
    chain.applied()
    import_blocks(chain, recorded, 1, len(recorded.blocks))
    return chain


def world_of(recorded: Session, chain: ChainStore) -> WorldState:
    genesis = next(line for line in recorded.lines if line["kind"] == "genesis")
    world = WorldState.open(
        MemoryStore(),
        [(fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in genesis["prefilledPublicData"]],
    )
    for block in recorded.blocks:
        fork = world.fork()
        fork.append_l1_to_l2_messages(chain.messages_of_checkpoint(block.checkpoint_number))
        for effect in block.body.tx_effects:
            writes = [(write.leaf_slot, write.value) for write in effect.public_data_writes]
            apply_tx(
                fork,
                TxChanges(
                    note_hashes=effect.note_hashes, nullifiers=effect.nullifiers, public_data_writes=writes
                ),
            )
        fork.append_block_header_hash(block.hash())
        world.commit(fork)
    return world


class Bench:
    """A recorded chain with its transactions in the pool."""

    def __init__(self, name: str) -> None:
        recorded = session(name)
        self.chain = chain_of(recorded)
        self.world = world_of(recorded, self.chain)
        self.pool_chain = FakeChain()
        self.pool = Mempool(
            MemoryStore(),
            self.pool_chain,
            now_ms=self.pool_chain.now_ms,
            config=MempoolConfig(max_archived_count=100),
        )
        self.signatures = FunctionSignatures()
        self.txs: dict[TxHash, Tx] = {}
        for line in load("sent_txs.json.gz")["txs"]:
            if line["session"] == name:
                tx = Tx.from_json(recorded_body(line["body"]))
                self.txs[tx.tx_hash] = tx
        programs = ProgramCache()
        simulator = PublicSimulator(
            chain_id=1,
            rollup_version=1,
            chain=self.chain,
            world_state=self.world,
            outlook=None,  # type: ignore[arg-type] - what is mined asks for no next block
            programs=programs,
            contract_logs=ContractLogs(self.signatures),
            limits=SimulationLimits(),
        )
        self.tracer = TransactionTracer(
            chain=self.chain,
            world_state=self.world,
            mempool=self.pool,
            simulator=simulator,
            programs=programs,
            signatures=self.signatures,
        )

    def mine(self) -> None:
        """Let the pool know the transactions and that they are in blocks."""
        for tx_hash, tx in self.txs.items():
            effect = self.chain.tx_effect(tx_hash)
            assert effect is not None
            self.pool_chain.mined[tx_hash] = BlockNumber(effect.l2_block_number)
            self.pool.add(tx)


async def prepared(name: str, *, is_mined: bool = True) -> Bench:
    """Make a bench in a thread: that takes longer than an event loop may be held up."""

    def make() -> Bench:
        bench = Bench(name)
        if is_mined:
            bench.mine()
        return bench

    return await asyncio.to_thread(make)


def written(trace: Any) -> dict[Fr, int]:
    """Collect the last value that calls which returned wrote to each leaf."""
    found: dict[Fr, int] = {}

    def walk(call: Any) -> None:
        if call.halt is not Halt.RETURN:
            return
        for event in call.events:
            if isinstance(event, StorageWrite):
                contract = AztecAddress(Fr(call.contract.to_bytes(32, "big")))
                found[public_leaf_slot(contract, Fr(event.slot.to_bytes(32, "big")))] = event.value
        for nested in call.calls:
            walk(nested)

    for phase in trace.phases:
        for call in phase.calls:
            walk(call)
    return found


@pytest.mark.parametrize("name", SESSIONS)
async def test_mined_transactions(name: str) -> None:
    """The tracer itself compares the effect with the recorded one, and refuses when they differ."""
    bench = await prepared(name)
    reverted = 0
    for tx_hash, tx in bench.txs.items():
        trace = await bench.tracer.trace(tx_hash)
        effect = bench.chain.tx_effect(tx_hash)
        assert effect is not None
        assert trace.processed is not None
        assert trace.processed.effect == effect.data
        assert trace.block_number == effect.l2_block_number
        assert not trace.is_truncated
        calls = [call for phase in trace.phases for call in phase.calls]
        asked = [*tx.data.setup_calls(), *tx.data.app_logic_calls()]
        teardown = tx.data.teardown_call()
        asked += [] if teardown is None else [teardown]
        assert [call.contract for call in calls] == [fr_int(each.contract_address) for each in asked]
        assert [call.sender for call in calls] == [fr_int(each.msg_sender) for each in asked]
        writes = {write.leaf_slot: fr_int(write.value) for write in effect.data.public_data_writes}
        if effect.data.revert_code:
            reverted += 1
            continue
        fee_slot = fee_juice_balance_leaf_slot(tx.data.fee_payer)
        found = written(trace)
        assert set(writes) - {fee_slot} <= set(found) <= set(writes)
        for slot, value in found.items():
            # A claim of fee juice writes the balance that the fee is then taken from.
            assert writes[slot] == value - (effect.data.transaction_fee if slot == fee_slot else 0)
    assert reverted == REVERTED.get(name, 0)


async def test_what_is_final_is_traced_from_the_archive() -> None:
    bench = await prepared("public-token")
    tx_hash = next(iter(bench.txs))
    before = await bench.tracer.trace(tx_hash)
    bench.pool.on_finalized(BlockNumber(len(session("public-token").blocks)))
    assert bench.pool.get(tx_hash) is None
    assert await bench.tracer.trace(tx_hash) == before


async def test_names_of_functions_come_from_registered_signatures() -> None:
    bench = await prepared("public-token")
    bench.signatures.register(["transfer_in_public((Field),(Field),u128,Field)"])
    names = set()
    for tx_hash in bench.txs:
        trace = await bench.tracer.trace(tx_hash)
        names |= {call.function_name for phase in trace.phases for call in phase.calls}
    assert names == {None, "transfer_in_public"}


async def test_what_is_missing_is_said() -> None:
    bench = await prepared("public-token", is_mined=False)
    tx_hash = next(iter(bench.txs))
    with pytest.raises(TraceUnavailableError, match="no longer has transaction"):
        await bench.tracer.trace(tx_hash)
    with pytest.raises(TraceUnavailableError, match="is not known"):
        await bench.tracer.trace(TxHash(Fr(bytes(31) + b"\1")))
    await asyncio.to_thread(bench.mine)
    tip = len(session("public-token").blocks)
    bench.world.finalize(tip)
    bench.world.prune(tip)
    with pytest.raises(TraceUnavailableError, match=r"history\.checkpoints"):
        await bench.tracer.trace(tx_hash)


async def test_another_effect_is_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = await prepared("public-token")
    tx_hash = next(iter(bench.txs))
    recorded = bench.chain.tx_effect(tx_hash)
    assert recorded is not None
    other = recorded.replace(data=recorded.data.replace(transaction_fee=recorded.data.transaction_fee + 1))
    monkeypatch.setattr(type(bench.chain), "tx_effect", lambda *_: other)
    with pytest.raises(TraceUnavailableError, match="gave another effect"):
        await bench.tracer.trace(tx_hash)
