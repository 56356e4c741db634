"""L1 goes back and forth, its node answers badly, the follower dies: in the end it has what a fresh one has.

`AZTECD_TROUBLE_RUNS` sets the number of runs, `AZTECD_TROUBLE_SEED` the first seed. A failure prints its own;
one run from there repeats it, though what happens at the same time may happen in another order.
"""

from __future__ import annotations

import contextlib
import os
import time
import traceback
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
SEEDS = range(SEED, SEED + RUNS)
SHOW_EVERY = 25
RUNS_OF_A_BENCH = 20

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


@pytest.fixture
def benches(artifacts, tmp_path):
    """Give benches, each on a new Anvil, which forgets the states of old blocks when it is used for long."""
    kzg = Kzg()
    kzg.load()
    with contextlib.ExitStack() as stack:
        nursery = Nursery()
        stack.callback(nursery.close)
        proxy = stack.enter_context(FaultProxy("http://127.0.0.1:1"))
        anvils: list[Anvil] = []
        stack.callback(lambda: [anvil.kill() for anvil in anvils])

        def make():
            for anvil in anvils:
                anvil.kill()
            options = AnvilOptions(program=artifacts.anvil, data_dir=tmp_path / f"l1-{len(anvils)}", port=0)
            anvils.append(Anvil.start(options))
            proxy.target = anvils[-1].url
            maker = CheckpointMaker(L1Chain.deploy(proxy.target, artifacts), kzg)
            # Several settled epochs, one that is not, messages both ways, a message that waits.
            for txs in ((1,), (2,), (0,), (1, 1)):
                maker.send_message()
                maker.propose(txs=txs)
            maker.send_message()
            return Bench(maker=maker, proxy=proxy, kzg=kzg, nursery=nursery)

        yield make


async def test_trouble_with_l1_ends_in_the_state_of_a_fresh_sync(benches, quiet, tmp_path):
    print(f"{RUNS} runs from seed {SEED}")
    events: Counter[str] = Counter()
    failed: list[Exception] = []
    began = time.monotonic()
    bench = None
    for number, seed in enumerate(SEEDS, start=1):
        if bench is None or number % RUNS_OF_A_BENCH == 0:
            bench = benches()
        run = Run(bench, seed, tmp_path)
        try:
            await run.run()
        except Exception as error:  # noqa: BLE001 -- a bug in a look is a failure too
            print(f"FAILED seed {seed}:", *traceback.format_exception(error), sep="\n", flush=True)
            failed.append(error)
            bench = None
        events += run.events
        if number % SHOW_EVERY == 0 or number == RUNS:
            seconds = time.monotonic() - began
            print(f"{number} runs, {seconds / number:.2f} s each: {dict(sorted(events.items()))}", flush=True)
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {RUNS} runs", failed)
    assert events["looks"]
    assert events["killed"]
