"""The reference's own token example, first thing on a fresh network: nothing is prepared for it."""

from __future__ import annotations

import pytest

from tests.support.client import run_client_text
from tests.support.daemon import Daemon
from tests.support.official_example import token_example

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]


def test_the_token_example_passes(client, artifacts):
    daemon = Daemon(is_bare=False, timeout_s=180)
    try:
        output = run_client_text(client, "token.mjs", token_example(daemon.url))
        daemon.stop()
    finally:
        daemon.kill()
    assert "New Alice's balance: 333" in output
    assert "Alice's balance 300" in output
    assert "Bob's balance 33" in output
    assert "Finished running successfully." in output
