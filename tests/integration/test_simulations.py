"""Simulations of recorded transactions give the reference's answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aztecd.artifacts import locate
from aztecd.avm import ProgramCache
from aztecd.chain import ChainStore
from aztecd.crypto.field import fr_from_hex
from aztecd.l1.slots import SlotPlan
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator
from aztecd.protocol.basic import SlotNumber
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.protocol.tx import Tx
from aztecd.state import TxChanges, WorldState, apply_tx
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import EPOCH_DURATION, Session, import_blocks, session
from tests.support.recorded_txs import recorded_body
from tests.support.vectors import load

pytestmark = pytest.mark.integration

RECORDED = load("node/simulations.json.gz")["simulations"]


class RecordedOutlook:
    """The next block as the reference saw it."""

    def __init__(self, global_variables: GlobalVariables) -> None:
        self._global_variables = global_variables

    def min_fees(self) -> GasFees:
        return self._global_variables.gas_fees

    def next_slot(self) -> SlotPlan:
        timestamp = self._global_variables.timestamp
        return SlotPlan(
            slot=SlotNumber(self._global_variables.slot_number), timestamp=timestamp, l1_timestamp=timestamp
        )


def world_of(recorded: Session) -> WorldState:
    genesis = next(line for line in recorded.lines if line["kind"] == "genesis")
    world = WorldState.open(
        MemoryStore(),
        [(fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in genesis["prefilledPublicData"]],
    )
    for block in recorded.blocks:
        fork = world.fork()
        fork.append_l1_to_l2_messages(
            [m.leaf for m in recorded.messages if m.checkpoint_number == block.checkpoint_number]
        )
        for effect in block.body.tx_effects:
            writes = [(write.leaf_slot, write.value) for write in effect.public_data_writes]
            changes = TxChanges(
                note_hashes=effect.note_hashes, nullifiers=effect.nullifiers, public_data_writes=writes
            )
            apply_tx(fork, changes)
        fork.append_block_header_hash(block.hash())
        world.commit(fork)
    return world


def chain_of(recorded: Session) -> ChainStore:
    chain = ChainStore(
        MemoryStore(),
        genesis_header=recorded.genesis_header,
        protocol_contracts=protocol_contracts(json.loads(locate().protocol_contracts.read_bytes())),
        epoch_duration=EPOCH_DURATION,
    )
    import_blocks(chain, recorded, 1, len(recorded.blocks))
    return chain


def name_of(case: dict[str, Any]) -> str:
    return f"{case['session']}-{case['params'][0]['txHash'][:10]}"


@pytest.fixture(params=RECORDED, ids=name_of)
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    return request.param


@pytest.fixture
def simulator(case: dict[str, Any]) -> PublicSimulator:
    recorded = session(case["session"])
    assert case["tip"] == len(recorded.blocks)
    global_variables = GlobalVariables.from_json(case["response"]["result"]["globalVariables"])
    return PublicSimulator(
        chain_id=global_variables.chain_id,
        rollup_version=global_variables.version,
        chain=chain_of(recorded),
        world_state=world_of(recorded),
        outlook=RecordedOutlook(global_variables),
        programs=ProgramCache(),
        contract_logs=ContractLogs(FunctionSignatures()),
    )


async def test_recorded_simulation(case: dict[str, Any], simulator: PublicSimulator) -> None:
    body, *options = case["params"]
    output = await simulator.simulate(
        Tx.from_json(recorded_body(body)), skip_fee_enforcement=bool(options and options[0])
    )
    assert output.to_json() == case["response"]["result"]
