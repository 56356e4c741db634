"""L1 goes back and forth, its node answers badly, the follower dies: in the end it has what a fresh one has.

`AZTECD_TROUBLE_RUNS` sets the number of runs, `AZTECD_TROUBLE_SEED` the first seed. A failure prints its own;
one run from there repeats it, though what happens at the same time may happen in another order.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest
import structlog

from aztecd.crypto.kzg import Kzg
from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.checkpoint_maker import CheckpointMaker
from tests.support.l1_chain import L1Chain
from tests.support.l1_fault_proxy import FaultProxy
from tests.support.trouble import Bench, Run
from tests.support.trouble_child import Nursery

RUNS = int(os.environ.get("AZTECD_TROUBLE_RUNS", "8"))
SEED = int(os.environ.get("AZTECD_TROUBLE_SEED", "1"))
SHOW_EVERY = 25

pytestmark = [
    pytest.mark.crash,
    pytest.mark.integration,
    pytest.mark.timeout(240 + 30 * RUNS),
    pytest.mark.loop_may_block(1000),
]


@pytest.fixture
def quiet():
    """Runs log hundreds of warnings each: the story of a failed one says what matters."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def bench(artifacts, tmp_path_factory):
    kzg = Kzg()
    kzg.load()
    options = AnvilOptions(program=artifacts.anvil, data_dir=tmp_path_factory.mktemp("l1"), port=0)
    anvil = Anvil.start(options)
    try:
        l1 = L1Chain.deploy(anvil.url, artifacts)
        maker = CheckpointMaker(l1, kzg)
        # Several settled epochs, one that is not, messages both ways, a message that waits.
        for txs in ((1,), (2,), (0,), (1, 1)):
            maker.send_message()
            maker.propose(txs=txs)
        maker.send_message()
        nursery = Nursery(anvil.url, l1.deployment.addresses.registry_address.hex())
        try:
            with FaultProxy(anvil.url) as proxy:
                yield Bench(maker=maker, proxy=proxy, kzg=kzg, nursery=nursery)
        finally:
            nursery.close()
    finally:
        anvil.kill()


async def test_trouble_with_l1_ends_in_the_state_of_a_fresh_sync(bench, quiet, tmp_path):
    print(f"{RUNS} runs from seed {SEED}")
    events: Counter[str] = Counter()
    failed: list[Exception] = []
    began = time.monotonic()
    for number, seed in enumerate(range(SEED, SEED + RUNS), start=1):
        run = Run(bench, seed, tmp_path)
        try:
            await run.run()
        except Exception as error:  # noqa: BLE001 -- a bug in a look is a failure too
            print(f"FAILED seed {seed}: {error!r}", *error.__notes__, sep="\n", flush=True)
            failed.append(error)
        events += run.events
        if number % SHOW_EVERY == 0 or number == RUNS:
            seconds = time.monotonic() - began
            print(f"{number} runs, {seconds / number:.2f} s each: {dict(sorted(events.items()))}", flush=True)
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {RUNS} runs", failed)
    assert events["looks"]
    assert events["killed"]
