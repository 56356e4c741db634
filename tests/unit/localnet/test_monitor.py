"""What a monitor of L1 goes on from when it reads messages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.l1 import L1UnavailableError
from aztecd.localnet.monitor import L1Monitor
from aztecd.storage import StoreFullError


class Writer:
    """Runs jobs at once."""

    async def run(self, _name, job):
        return job()


def monitor(error):
    def fail(_block):
        raise error

    before, after = (
        SimpleNamespace(
            block_hash=block_hash,
            block_number=1,
            timestamp=0,
            tips=SimpleNamespace(pending=0, proven=0),
            proven_at_finalized=0,
        )
        for block_hash in (b"1", b"2")
    )
    tip = SimpleNamespace(number=0, checkpoint_number=0)
    tips = SimpleNamespace(proposed=tip, checkpointed=tip, proven=tip, finalized=tip)
    pool = SimpleNamespace(pending_count=0)
    ledger = SimpleNamespace(chain=SimpleNamespace(tips=lambda: tips), mempool=pool)
    gauge = SimpleNamespace(set=lambda _: None, labels=lambda _: gauge)
    return L1Monitor(
        view=SimpleNamespace(snapshot=before, refresh=lambda: after),
        ledger=ledger,
        writer=Writer(),
        metrics=SimpleNamespace(block_height=gauge, pending_txs=gauge, l1_drift_seconds=gauge),
        poll_interval_s=0.001,
        history_checkpoints=0,
        sync_messages=fail,
        on_new_l1_block=lambda: None,
        on_lost_checkpoints=lambda: None,
    )


async def test_l1_that_goes_away_is_asked_again_later():
    await monitor(L1UnavailableError("away"))._look()


async def test_a_full_disk_is_for_the_owner_to_know():
    with pytest.raises(StoreFullError):
        await monitor(StoreFullError("no space")).run()
