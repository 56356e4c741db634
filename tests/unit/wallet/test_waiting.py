from __future__ import annotations

from collections.abc import Sequence

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import TxHash
from aztecd.protocol.receipt import TxReceipt, TxStatus
from aztecd.wallet.errors import TransactionDroppedError, TransactionRevertedError, WaitTimeoutError
from aztecd.wallet.options import WaitOptions
from aztecd.wallet.waiting import wait_for_tx

HASH = TxHash(fr(0xABC))


class Node:
    """Says one status after the other, the last one again and again; its clock moves with each sleep."""

    def __init__(self, statuses: Sequence[str], *, result: str = "success", error: str | None = None) -> None:
        self.statuses = list(statuses)
        self.result = result
        self.error = error
        self.now = 0.0

    async def get_tx_receipt(self, tx_hash: TxHash) -> TxReceipt:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return TxReceipt(tx_hash=tx_hash, status=status, execution_result=self.result, error=self.error)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def wait(self, **options) -> TxReceipt:
        return await wait_for_tx(self, HASH, WaitOptions(**options), clock=lambda: self.now, sleep=self.sleep)


async def test_it_waits_until_the_checkpoint():
    node = Node(["dropped", "pending", "proposed", "checkpointed"])
    assert (await node.wait()).status == TxStatus.CHECKPOINTED
    assert node.now == 3


async def test_nobody_asks_without_a_pause():
    node = Node(["pending"])
    with pytest.raises(WaitTimeoutError):
        await node.wait(interval_s=0, timeout_s=1)
    assert node.now == pytest.approx(1.02, abs=0.02)


async def test_a_wanted_status_may_be_passed():
    assert (await Node(["finalized"]).wait(status=TxStatus.PROVEN)).status == "finalized"
    assert (await Node(["proposed"]).wait(status=TxStatus.PROPOSED)).status == "proposed"


async def test_dropped_counts_only_after_a_while():
    node = Node(["dropped"], error="fee too low")
    with pytest.raises(TransactionDroppedError, match=r"0x0+abc was dropped\. Reason: fee too low"):
        await node.wait()
    assert node.now == 6


async def test_a_revert_is_an_error_unless_accepted():
    node = Node(["checkpointed"], result="app_logic_reverted")
    with pytest.raises(
        TransactionRevertedError, match=r"reverted: app_logic_reverted\. Reason: unknown"
    ) as it:
        await node.wait()
    assert it.value.receipt is not None
    assert (await node.wait(accepts_revert=True)).execution_result == "app_logic_reverted"


async def test_patience_ends():
    node = Node(["pending"])
    with pytest.raises(WaitTimeoutError, match="is pending after 10 s"):
        await node.wait(timeout_s=10)
