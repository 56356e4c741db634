"""The whole read side: a recorded chain behind the real server answers as the reference node did.

The recordings ask, for every block, for witnesses, leaves, logs and effects, and make some seventy wrong
requests. What is left out, or answered differently on purpose, is listed here with its reason.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import aiohttp
import pytest

from aztecd.avm import ProgramCache
from aztecd.crypto.field import fr_from_hex
from aztecd.crypto.poseidon2 import hash_pair
from aztecd.execution import DEFAULT_ALLOW_LIST, TOKEN_ALLOW_LIST, GasCeilings
from aztecd.mempool import Mempool
from aztecd.node.admission import NetworkRules, TxAdmission, TxRules
from aztecd.node.contract_logs import ContractLogs
from aztecd.node.errors import BlockReferenceError
from aztecd.node.ledger import Ledger
from aztecd.node.node import AztecNode
from aztecd.node.signatures import FunctionSignatures
from aztecd.node.simulation import PublicSimulator
from aztecd.protocol.gas import GasFees
from aztecd.protocol.node_types import NodeInfo
from aztecd.rpc import RpcServer
from aztecd.state import TxChanges, WorldState, apply_tx
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import SESSIONS, import_session, session
from tests.support.fake_world import FakeChain
from tests.support.rpc_server import HEADERS
from tests.support.vectors import load

pytestmark = pytest.mark.integration

NOT_OF_THE_CHAIN = {
    "node_getCurrentMinFees": "depends on L1 at the moment of asking",
    "node_getTxByHash": "the recording node still had the transactions in its pool",
    "node_getTxsByHash": "same",
    "node_simulatePublicCalls": "asked at earlier blocks",
}
GENESIS_STATE = "the reference answers a query at block 0 with the newest state (decision 0002)"
STATUS_OF_THE_MOMENT = "what is finalized, kept and synced follows the recording node's L1"


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def world_of(recorded, store):
    genesis = next(line for line in recorded.lines if line["kind"] == "genesis")
    prefilled = [
        (fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in genesis["prefilledPublicData"]
    ]
    world = WorldState.open(store, prefilled)
    for block in recorded.blocks:
        fork = world.fork()
        fork.append_l1_to_l2_messages(
            [m.leaf for m in recorded.messages if m.checkpoint_number == block.checkpoint_number]
        )
        for effect in block.body.tx_effects:
            apply_tx(
                fork,
                TxChanges(
                    note_hashes=effect.note_hashes,
                    nullifiers=effect.nullifiers,
                    public_data_writes=[
                        (write.leaf_slot, write.value) for write in effect.public_data_writes
                    ],
                ),
            )
        fork.append_block_header_hash(block.hash())
        world.commit(fork)
    return world


class StillOutlook:
    """L1 at rest."""

    def min_fees(self) -> GasFees:
        return GasFees(fee_per_da_gas=0, fee_per_l2_gas=1)

    def next_slot_timestamp(self) -> int:
        return 0


def node_of(name: str) -> AztecNode:
    recorded = session(name)
    store = MemoryStore()
    chain = import_session(recorded, store)
    world = world_of(recorded, store)
    mempool = Mempool.open(store, FakeChain(), now_ms=lambda: 0)
    info = next(line for line in recorded.lines if line["kind"] == "meta")["nodeInfo"]
    allow_list = DEFAULT_ALLOW_LIST + TOKEN_ALLOW_LIST
    rules = TxRules(
        network=NetworkRules(
            chain_id=info["l1ChainId"],
            rollup_version=info["rollupVersion"],
            gas_ceilings=GasCeilings(),
            allow_list=allow_list,
        ),
        chain=chain,
        world_state=world,
        outlook=StillOutlook(),
    )
    signatures = FunctionSignatures()
    contract_logs = ContractLogs(signatures)
    return AztecNode(
        info=NodeInfo.from_json(info),
        ledger=Ledger(
            store=store,
            world_state=world,
            chain=chain,
            mempool=mempool,
            genesis_archive_root=world.genesis_archive_root,
        ),
        admission=TxAdmission(rules=rules, mempool=mempool),
        simulator=PublicSimulator(
            chain_id=info["l1ChainId"],
            rollup_version=info["rollupVersion"],
            chain=chain,
            world_state=world,
            outlook=StillOutlook(),
            programs=ProgramCache(),
            contract_logs=contract_logs,
        ),
        signatures=signatures,
        contract_logs=contract_logs,
        allowed_setup=allow_list,
        current_min_fees=StillOutlook().min_fees,
        is_ready=lambda: True,
    )


def exception_for(row: dict[str, Any], genesis_hash: str) -> str | None:
    """Say why a recorded answer is not compared; None when it is."""
    method, params = row["method"], row.get("params")
    if method in NOT_OF_THE_CHAIN:
        return NOT_OF_THE_CHAIN[method]
    if method == "node_getWorldStateSyncStatus":
        return STATUS_OF_THE_MOMENT
    at_genesis = isinstance(params, list) and params[:1] in ([0], [genesis_hash])
    reads_trees = "Witness" in method or method in {"node_findLeavesIndexes", "node_getPublicStorageAt"}
    if at_genesis and reads_trees:
        return GENESIS_STATE
    if method == "node_getBlockHashMembershipWitness" and params[:1] == [1]:
        return GENESIS_STATE
    return None


@pytest.mark.parametrize("name", SESSIONS)
async def test_recorded_answers(name):
    node = node_of(name)
    genesis_hash = "0x" + session(name).genesis_header.hash().hex()
    server = RpcServer(node=node, host="127.0.0.1", port=0, headers=HEADERS, health=lambda: True)
    rows = load("node/probe.json.gz")["sessions"][name]
    compared = 0
    wrong = []
    async with server.run() as address, aiohttp.ClientSession() as http:
        for row in rows:
            if exception_for(row, genesis_hash) is not None:
                continue
            request = {"jsonrpc": "2.0", "id": 1, "method": row["method"]}
            if "params" in row:
                request["params"] = row["params"]
            async with http.post(address.url, json=request) as response:
                value = await response.json()
                answer = {key: value[key] for key in ("result", "error") if key in value}
                found = {"digest": digest(answer)} if "digest" in row else {"answer": answer}
                wanted = {key: row[key] for key in ("digest", "answer") if key in row}
                if (found, response.status) != (wanted, row["status"]):
                    wrong.append((row, answer))
                compared += 1
    assert not wrong, f"{len(wrong)} of {compared} differ, the first: {json.dumps(wrong[0])[:2000]}"
    assert compared > len(rows) * 3 // 4


@pytest.mark.parametrize("name", SESSIONS)
def test_genesis_queries_answer_with_the_genesis_state(name):
    """Block 0 has the padding leaves and the funded accounts, nothing that later blocks brought."""
    node = node_of(name)
    first = session(name).blocks[0].body.tx_effects[0]
    assert node.get_nullifier_membership_witness(0, first.nullifiers[0]) is None
    assert node.get_nullifier_membership_witness(1, first.nullifiers[0]) is not None
    assert node.find_leaves_indexes(0, 0, [first.nullifiers[0]]) == [None]
    assert node.get_public_data_witness(0, fr_from_hex("7")).index == 7


def test_the_archive_before_a_block_that_does_not_exist_yet():
    """The next header will commit to the newest archive, which can be proved from at once."""
    node = node_of(SESSIONS[0])
    last = session(SESSIONS[0]).blocks[-1]
    tip = last.header.global_variables.block_number
    witness = node.get_block_hash_membership_witness(tip + 1, last.hash())
    root = last.hash()
    for level, sibling in enumerate(witness.sibling_path):
        root = hash_pair(sibling, root) if witness.index >> level & 1 else hash_pair(root, sibling)
    assert (witness.index, root) == (tip, last.archive.root)
    with pytest.raises(BlockReferenceError, match=rf"^Queried block {tip + 1} not yet .* upto {tip}\)\.$"):
        node.get_block_hash_membership_witness(tip + 2, last.hash())
