"""What users do with the SDK, as scenarios over a node.

    python -m tests.support.sdk_scenarios [--node-url URL --l1-url URL] [SCENARIO ...]

runs them by hand, one after the other on one chain: against a node at a URL, the reference's for example, or
against a new daemon. The facts are compared with what the unmodified client was told by the reference; of
scenarios that it has no script for, with what the SDK was told by it: with `--record`, against the reference,
these facts become the recording.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import logging
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from aztecd.artifacts import fetch
from tests.support.client_install import install
from tests.support.daemon import Daemon
from tests.support.sdk_scenario_accounts import accounts, events
from tests.support.sdk_scenario_apps import amm, nft
from tests.support.sdk_scenario_bridge import bridge
from tests.support.sdk_scenario_fees import fees
from tests.support.sdk_scenario_life import life
from tests.support.sdk_scenario_token import token
from tests.support.sdk_session import Session, Step, differences, session
from tests.support.vectors import VECTORS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

SCENARIOS: Final[Mapping[str, tuple[Callable[[Session], Awaitable[None]], str]]] = {
    "token": (token, "tokens"),
    "nft": (nft, "apps"),
    "fees": (fees, "fees"),
    "accounts": (accounts, "sdk_accounts"),
    "events": (events, "sdk_events"),
    "amm": (amm, "apps"),
    "bridge": (bridge, "bridge"),
    "life": (life, "updates"),
}
"""What each is called: how to run it, and the recording that it is compared with."""


_SOURCE = "the reference's local network, @aztec/* 4.1.2"
_OWN = "sdk_"

SLOW: Final = frozenset({"accounts", "amm", "bridge"})


async def run(name: str, opened: Session) -> list[str]:
    """Run a scenario; one line for each difference to the recorded facts."""
    scenario, recording = SCENARIOS[name]
    await scenario(opened)
    return differences(recording, opened.steps)


def _record(recording: str, steps: Sequence[Step]) -> None:
    entries = [{"step": step.name, "facts": step.facts} for step in steps if step.is_compared]
    text = json.dumps({"source": _SOURCE, "script": recording, "steps": entries}, indent=1)
    # Without time and name inside, equal facts give an equal file.
    (VECTORS / f"client/{recording}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


async def _run_all(names: list[str], node_url: str, l1_url: str, code_cache: Path, *, records: bool) -> int:
    client, protocol_contracts = install(), fetch().protocol_contracts
    count = 0
    for name in names:
        begin = time.monotonic()
        async with session(
            client, protocol_contracts, code_cache, node_url, l1_url, is_verbose=True
        ) as opened:
            scenario, recording = SCENARIOS[name]
            await scenario(opened)
        if records and recording.startswith(_OWN):
            _record(recording, opened.steps)
        found = differences(recording, opened.steps)
        print(f"{name}: {len(opened.steps)} steps in {time.monotonic() - begin:.1f} s")
        print("\n".join(found) or f"{name}: all facts are as recorded", flush=True)
        count += len(found)
    return count


def _main() -> int:
    parser = argparse.ArgumentParser(description="run scenarios of the SDK against a node")
    parser.add_argument("--node-url", help="a running node; without it a new daemon")
    parser.add_argument("--l1-url", default="http://127.0.0.1:8545", help="its L1 (default %(default)s)")
    parser.add_argument("--code-cache", type=Path, help="a folder for compiled programs (default: a new one)")
    parser.add_argument(
        "scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO", help=", ".join(SCENARIOS)
    )
    parser.add_argument("--record", action="store_true", help="keep the facts that only the SDK finds")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    names = options.scenarios or list(SCENARIOS)
    with tempfile.TemporaryDirectory(prefix="aztecd-scenarios-") as folder:
        code_cache = options.code_cache or Path(folder) / "programs"
        work = partial(_run_all, names, code_cache=code_cache, records=options.record)
        if options.node_url:
            return asyncio.run(work(options.node_url, options.l1_url)) > 0
        daemon = Daemon(data_dir=Path(folder) / "data", arguments=["--bare"])
        try:
            return asyncio.run(work(daemon.url, daemon.l1_url)) > 0
        finally:
            daemon.kill()


if __name__ == "__main__":
    sys.exit(_main())
