"""The command: what is measured, against whom, where the results go.

    python -m tests.bench
    python -m tests.bench --reference-start "COMMAND" [--reference-stop "COMMAND"]
    python -m tests.bench --reference-url URL [--reference-l1-url URL]

Without a reference peer only aztecd is measured. The second aztecd is one that keeps no encoded answers: what
it does for a request that it never saw. For reads and for transfers of a Token the server has one core, and
the load generator of reads another. Transactions are also executed without a node, and beside it by the
native simulator of the reference where its packages are installed (AZTEC_REFERENCE_DIR, else
~/.cache/aztec-reference).

    python -m tests.bench --wallets

measures our wallet beside the JavaScript one, both on one aztecd, and nothing else; the JavaScript one is
installed for it once.

    python -m tests.bench --catch-up [--reference-follower "COMMAND"]

measures how a node with an empty directory follows a long chain, and nothing else. The chain is made once and
kept beside the artifacts. The command of a reference follower may contain {l1_url}, {registry}, {port} and
{data}, and {blobs}: the folder of a blob file store.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from aztecd import __version__
from aztecd.crypto.poseidon2 import KERNEL
from tests.bench.catch_up import Follower, aztecd_follower, measure_catch_up
from tests.bench.generator import generator
from tests.bench.measure import Plan, Results, measure
from tests.bench.peers import Aztecd, Command, Running, Starter
from tests.bench.report import sheets
from tests.bench.wallet import OURS, REFERENCE, measure_wallets

if TYPE_CHECKING:
    from collections.abc import Callable

_WITHOUT_CACHE = Aztecd(name="aztecd, nothing kept", settings="[rpc]\ncache_bytes = 0\n")


def main(arguments: list[str] | None = None) -> int:
    """Measure and report."""
    options = _parser().parse_args(arguments)
    progress = Console(stderr=True, highlight=False)
    if options.catch_up:
        results = _catch_up(options, progress.print)
    else:
        results = (_wallets if options.wallets else _nodes)(options, progress.print)
    console = Console(width=None if sys.stdout.isatty() else 150)
    for sheet in sheets(results):
        sheet.show(console)
    if options.json is not None:
        options.json.write_text(json.dumps(dataclasses.asdict(results), indent=1) + "\n")
    if options.markdown is not None:
        options.markdown.write_text(_markdown(results))
    return 0


def _nodes(options: argparse.Namespace, say: Callable[[str], None]) -> Results:
    cores = sorted(os.sched_getaffinity(0))
    can_pin = options.pin and len(cores) > 1
    plan = Plan(
        starts=options.starts,
        sends=options.sends,
        groups=options.groups,
        class_txs=options.class_txs,
        batches=options.batches,
        batch_size=options.batch_size,
        public_sends=options.public_sends,
        executions=options.executions,
        hostile=options.hostile,
        rounds=options.rounds,
        seconds=options.seconds,
        settle_s=options.settle,
        reads=tuple(options.reads),
        server_cores={cores[0]} if can_pin else None,
    )
    with generator({cores[-1]} if can_pin else None) as load:
        results = measure(_starters(options), plan, load, say)
    results.machine = _machine(plan.server_cores)
    return results


def _wallets(options: argparse.Namespace, say: Callable[[str], None]) -> Results:
    found = measure_wallets(
        transfers=options.transfers,
        cold_starts=options.cold_transfers,
        notes=options.notes,
        syncs=options.syncs,
        say=say,
    )
    return Results(peers=[OURS, REFERENCE], wallets=found, machine=_machine(None))


def _catch_up(options: argparse.Namespace, say: Callable[[str], None]) -> Results:
    followers = [aztecd_follower()]
    if options.reference_follower:
        followers.append(
            Follower(
                name="reference",
                start_command=options.reference_follower,
                stop_command=options.reference_follower_stop,
                log=options.reference_follower_log,
            )
        )
    found = measure_catch_up(followers, options.checkpoints, say)
    return Results(peers=[item.name for item in found], catch_up=found, machine=_machine(None))


def _parser() -> argparse.ArgumentParser:
    defaults = Plan()
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    peer = parser.add_mutually_exclusive_group()
    peer.add_argument("--reference-url", metavar="URL", help="a reference node that runs on this machine")
    peer.add_argument(
        "--reference-start",
        metavar="COMMAND",
        help="starts a reference node and prints node_url=URL, and perhaps l1_url=URL",
    )
    parser.add_argument("--reference-l1-url", metavar="URL", help="its Anvil, to measure memory")
    parser.add_argument("--reference-stop", metavar="COMMAND", help="stops what --reference-start started")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables")
    parser.add_argument("--starts", type=int, default=defaults.starts, help="cold starts (%(default)s)")
    parser.add_argument("--sends", type=int, default=defaults.sends, help="sends to a receipt (%(default)s)")
    parser.add_argument("--groups", type=int, default=defaults.groups, help="groups of ten (%(default)s)")
    parser.add_argument(
        "--class-txs", type=int, default=defaults.class_txs, help="transactions with class logs (%(default)s)"
    )
    parser.add_argument(
        "--batches", type=int, default=defaults.batches, help="many Token transfers at once (%(default)s)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=defaults.batch_size, help="how many they are (%(default)s)"
    )
    parser.add_argument(
        "--public-sends",
        type=int,
        default=defaults.public_sends,
        help="public transfers to a receipt (%(default)s)",
    )
    parser.add_argument(
        "--executions",
        type=int,
        default=defaults.executions,
        help="runs of each transaction without a node (%(default)s)",
    )
    parser.add_argument(
        "--no-hostile", dest="hostile", action="store_false", help="leave out what is made to be slow"
    )
    parser.add_argument("--rounds", type=int, default=defaults.rounds, help="rounds of reads (%(default)s)")
    parser.add_argument("--seconds", type=float, default=defaults.seconds, help="of each load (%(default)s)")
    parser.add_argument(
        "--settle", type=float, default=defaults.settle_s, help="seconds to idle (%(default)s)"
    )
    parser.add_argument("--reads", nargs="*", default=[], metavar="NAME", help="only these (parts of names)")
    parser.add_argument("--no-pin", dest="pin", action="store_false", help="leave the cores to the kernel")
    parser.add_argument(
        "--no-variant", dest="variant", action="store_false", help="leave out the aztecd without kept answers"
    )
    wallets = parser.add_argument_group("wallets")
    wallets.add_argument("--wallets", action="store_true", help="measure the wallets, and no node")
    for name, default, text in (
        ("--transfers", 9, "warm private transfers of each"),
        ("--cold-transfers", 5, "starts of each to a first transfer"),
        ("--notes", 1000, "notes of the account that is synchronized"),
        ("--syncs", 3, "times that each wallet finds them"),
    ):
        wallets.add_argument(name, type=int, default=default, help=f"{text} (%(default)s)", metavar="COUNT")
    catch_up = parser.add_argument_group("catch-up")
    catch_up.add_argument("--catch-up", action="store_true", help="measure followers, and no other node")
    catch_up.add_argument(
        "--checkpoints", type=int, default=1000, metavar="COUNT", help="length of the chain (%(default)s)"
    )
    catch_up.add_argument(
        "--reference-follower", metavar="COMMAND", help="starts a reference node that follows the chain"
    )
    catch_up.add_argument("--reference-follower-stop", metavar="COMMAND", help="stops it")
    catch_up.add_argument(
        "--reference-follower-log",
        metavar="FILE",
        default="{data}/node.log",
        help="what it logs (%(default)s)",
    )
    return parser


def _starters(options: argparse.Namespace) -> list[Starter]:
    starters: list[Starter] = [Aztecd()]
    if options.variant:
        starters.append(_WITHOUT_CACHE)
    if options.reference_url:
        starters.append(Running(url=options.reference_url, l1_url=options.reference_l1_url))
    if options.reference_start:
        starters.append(Command(start_command=options.reference_start, stop_command=options.reference_stop))
    return starters


def _machine(server_cores: set[int] | None) -> dict[str, Any]:
    cpu = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in cpu if line.startswith("model name")]
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(total.split()[1]) / 1024**2, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("aiohttp", "uvloop", "orjson", "plyvel")},
        "aztecd": __version__,
        "hashing": KERNEL,
        "load_average": os.getloadavg(),
        "server_cores": sorted(server_cores) if server_cores else None,
    }


def _markdown(results: Results) -> str:
    return "\n\n".join(sheet.markdown() for sheet in sheets(results)) + "\n"


if __name__ == "__main__":
    sys.exit(main())
