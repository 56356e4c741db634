"""What users do with the SDK, against a real daemon; all facts are those of the reference."""

from __future__ import annotations

import pytest

from tests.support.daemon import Daemon
from tests.support.sdk_scenarios import SCENARIOS, SLOW, run
from tests.support.sdk_session import session

# Real contracts are read and compiled on the way.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420), pytest.mark.loop_may_block(20)]


@pytest.fixture(scope="module")
def chain(artifacts, tmp_path_factory):
    """One chain for all: who comes first publishes the classes."""
    daemon = Daemon(data_dir=tmp_path_factory.mktemp("chain") / "data", arguments=["--bare"])
    try:
        yield daemon
        daemon.stop()
    finally:
        daemon.kill()


@pytest.fixture(scope="module")
def code_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("programs")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SCENARIOS]
)
async def test_a_scenario_works_as_with_the_reference(name, chain, client, artifacts, code_cache):
    protocol_contracts = artifacts.protocol_contracts
    async with session(client, protocol_contracts, code_cache, chain.url, chain.l1_url) as opened:
        assert await run(name, opened) == []
