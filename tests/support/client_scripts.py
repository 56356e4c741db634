"""The scripts of the unmodified client whose steps are compared with what the reference said.

    python -m tests.support.client_scripts [--node-url URL --l1-url URL] [--record] [SCRIPT ...]

runs them by hand: one against a node with a fresh chain at a URL, or each of them against a new daemon.
With `--record`, against the reference, the facts become the recording.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.client import run_client_script
from tests.support.client_install import Client, install
from tests.support.daemon import Daemon
from tests.support.vectors import VECTORS, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SCRIPTS = ("tokens", "apps", "calls", "avm", "fees", "updates", "bridge")
"""Each wants a chain of its own: the first deployment of a contract publishes its class, and costs more."""

_SOURCE = "the reference's local network, @aztec/* 4.1.2"


def differences(name: str, told: Sequence[dict[str, Any]]) -> list[str]:
    """Compare the facts of a run with the recorded ones, step by step; one line for each difference."""
    recorded = load(_recording(name))["steps"]
    names = [entry["step"] for entry in told]
    if names != [entry["step"] for entry in recorded]:
        return [f"other steps: {names}"]
    return [
        f"{entry['step']}: {key}: {facts.get(key)!r}, recorded {wanted.get(key)!r}"
        for entry, facts, wanted in ((old, new["facts"], old["facts"]) for old, new in _pairs(recorded, told))
        for key in sorted(facts.keys() | wanted.keys())
        if facts.get(key) != wanted.get(key)
    ]


def with_recorded_context(name: str, told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Complete errors that came by JSON-RPC: it carries neither stacks nor what a wallet adds below a text.

    Our wallet may say more than the recording, which is a client's with a wallet of its own, but not less.
    """
    completed = []
    for old, new in zip(load(_recording(name))["steps"], told, strict=False):
        facts, wanted = dict(new["facts"]), old["facts"]
        if "error" in wanted and facts.get("error", "").startswith(
            wanted["error"].partition("\nContext:")[0]
        ):
            facts |= {key: wanted[key] for key in ("error", "stack") if key in wanted}
        completed.append(new | {"facts": facts})
    return completed + list(told[len(completed) :])


def _pairs(
    recorded: Iterable[dict[str, Any]], told: Iterable[dict[str, Any]]
) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    return zip(recorded, told, strict=True)


def _recording(name: str) -> str:
    return f"client/{name}.json.gz"


def _record(name: str, told: Iterable[dict[str, Any]]) -> None:
    steps = [{"step": entry["step"], "facts": entry["facts"]} for entry in told]
    text = json.dumps({"source": _SOURCE, "script": f"{name}.mjs", "steps": steps}, indent=1)
    path = VECTORS / _recording(name)
    path.parent.mkdir(exist_ok=True)
    # Without time and name inside, equal facts give an equal file.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _run(client: Client, name: str, node_url: str, l1_url: str) -> list[dict[str, Any]]:
    begin = time.monotonic()
    told = run_client_script(client, f"{name}.mjs", node_url=node_url, l1_url=l1_url, timeout_s=900)
    for entry in told:
        print(json.dumps(entry))
    print(f"{name}: {len(told)} steps in {time.monotonic() - begin:.1f} s")
    return told


def _main() -> int:
    parser = argparse.ArgumentParser(description="run scripts of the unmodified client against a node")
    parser.add_argument("--node-url", help="a running node; without it each script gets a new daemon")
    parser.add_argument("--l1-url", default="http://127.0.0.1:8545", help="its L1 (default %(default)s)")
    parser.add_argument("--record", action="store_true", help="keep the facts as the recorded ones")
    parser.add_argument(
        "scripts", nargs="*", choices=[*SCRIPTS, []], metavar="SCRIPT", help=", ".join(SCRIPTS)
    )
    options = parser.parse_args()
    client = install()
    count = 0
    for name in options.scripts or SCRIPTS:
        if options.node_url:
            told = _run(client, name, options.node_url, options.l1_url)
        else:
            with tempfile.TemporaryDirectory(prefix="aztecd-scripts-") as folder:
                daemon = Daemon(data_dir=Path(folder) / "data")
                try:
                    told = _run(client, name, daemon.url, daemon.l1_url)
                finally:
                    daemon.kill()
        if options.record:
            _record(name, told)
        else:
            found = differences(name, told)
            count += len(found)
            print("\n".join(found) or f"{name}: all facts are as recorded")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(_main())
