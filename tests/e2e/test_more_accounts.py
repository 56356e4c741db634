"""The unmodified wallet uses a real daemon for a while, over a restart."""

from __future__ import annotations

import pytest

from tests.support.client import run_client_script
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SCRIPT = "more_accounts.mjs"


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def start(artifacts, data_dir):
    """Start a daemon on the one data directory; the last one is ended in any case."""
    running = []

    def begin() -> Daemon:
        running.append(Daemon(data_dir=data_dir))
        return running[-1]

    yield begin
    for daemon in running:
        daemon.kill()


def test_a_wallet_goes_on_after_a_restart(client, start, tmp_path):
    wallet_dir = tmp_path / "wallet"
    wallet_dir.mkdir()

    daemon = start()
    told = run_client_script(client, SCRIPT, node_url=daemon.url, l1_url=daemon.l1_url, wallet_dir=wallet_dir)
    steps = {entry.pop("step"): entry for entry in told}
    assert steps["initial"] == {"block": 3}
    assert steps["paid"]["block"] == 4
    assert steps["together"]["blocks"] in ([5, 5], [5, 6], [6, 5])
    assert steps["refused"] == {
        "poor": "Invalid tx: Insufficient fee payer balance",
        "again": "Invalid tx: Existing nullifier",
    }
    newest = steps["end"]["block"]
    assert newest == max(steps["together"]["blocks"]) + 2
    assert steps["finalized"] == {"status": "finalized", "block": newest}
    daemon.stop()

    daemon = start()
    resumed, paid = run_client_script(
        client, SCRIPT, node_url=daemon.url, wallet_dir=wallet_dir, variables={"RESUME": "1"}
    )
    assert resumed == {"step": "resumed", "accounts": steps["end"]["accounts"], "block": newest}
    assert paid["block"] == newest + 1
    daemon.stop()
