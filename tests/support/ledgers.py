"""An empty ledger in memory."""

from __future__ import annotations

from aztecd.chain import ChainStore
from aztecd.mempool import Mempool
from aztecd.node.ledger import Ledger
from aztecd.state import WorldState, build_genesis
from aztecd.storage import KeyValueStore, MemoryStore
from tests.support.fake_world import FakeChain


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
