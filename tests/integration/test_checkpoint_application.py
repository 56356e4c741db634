"""Checkpoints from L1 that are not what they claim leave nothing behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aztecd.archiver import (
    CheckpointApplier,
    CheckpointRefusedError,
    CheckpointRetriever,
    ExecutionMismatchError,
    InboxSync,
)
from aztecd.archiver.verification import ExecutionVerifier
from aztecd.avm import ProgramCache
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.crypto.kzg import Kzg
from aztecd.execution import TxExecutor
from aztecd.l1 import ContractSet, RollupReader, attach
from aztecd.l1.blobs import AnvilBlobs, BlobFetcher
from aztecd.l1.calldata import CalldataReader
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot
from aztecd.protocol.tx import Tx
from aztecd.storage import MemoryStore
from tests.support.chain_sessions import session
from tests.support.follower import Follower, content
from tests.support.recorded_txs import recorded_body
from tests.support.session_l1 import SessionL1
from tests.support.vectors import load

pytestmark = [pytest.mark.integration, pytest.mark.loop_may_block(20)]


class Bench:
    """A recorded chain on L1, what was read of it, and empty stores that know its messages."""

    def __init__(self, name, artifacts, kzg):
        l1 = SessionL1(name)
        l1.grow_to_end()
        contracts = ContractSet(artifacts.l1_artifacts)
        registry = bytes.fromhex(l1.recording.contracts.address("registry")[2:])
        deployment = attach(l1, contracts, registry)
        self.reader = RollupReader(l1, contracts, deployment)
        self.ledger = Follower(l1, contracts, deployment, MemoryStore(), kzg).ledger
        InboxSync(self.ledger, self.reader).sync(l1.head)
        retriever = CheckpointRetriever(
            self.reader, CalldataReader(self.reader), BlobFetcher([AnvilBlobs(l1)], kzg)
        )
        events = retriever.events(0, l1.head, at=l1.head, after=0, upto=1000)
        self.retrieved = retriever.retrieve(events, at=l1.head).checkpoints
        self.applier = CheckpointApplier(self.ledger, self.reader)

    def refuses(self, wrong, reason):
        """The checkpoint is refused, the stores stay as they were, and take the true one."""
        before = content(self.ledger.store)
        with pytest.raises(CheckpointRefusedError, match=reason):
            self.applier.apply(wrong)
        assert content(self.ledger.store) == before
        number = self.ledger.chain.tips().checkpointed.checkpoint_number
        self.applier.apply(self.retrieved[number])


@pytest.fixture(scope="module")
def kzg():
    return Kzg()


@pytest.fixture
def bench(artifacts, kzg):
    return lambda name="token-flow": Bench(name, artifacts, kzg)


def with_block(retrieved, **changes):
    """The checkpoint with its last block changed."""
    blocks = retrieved.blocks
    block = blocks[-1].replace(**changes)
    return replace(retrieved, checkpoint=retrieved.checkpoint.replace(blocks=(*blocks[:-1], block)))


def test_a_checkpoint_that_does_not_follow_is_refused(bench):
    made = bench()
    made.refuses(made.retrieved[1], "does not follow")


def test_effects_that_lead_to_another_state_are_refused(bench):
    made = bench()
    first = made.retrieved[0]
    block = first.blocks[-1]
    effect = block.body.tx_effects[0]
    other = effect.replace(note_hashes=(*effect.note_hashes, fr(5)))
    body = block.body.replace(tx_effects=(other, *block.body.tx_effects[1:]))
    made.refuses(with_block(first, body=body), "block state does not match")


def test_a_false_archive_is_refused(bench):
    made = bench()
    first = made.retrieved[0]
    archive = AppendOnlyTreeSnapshot(root=fr(7), next_available_leaf_index=2)
    made.refuses(with_block(first, archive=archive), "claims archive")


def test_a_nullifier_that_is_known_is_refused(bench):
    made = bench()
    made.applier.apply(made.retrieved[0])
    second = made.retrieved[1]
    known = made.retrieved[0].blocks[0].body.tx_effects[0].nullifiers
    block = second.blocks[-1]
    effects = block.body.tx_effects
    body = block.body.replace(tx_effects=(effects[0].replace(nullifiers=known), *effects[1:]))
    made.refuses(with_block(second, body=body), "not valid")


def test_other_messages_than_those_of_l1_are_refused(bench):
    made = bench()
    first = made.retrieved[0]
    header = first.checkpoint.header.replace(in_hash=fr(9))
    made.refuses(replace(first, checkpoint=first.checkpoint.replace(header=header)), "Mismatch inHash")


def test_a_proposed_block_that_l1_has_otherwise_is_undone(bench):
    made = bench()
    first, second = made.retrieved[:2]
    made.applier.apply(first)
    # As after a crash between the block and its checkpoint: the block is recognised.
    made.applier.apply(second)
    made.ledger.rewind(first.blocks[-1].number)
    assert made.ledger.chain.tips().checkpointed.checkpoint_number == 1
    made.applier.apply(second)
    assert made.ledger.chain.tips().checkpointed.hash == second.blocks[-1].hash()


# Execution once more.


def verifying(made, executor=None):
    """Let the pool have the transactions that the recording client sent, and verify with them."""
    count = 0
    for line in load("sent_txs.json.gz")["txs"]:
        if line["session"] == "public-token":
            tx = Tx.from_json(recorded_body(line["body"]))
            made.ledger.mempool.add(tx)
            count += 1
    verifier = ExecutionVerifier(
        executor=executor or TxExecutor(programs=ProgramCache()),
        chain=made.ledger.chain,
        mempool=made.ledger.mempool,
    )
    made.applier = CheckpointApplier(made.ledger, made.reader, verifier)
    return verifier, count


def test_transactions_that_are_here_in_full_are_executed_again(bench):
    made = bench("public-token")
    verifier, count = verifying(made)
    for retrieved in made.retrieved:
        made.applier.apply(retrieved)
    assert verifier.verified == count == 8
    newest = [line for line in session("public-token").lines if line["kind"] == "block"][-1]
    assert made.ledger.chain.tips().proposed.hash == fr_from_hex(newest["hash"])


def test_an_effect_that_execution_does_not_give_is_refused(bench):
    made = bench("public-token")

    class Cheaper:
        """Charges less than the protocol does."""

        def __init__(self):
            self.executor = TxExecutor(programs=ProgramCache())

        def execute(self, *arguments, **options):
            done = self.executor.execute(*arguments, **options)
            fee = done.effect.transaction_fee - 1
            return replace(done, effect=done.effect.replace(transaction_fee=fee))

    verifying(made, Cheaper())
    for retrieved in made.retrieved[:4]:
        made.applier.apply(retrieved)
    before = content(made.ledger.store)
    with pytest.raises(ExecutionMismatchError, match=r"of block 5 has other transaction_fee here"):
        made.applier.apply(made.retrieved[4])
    assert content(made.ledger.store) == before
