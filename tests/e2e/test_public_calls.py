"""The unmodified client makes transactions with public calls, and is told what the reference tells it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.client import run_client_script
from tests.support.client_scripts import SCRIPTS, differences
from tests.support.daemon import Daemon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def runs(request, artifacts, client, tmp_path_factory):
    """Run the scripts of the chosen tests, two at a time: a client keeps hardly more than one core busy."""

    def run(name):
        daemon = Daemon(data_dir=tmp_path_factory.mktemp(name) / "data")
        try:
            told = run_client_script(client, f"{name}.mjs", node_url=daemon.url, l1_url=daemon.l1_url)
            daemon.stop()
        finally:
            daemon.kill()
        return told

    chosen = [
        item.callspec.params["name"] for item in request.session.items if item.path == request.node.path
    ]
    pool = ThreadPoolExecutor(max_workers=2)
    yield {name: pool.submit(run, name) for name in chosen}
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_works_as_with_the_reference(runs, name):
    assert differences(name, runs[name].result()) == []
