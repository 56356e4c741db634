"""What every daemon does alike: it takes signals, runs its tasks, serves its node, and ends in order."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from threading import Event, Timer

import structlog

from aztecd.assembly import Core
from aztecd.config import Config
from aztecd.constants import AZTEC_VERSION, PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import fr_hex
from aztecd.errors import AztecdError
from aztecd.l1.blobs import BlobStore
from aztecd.node.writer import SerialWriter
from aztecd.rpc import Port, RpcLimits, RpcServer

__all__ = [
    "BLOBS",
    "DATABASE",
    "exit_status",
    "relax_garbage_collection",
    "rpc_server",
    "run_tasks",
    "stop_signal",
]

_log = structlog.get_logger("aztecd")
BLOBS = "blobs"
DATABASE = "db"
"""In a data directory."""
_EXIT_BUG = 3
_EXIT_SECOND_SIGNAL = 130
_STOP_PATIENCE_S = 4.0
_COLLECT_EVERY_S = 30.0


def relax_garbage_collection() -> None:
    """Look for reference cycles seldom: execution makes hundreds of thousands of objects and no cycles.

    With Python's own thresholds collections take more than half of the time of contracts that make many
    objects, and hold up everybody else meanwhile.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def stop_signal(is_stopping: Event, scratch: tuple[Path, ...] = ()) -> asyncio.Event:
    """Give an event that the first SIGINT or SIGTERM sets; the second ends the process at once.

    `is_stopping` is set too: it is for other threads. `scratch` is removed when the end is not orderly.

    What takes too long after the first, a first blob that waits for KZG setups for example, is left as a
    crash would leave it: the next start goes on from there, and Anvil's keeper ends Anvil.
    """
    stop = asyncio.Event()

    def give_up() -> None:
        _log.warning("stopped_without_waiting", after_s=_STOP_PATIENCE_S)
        for folder in scratch:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def on_signal() -> None:
        if stop.is_set():
            os._exit(_EXIT_SECOND_SIGNAL)
        is_stopping.set()
        stop.set()
        patience = Timer(_STOP_PATIENCE_S, give_up)
        patience.daemon = True
        patience.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return stop


async def run_tasks(
    tasks: Mapping[str, Callable[[], Awaitable[None]]],
    writer: SerialWriter,
    stop: asyncio.Event,
    work: Callable[[], Awaitable[None]] | None = None,
) -> bool:
    """Run the daemon's tasks, by name, until `work` is done, or a signal comes; a running job is finished.

    True if it was the work that ended. After a bug in a job or a task, or an error like a full disk, the
    daemon goes on serving reads, unhealthy, until it is told to stop.
    """
    done: list[AztecdError | None] = []

    async def stop_on_signal() -> None:
        await stop.wait()
        raise _StopRequestedError

    async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - the border: what is left here has no owner
            writer.fail(name, error)

    async def do(work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except AztecdError as error:
            done.append(error)
        else:
            done.append(None)
        raise _StopRequestedError

    try:
        async with asyncio.TaskGroup() as group:
            for name, run in tasks.items():
                group.create_task(supervise(name, run))
            group.create_task(stop_on_signal())
            group.create_task(_collect_cycles())
            if work is not None:
                group.create_task(do(work))
    except* _StopRequestedError:
        if stop.is_set():
            _log.info("stopping")
    if done and done[0] is not None:
        raise done[0]
    return bool(done)


async def _collect_cycles() -> None:
    """Look for reference cycles among the newer objects now and then, after `relax_garbage_collection`.

    An error that somebody kept for a moment leads back to itself through its frames, and these hold whole
    requests and blobs. Until there are enough such objects to count, they can be a gigabyte.
    """
    while True:
        await asyncio.sleep(_COLLECT_EVERY_S)
        gc.collect(1)


class _StopRequestedError(Exception):
    """Ends the task group."""


def rpc_server(config: Config, core: Core, blobs: BlobStore, port: Port) -> RpcServer:
    """Make the server of a node's methods, and of its blobs; it is healthy until the writer meets a bug."""
    return RpcServer(
        node=core.api,
        host=config.rpc.host,
        port=port,
        headers=_headers(),
        health=lambda: core.writer.bug is None,
        limits=RpcLimits(
            max_body_bytes=config.rpc.max_body_bytes,
            max_batch_items=config.rpc.max_batch_size,
            cache_bytes=config.rpc.cache_bytes,
        ),
        metrics=core.metrics,
        exposition=core.metrics.exposition,
        blobs=blobs,
    )


def _headers() -> dict[str, str]:
    """Give the headers by which clients recognise the release."""
    return {
        "x-aztec-l2CircuitsVkTreeRoot": fr_hex(VK_TREE_ROOT),
        "x-aztec-l2ProtocolContractsHash": fr_hex(PROTOCOL_CONTRACTS_HASH),
        "x-aztec-packageVersion": AZTEC_VERSION,
    }


def exit_status(writer: SerialWriter) -> int:
    """Give 0 after a clean run, 3 after a bug."""
    return 0 if writer.bug is None else _EXIT_BUG
