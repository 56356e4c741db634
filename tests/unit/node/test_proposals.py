"""Stored blocks that are not known to be on L1."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.l1 import CheckpointOnL1, PublishError, SlotClock
from aztecd.node.proposals import Proposals
from tests.support.l1_chain import INFINITY
from tests.support.ledgers import commit_block, empty_ledger, store_messages

CLOCK = SlotClock(genesis_time=0, slot_duration_s=72, epoch_duration=2, proof_submission_epochs=1)
BOTH = [fr(11), fr(12)]


class AnyCommitment:
    """What the blobs are is no matter here."""

    def commitment(self, _blob: bytes) -> bytes:
        return INFINITY


@pytest.fixture
def ledger():
    return empty_ledger()


@pytest.fixture
def proposals(ledger):
    return Proposals(ledger, AnyCommitment(), CLOCK)


def on_l1(block_number: int) -> CheckpointOnL1:
    return CheckpointOnL1(
        checkpoint_number=1,
        l1_block_number=block_number,
        l1_block_hash=bytes(32),
        l1_timestamp=72,
        tx_hash=bytes(32),
        versioned_blob_hashes=(),
        payload_digest=bytes(32),
        attestations_hash=bytes(32),
    )


def test_a_proposed_block_is_a_checkpoint_until_l1_has_it(ledger, proposals):
    assert not proposals.has_blocks
    assert proposals.groups() == []
    store_messages(ledger, BOTH)
    commit_block(ledger, BOTH)
    assert proposals.has_blocks
    [[block]] = proposals.groups()
    proposal = proposals.make([block])
    assert (proposal.slot, proposal.request.checkpoint_number) == (1, 1)
    assert proposal.request.archive == block.archive.root
    assert proposals.is_stored(proposal)
    ledger.commit_checkpoint(proposal.data(on_l1(7)))
    assert not proposals.has_blocks
    assert ledger.chain.checkpoint_data(1).l1.block_number == 7


def test_an_undone_block_is_not_marked(ledger, proposals):
    commit_block(ledger)
    [blocks] = proposals.groups()
    proposal = proposals.make(blocks)
    ledger.rewind(0)
    assert not proposals.is_stored(proposal)
    store_messages(ledger, BOTH)
    commit_block(ledger, BOTH)
    assert not proposals.is_stored(proposal)


@pytest.mark.parametrize(
    ("built_with", "on_l1_now"),
    [(BOTH, BOTH[:1]), (BOTH, []), (BOTH[:1], BOTH), ([], BOTH), (BOTH, BOTH[::-1])],
)
def test_a_block_with_messages_that_l1_took_back_is_not_sent(ledger, proposals, built_with, on_l1_now):
    """L1 would take it: it compares the messages with the checkpoint's header only."""
    store_messages(ledger, built_with)
    commit_block(ledger, built_with)
    store_messages(ledger, on_l1_now)
    [blocks] = proposals.groups()
    with pytest.raises(PublishError, match="other messages"):
        proposals.make(blocks)
