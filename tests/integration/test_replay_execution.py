"""The transactions of the recorded sessions, on the state that they met: one by one, and as whole blocks."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from aztecd.artifacts import locate
from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder, BlockLimits
from aztecd.crypto.field import fr_from_hex
from aztecd.execution import (
    DEFAULT_ALLOW_LIST,
    ENTRY_RULES,
    TOKEN_ALLOW_LIST,
    VALID,
    ContractOverlay,
    EntryPoint,
    Sources,
    TreeStateReader,
    TxExecutor,
    TxMeta,
    ValidationContext,
    published_by,
    published_in,
    rpc_rules,
    validate,
    validate_for_pool,
)
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.blobs import blob_sponge
from aztecd.protocol.effect import RevertCode
from aztecd.protocol.protocol_contracts import protocol_contracts
from aztecd.protocol.tx import Tx
from aztecd.state import TxChanges, WorldState, apply_tx
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import SESSIONS, session
from tests.support.fake_world import FakeContracts
from tests.support.recorded_txs import recorded_body
from tests.support.vectors import load

EXECUTED = {
    "deploy-accounts": {"private": 3},
    "token-flow": {"private": 3, "public": 2},
    "public-token": {"public": 8},
    "l1-messages": {"private": 4, "public": 3},
}
"""How many transactions of each session were recorded; the others come from inside the reference."""


BUILT = {"deploy-accounts": 3, "token-flow": 5, "public-token": 7, "l1-messages": 7}
"""How many blocks have recorded transactions only."""


def changes_of(effect):
    return TxChanges(
        note_hashes=effect.note_hashes,
        nullifiers=effect.nullifiers,
        public_data_writes=[(write.leaf_slot, write.value) for write in effect.public_data_writes],
    )


def sent_txs(name):
    bodies = [line["body"] for line in load("sent_txs.json.gz")["txs"] if line["session"] == name]
    txs = [Tx.from_json(recorded_body(body)) for body in bodies]
    assert ["0x" + tx.tx_hash.hex() for tx in txs] == [body["txHash"] for body in bodies]
    return {tx.tx_hash: tx for tx in txs}


def contracts():
    source = FakeContracts()
    for contract_class, instance in protocol_contracts(json.loads(locate().protocol_contracts.read_bytes())):
        source.classes[contract_class.id] = contract_class
        source.instances[instance.address] = instance
    return ContractOverlay(source)


def prefilled(recorded):
    genesis = next(line for line in recorded.lines if line["kind"] == "genesis")
    return [
        (fr_from_hex(leaf["slot"]), fr_from_hex(leaf["value"])) for leaf in genesis["prefilledPublicData"]
    ]


def context_of(global_variables):
    return ValidationContext(
        chain_id=global_variables.chain_id,
        rollup_version=global_variables.version,
        block_number=BlockNumber(global_variables.block_number),
        timestamp=global_variables.timestamp,
        min_fees=global_variables.gas_fees,
        allow_list=DEFAULT_ALLOW_LIST + TOKEN_ALLOW_LIST,
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name):
    recorded = session(name)
    txs = sent_txs(name)
    world = WorldState.open(MemoryStore(), prefilled(recorded))
    known = contracts()
    executor = TxExecutor(programs=ProgramCache())
    executed: Counter[str] = Counter()
    for block, checkpoint in zip(recorded.blocks, recorded.checkpoints, strict=True):
        header = block.header
        context = context_of(header.global_variables)
        fork = world.fork()
        sources = Sources(state=TreeStateReader(fork), contracts=known)
        fork.append_l1_to_l2_messages(
            [
                message.leaf
                for message in recorded.messages
                if message.checkpoint_number == checkpoint.checkpoint_number
            ]
        )
        for effect in block.body.tx_effects:
            tx = txs.pop(effect.tx_hash, None)
            if tx is not None:
                assert validate(tx, rpc_rules(), context, sources) == VALID
                assert validate(tx, ENTRY_RULES[EntryPoint.BLOCK_BUILDING], context, sources) == VALID
                assert validate_for_pool(TxMeta.of(tx), context, sources.state) == VALID
            if tx is None:
                apply_tx(fork, changes_of(effect))
                known.add(published_in(effect.contract_class_logs, effect.private_logs, context.block_number))
                continue
            done = executor.execute(tx, fork, header.global_variables, known)
            executed["public" if tx.has_public_calls else "private"] += 1
            assert done.effect == effect
            if done.effect.revert_code == RevertCode.OK:
                assert done.published == published_by(tx, context.block_number)
            known.add(done.published)
            if len(block.body.tx_effects) == 1:
                assert done.gas_used.billed_gas.l2_gas == header.total_mana_used
                assert done.effect.transaction_fee == header.total_fees
            # Once more is one time too often.
            again = validate(tx, rpc_rules(), context, sources)
            assert again.reasons == ("Existing nullifier",)
        assert fork.state_reference() == header.state
        fork.append_block_header_hash(header.hash())
        world.commit(fork)
    assert not txs
    assert executed == EXECUTED[name]


@pytest.mark.parametrize("name", SESSIONS)
def test_blocks(name):
    """Blocks built of the recorded transactions are the recorded ones, to the last bit."""
    recorded = session(name)
    txs = sent_txs(name)
    world = WorldState.open(MemoryStore(), prefilled(recorded))
    known = contracts()
    builder = BlockBuilder(
        executor=TxExecutor(programs=ProgramCache()), check=lambda *_: VALID, contracts=known
    )
    built_blocks = 0
    for block, checkpoint in zip(recorded.blocks, recorded.checkpoints, strict=True):
        messages = [m.leaf for m in recorded.messages if m.checkpoint_number == checkpoint.checkpoint_number]
        effects = block.body.tx_effects
        if all(effect.tx_hash in txs for effect in effects):
            built = builder.build(
                fork=world.fork(),
                global_variables=block.header.global_variables,
                candidates=[txs[effect.tx_hash] for effect in effects],
                limits=BlockLimits.of_checkpoint(mana_limit=200_000_000, max_txs=32),
                checkpoint_number=block.checkpoint_number,
                index_within_checkpoint=block.index_within_checkpoint,
                messages=tuple(messages),
                sponge=blob_sponge(),
                is_proposal=False,
            )
            assert built.block == block
            built_blocks += 1
            fork = built.fork
        else:
            fork = world.fork()
            fork.append_l1_to_l2_messages(messages)
            for effect in effects:
                apply_tx(fork, changes_of(effect))
            fork.append_block_header_hash(block.hash())
        world.commit(fork)
        for effect in effects:
            number = BlockNumber(block.number)
            known.add(published_in(effect.contract_class_logs, effect.private_logs, number))
    assert built_blocks == BUILT[name]
