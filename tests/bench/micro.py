"""What is measured inside this process and from the daemon's own log: hashes and blocks."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING

from aztecd.crypto import _poseidon2_python as pure
from aztecd.crypto import poseidon2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BATCH = 1024
_REPEATS = 7
_LEAF = b"\x01" * 32


def hash_times_us() -> dict[str, float]:
    """Give processor microseconds per two-to-one Poseidon2 hash: kernel (one by one, in batches), and pure.

    Without the kernel there is only the pure one.
    """
    found = {"pure": _per_call_us(lambda: pure.hash_pair(_LEAF, _LEAF), 200)}
    if poseidon2.KERNEL == "c":
        pairs = _LEAF * 2 * _BATCH
        found["kernel"] = _per_call_us(lambda: poseidon2.hash_pair(_LEAF, _LEAF), 5000)
        found["kernel, batch"] = _per_call_us(lambda: poseidon2.hash_pairs(pairs), 20) / _BATCH
    return found


def logged_times_ms(log: Iterable[str]) -> dict[str, float]:
    """Give medians of the daemon's own log: milliseconds to build and store a block, by its transactions.

    With them the time to publish a checkpoint, which is the L1 node's for the most part.
    """
    blocks: dict[int, list[float]] = {}
    published = []
    for line in log:
        event = _event(line)
        if event.get("event") == "block_built":
            blocks.setdefault(event["txs"], []).append(event["duration_ms"])
        elif event.get("event") == "checkpoint_published":
            published.append(event["duration_ms"])
    found = {f"block of {txs}": statistics.median(times) for txs, times in sorted(blocks.items())}
    if published:
        found["publish a checkpoint"] = statistics.median(published)
    return found


def _per_call_us(call: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(_REPEATS):
        begin = time.process_time()
        for _ in range(count):
            call()
        times.append((time.process_time() - begin) / count)
    return min(times) * 1e6


def _event(line: str) -> dict[str, object]:
    if not line.startswith("{"):
        return {}
    try:
        return json.loads(line)
    except ValueError:
        return {}
