"""What the daemon hears of a store that takes no more transactions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aztecd.execution.validation import VALID
from aztecd.node.admission import TxAdmission
from aztecd.storage import StorageError, StoreClosedError, StoreFullError
from tests.support.txs import simple_tx


class Rules:
    def for_client(self, *_: Any, **__: Any) -> Any:
        return VALID


@pytest.mark.parametrize(
    ("error", "is_told"), [(StoreFullError("no space"), True), (StoreClosedError("the daemon stops"), False)]
)
async def test_a_full_disk_is_told_and_a_store_that_was_closed_is_not(error, is_told):
    def add(*_: Any, **__: Any) -> None:
        raise error

    told: list[StorageError] = []
    pool: Any = SimpleNamespace(add=add)
    rules: Any = Rules()
    admission = TxAdmission(rules=rules, mempool=pool, on_store_failure=told.append)
    with pytest.raises(type(error)):
        await admission.send(simple_tx(1))
    assert told == ([error] if is_told else [])
