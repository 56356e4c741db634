"""The stored effect must be what a follower rebuilds from the blobs, which carry emitted fields only."""

from __future__ import annotations

from aztecd.crypto.field import FR_ZERO
from aztecd.execution import PrivateExecutor
from aztecd.localnet.accounts import genesis_public_data
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import PrivateLog
from aztecd.state import WorldState
from aztecd.storage import MemoryStore
from tests.support.transactions import element, private_tx


def test_fields_behind_the_emitted_ones_are_cleared():
    tx = private_tx(BlockHeader.empty(), "tail", chain_id=1, version=1, max_fee=10, private_logs=1)
    end = tx.data.for_rollup.end
    dirty = PrivateLog(fields=tuple(element("dirty", index) for index in range(16)), emitted_length=5)
    end = end.replace(private_logs=(dirty, *end.private_logs[1:]))
    data = tx.data.replace(for_rollup=tx.data.for_rollup.replace(end=end))
    tx = tx.replace(data=data, tx_hash=data.tx_hash())
    fork = WorldState.open(MemoryStore(), genesis_public_data()).fork()
    globals_ = BlockHeader.empty().global_variables
    (log,) = PrivateExecutor().execute(tx, fork, globals_).effect.private_logs
    assert log.emitted_length == 5
    assert log.fields == dirty.fields[:5] + (FR_ZERO,) * 11
