"""What hostile transactions do to a node that serves: time in the block, answers meanwhile, memory."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.bench.peers import Aztecd, scratch
from tests.bench.processes import family_peak_mib
from tests.support.hostile_network import Asker, HostileClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.peers import Peer
    from tests.support.hostile_network import Answers

QUIET: Final = "nothing"
PROGRAMS: Final = (
    "cold code",
    "many hot paths, pointers",
    "copies from call to call",
    "fresh cells, far",
    "CALLDATACOPY of 1900000, far",
    "INTERNALCALL self",
    "TORADIXBE, 256 bits",
    "DEBUGLOG",
    "DEBUGLOG, message of 60000",
    "DEBUGLOG, bad at the end",
)
"""Those that take most, each in its own way."""

_QUIET_S: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureRun:
    """One transaction, or none for comparison; the first that calls its contracts."""

    name: str
    block_ms: float | None
    """To build and store its block."""
    receipt_s: float | None
    asked: int
    """How often the node was asked for its block number meanwhile, at fifty times a second if it keeps up."""
    p50_ms: float
    p99_ms: float
    most_ms: float
    peak_mib: float
    """The most memory that the node had at once so far, without Anvil."""


def pressure_runs(say: Callable[[str], None]) -> list[PressureRun]:
    """Run the programs on one aztecd, one after the other."""
    found = []
    with scratch() as folder, Aztecd().start(folder) as peer:
        client = HostileClient(peer.url)
        with Asker(peer.url) as answers:
            time.sleep(_QUIET_S)
        found.append(_run(QUIET, peer, answers))
        for name in PROGRAMS:
            calls = client.deploy(name)
            log_start = len(peer.log)
            with Asker(peer.url) as answers:
                begin = time.perf_counter()
                client.wait_for(client.send(calls))
                elapsed = time.perf_counter() - begin
            found.append(_run(name, peer, answers, peer.log[log_start:], elapsed))
            say(
                f"{name}: {elapsed:.2f} s to the receipt, "
                f"answers within {found[-1].p99_ms:.0f} ms (p99), {found[-1].most_ms:.0f} ms (most)"
            )
        client.close()
    return found


def _run(
    name: str, peer: Peer, answers: Answers, log: Sequence[str] = (), elapsed: float | None = None
) -> PressureRun:
    if answers.failure is not None:
        raise answers.failure
    built = [json.loads(line)["duration_ms"] for line in log if '"block_built"' in line]
    return PressureRun(
        name=name,
        block_ms=sum(built) if built else None,
        receipt_s=elapsed,
        asked=len(answers.ms),
        p50_ms=answers.quantile(0.5),
        p99_ms=answers.quantile(0.99),
        most_ms=max(answers.ms),
        peak_mib=family_peak_mib(peer.pid),
    )
