"""Changes that span the stores."""

from __future__ import annotations

import pytest

from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder, BlockLimits
from aztecd.chain import InboxMessage
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.execution import TxExecutor, Validation
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import AztecAddress, BlockNumber, CheckpointNumber, EthAddress, LeafIndex
from aztecd.protocol.blobs import blob_sponge
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.state import TreeId
from tests.support.ledgers import empty_ledger


@pytest.fixture
def ledger() -> Ledger:
    return empty_ledger()


def commit_block(ledger: Ledger, leaves: list[Fr]) -> None:
    """Commit an empty block 1 of checkpoint 1 that takes messages from L1."""
    built = BlockBuilder(
        executor=TxExecutor(programs=ProgramCache()), check=lambda *_: Validation(), contracts=ledger.chain
    ).build(
        fork=ledger.world_state.fork(),
        global_variables=GlobalVariables(
            chain_id=31337,
            version=1,
            block_number=BlockNumber(1),
            slot_number=1,
            timestamp=72,
            coinbase=EthAddress(bytes(20)),
            fee_recipient=AztecAddress(FR_ZERO),
            gas_fees=GasFees(fee_per_da_gas=0, fee_per_l2_gas=1),
        ),
        candidates=[],
        limits=BlockLimits.of_checkpoint(mana_limit=10**8, max_txs=1),
        checkpoint_number=1,
        index_within_checkpoint=0,
        messages=tuple(leaves),
        sponge=blob_sponge(),
    )
    ledger.commit_block(built)


def store_messages(ledger: Ledger, leaves: list[Fr]) -> None:
    """Let the messages of checkpoint 1 be these, and no others."""
    messages = [
        InboxMessage(checkpoint_number=CheckpointNumber(1), index=LeafIndex(index), leaf=leaf)
        for index, leaf in enumerate(leaves)
    ]
    ledger.store_messages(messages, remove_from=LeafIndex(0), also=lambda _: None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([fr(11), fr(12)], [fr(11), fr(12)]),
        ([fr(11), fr(12)], [fr(13)]),
        ([fr(11)], [fr(13), fr(11)]),
        ([fr(11)], []),
        ([], [fr(11)]),
    ],
)
def test_messages_follow_l1_when_it_went_back(ledger, before, after):
    store_messages(ledger, before)
    commit_block(ledger, before)
    ledger.rewind(BlockNumber(0))
    store_messages(ledger, after)
    commit_block(ledger, after)
    assert ledger.chain.messages_of_checkpoint(1) == tuple(after)
    assert [ledger.chain.message_index(leaf) for leaf in after] == list(range(len(after)))
    assert all(ledger.chain.message_index(leaf) is None for leaf in before if leaf not in after)
    view = ledger.world_state.at(1)
    assert [view.leaf(TreeId.L1_TO_L2_MESSAGE, index) for index in range(len(after))] == after
