"""Which errors an archiver goes on from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.archiver import Archiver, ArchiverSettings, CheckpointRefusedError
from aztecd.chain import InvalidMessageError
from aztecd.l1.errors import L1DecodeError, L1UnavailableError
from aztecd.node.writer import WriterStoppedError
from aztecd.storage import StoreFullError


class View:
    """Looks at L1 that end in errors, one after the other."""

    snapshot = SimpleNamespace(block_hash=b"", block_number=0)

    def __init__(self, *errors):
        self.errors = list(errors)

    def refresh(self):
        raise self.errors.pop(0)


def archiver(view):
    tips = SimpleNamespace(checkpointed=SimpleNamespace(checkpoint_number=0))
    ledger = SimpleNamespace(chain=SimpleNamespace(tips=lambda: tips))
    made = Archiver(
        ledger=ledger,
        reader=None,
        view=view,
        writer=None,
        inbox=None,
        retriever=None,
        applier=None,
        settings=ArchiverSettings(poll_interval_s=0.001),
    )
    for _ in range(8):
        made.wake()
    return made


async def test_errors_of_l1_are_tried_again_until_the_writer_stops():
    view = View(
        L1UnavailableError("away"),
        L1DecodeError("garbage"),
        CheckpointRefusedError("bad"),
        InvalidMessageError("out of order"),
        WriterStoppedError("the end"),
    )
    await archiver(view).run()
    assert view.errors == []


async def test_a_full_disk_is_for_the_owner_to_know():
    with pytest.raises(StoreFullError):
        await archiver(View(StoreFullError("no space"))).run()
