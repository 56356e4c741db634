"""What is measured inside this process and from the daemon's own log: hashes, gadgets and blocks."""

from __future__ import annotations

import json
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

from aztecd.crypto import _gadgets_python, grumpkin, keccak, poseidon2, radix, sha256
from aztecd.crypto import _poseidon2_python as pure

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


def gadget_times_us() -> dict[str, tuple[float, float]]:
    """Give processor microseconds per gadget of the public machine: as it is run here, and pure."""
    words, lanes, value = list(range(24)), [2**64 - 1 - i for i in range(25)], 2**253 - 1
    p, q = (grumpkin.multiply(grumpkin.GENERATOR, value - i) for i in range(2))
    points = (p.x, p.y, 0, q.x, q.y, 0)
    gadgets: dict[str, tuple[Callable[..., object], Callable[..., object], tuple[object, ...]]] = {
        "POSEIDON2": (poseidon2.permute_ints, pure.permute_ints, (value, p.x, p.y, q.x)),
        "SHA256COMPRESSION": (sha256.compress, _gadgets_python.sha256_compress, (words[:8], words[8:])),
        "KECCAKF1600": (keccak.permute, _gadgets_python.keccak_permute, (lanes,)),
        "ECADD": (grumpkin.add_affine, _gadgets_python.grumpkin_add, points),
        "point on the curve": (grumpkin.is_on_curve_ints, _gadgets_python.grumpkin_is_on_curve, (p.x, p.y)),
        "TORADIXBE, 254 bits": (radix.to_radix_be, _gadgets_python.to_radix_be, (value, 2, 254)),
        "TORADIXBE, 32 bytes": (radix.to_radix_be, _gadgets_python.to_radix_be, (value, 256, 32)),
        "TORADIXBE, 77 decimals": (radix.to_radix_be, _gadgets_python.to_radix_be, (value, 10, 77)),
    }
    return {
        name: (_per_call_us(partial(run, *given), 2000), _per_call_us(partial(twin, *given), 100))
        for name, (run, twin, given) in gadgets.items()
    }


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
