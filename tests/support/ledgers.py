"""An empty ledger in memory, and a first block for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm import ProgramCache
from aztecd.builder import BlockBuilder, BlockLimits
from aztecd.chain import ChainStore, InboxMessage
from aztecd.crypto.field import FR_ZERO
from aztecd.execution import TxExecutor, Validation
from aztecd.mempool import Mempool
from aztecd.node.ledger import Ledger
from aztecd.protocol.basic import AztecAddress, BlockNumber, CheckpointNumber, EthAddress, LeafIndex
from aztecd.protocol.blobs import blob_sponge
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.state import WorldState, build_genesis
from aztecd.storage import KeyValueStore, MemoryStore
from tests.support.fake_world import FakeChain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.crypto.field import Fr


def empty_ledger(store: KeyValueStore | None = None) -> Ledger:
    """Give the ledger of a chain without funded accounts, on a store of its own unless one is given."""
    store = store or MemoryStore()
    genesis = build_genesis([])
    pool_view = FakeChain()
    return Ledger(
        store=store,
        world_state=WorldState.open(store),
        chain=ChainStore(store, genesis_header=genesis.header, protocol_contracts=(), epoch_duration=2),
        mempool=Mempool.open(store, pool_view, now_ms=pool_view.now_ms),
        genesis_archive_root=genesis.archive_root,
    )


def commit_block(ledger: Ledger, leaves: Sequence[Fr] = ()) -> None:
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


def store_messages(ledger: Ledger, leaves: Sequence[Fr]) -> None:
    """Let the messages of checkpoint 1 be these, and no others."""
    messages = [
        InboxMessage(checkpoint_number=CheckpointNumber(1), index=LeafIndex(index), leaf=leaf)
        for index, leaf in enumerate(leaves)
    ]
    ledger.store_messages(messages, remove_from=LeafIndex(0), also=lambda _: None)
