"""The measurements, each over all peers in turn: A B A B, never all of A and then all of B."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.bench import micro, simulators
from tests.bench.chain import Driver
from tests.bench.peers import Aztecd, Running, scratch
from tests.bench.pressure import pressure_runs
from tests.bench.processes import pinned, processor_s
from tests.bench.reads import READS, Read
from tests.bench.throughput import Kind, TokenDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.catch_up import CatchUp
    from tests.bench.generator import Generator, Load
    from tests.bench.peers import Peer, Starter
    from tests.bench.pressure import PressureRun
    from tests.bench.processes import Memory
    from tests.bench.simulators import Execution, HostileRun
    from tests.bench.wallet import WalletResults

CONNECTIONS = (1, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    starts: int = 3
    """Cold starts of each peer that is started here; 0 leaves them out."""
    sends: int = 10
    """Transactions whose way to the receipt is timed."""
    groups: int = 6
    group_size: int = 10
    class_txs: int = 8
    batches: int = 3
    """Times that many transactions of a Token are sent at once, for public and private ones each."""
    batch_size: int = 100
    public_sends: int = 8
    """Public transfers whose way to the receipt is timed; 0 with `batches` 0 leaves the Token out."""
    executions: int = 15
    """Runs of each transaction that is executed without a node; 0 leaves them out."""
    hostile: bool = True
    """Whether to run what is made to be slow."""
    rounds: int = 3
    seconds: float = 1.0
    """Of load, for each read, number of connections, peer and round."""
    settle_s: float = 10.0
    """From readiness to the measurement of idle memory."""
    reads: tuple[str, ...] = ()
    """Only reads whose name contains one of these; all when empty."""
    server_cores: set[int] | None = None

    def chosen_reads(self) -> list[Read]:
        """Give the reads to measure."""
        return [read for read in READS if not self.reads or any(part in read.name for part in self.reads)]


@dataclass(slots=True, kw_only=True)
class ReadResult:
    """One read of one peer at one number of connections: medians over the rounds."""

    read: str
    peer: str
    connections: int
    is_lookup: bool
    requests: int
    """How many different requests there were."""
    requests_per_s: float
    p50_ms: float
    p95_ms: float
    answer_bytes: int
    processor_us: float
    """The server's processor time for one request: what other work on the machine changes least."""


@dataclass(slots=True, kw_only=True)
class Results:
    """Everything that was measured; times in seconds. Mutable: filled step by step."""

    peers: list[str]
    cold_start_s: dict[str, list[float]] = field(default_factory=dict)
    restart_s: list[float] = field(default_factory=list)
    """aztecd on its own data directory."""
    idle: dict[str, Memory] = field(default_factory=dict)
    loaded: dict[str, Memory] = field(default_factory=dict)
    send_to_receipt_s: dict[str, list[float]] = field(default_factory=dict)
    group_s: dict[str, list[float]] = field(default_factory=dict)
    reads: list[ReadResult] = field(default_factory=list)
    hash_us: dict[str, float] = field(default_factory=dict)
    gadget_us: dict[str, tuple[float, float]] = field(default_factory=dict)
    logged_ms: dict[str, float] = field(default_factory=dict)
    public_send_s: dict[str, list[float]] = field(default_factory=dict)
    batch_tx_per_s: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By `public` and `private`, then by peer: transactions a second until the last receipt."""
    executions: list[Execution] = field(default_factory=list)
    hostile: list[HostileRun] = field(default_factory=list)
    pressure: list[PressureRun] = field(default_factory=list)
    wallets: WalletResults | None = None
    catch_up: list[CatchUp] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)


def measure(starters: Sequence[Starter], plan: Plan, load: Generator, say: Callable[[str], None]) -> Results:
    """Measure everything."""
    results = Results(peers=[starter.name for starter in starters])
    results.hash_us = micro.hash_times_us()
    results.gadget_us = micro.gadget_times_us()
    _executions(plan, results, say)
    _cold_starts(starters, plan, results, say)
    with ExitStack() as stack:
        peers = []
        for starter in starters:
            say(f"start {starter.name}")
            folder = stack.enter_context(scratch())
            peer = stack.enter_context(starter.start(folder))
            peers.append(peer)
        if plan.settle_s:
            say("wait until all are idle")
            time.sleep(plan.settle_s)
        results.idle = {peer.name: peer.memory() for peer in peers}
        drivers = [Driver(peer) for peer in peers]
        _transactions(drivers, plan, results, say)
        _token_transactions(starters, peers, plan, results, say)
        _reads(drivers, plan, results, load, say)
        results.loaded = {peer.name: peer.memory() for peer in peers}
        results.logged_ms = micro.logged_times_ms(peers[0].log)
        for driver in drivers:
            driver.close()
    return results


def _executions(plan: Plan, results: Results, say: Callable[[str], None]) -> None:
    if not plan.executions and not plan.hostile:
        return
    with_native = simulators.has_native(say)
    if plan.executions:
        results.executions = simulators.executions(plan.executions, with_native=with_native, say=say)
    if plan.hostile:
        results.hostile = simulators.hostile_runs(with_native=with_native, say=say)
        results.pressure = pressure_runs(say)


def _cold_starts(
    starters: Sequence[Starter], plan: Plan, results: Results, say: Callable[[str], None]
) -> None:
    """Start each peer with nothing but its artifacts; aztecd once more on the data that it left."""
    for number in range(plan.starts):
        for starter in starters:
            if isinstance(starter, Running) or (isinstance(starter, Aztecd) and starter.settings):
                continue
            say(f"cold start {number + 1}: {starter.name}")
            with scratch() as folder:
                with starter.start(folder) as peer:
                    results.cold_start_s.setdefault(starter.name, []).append(peer.ready_s)
                    if isinstance(starter, Aztecd):
                        _leave_blocks(peer)
                if isinstance(starter, Aztecd):
                    with starter.start(folder) as peer:
                        results.restart_s.append(peer.ready_s)


def _leave_blocks(peer: Peer) -> None:
    driver = Driver(peer)
    for _ in range(3):
        driver.send_to_receipt()
    driver.close()


def _transactions(
    drivers: Sequence[Driver], plan: Plan, results: Results, say: Callable[[str], None]
) -> None:
    for number in range(plan.sends):
        for driver in drivers:
            elapsed = driver.send_to_receipt()
            say(f"send to receipt {number + 1}: {driver.peer.name} {elapsed * 1000:.0f} ms")
            results.send_to_receipt_s.setdefault(driver.peer.name, []).append(elapsed)
    for number in range(plan.groups):
        for driver in drivers:
            elapsed = driver.group(plan.group_size)
            say(f"{plan.group_size} transactions at once, {number + 1}: {driver.peer.name} {elapsed:.2f} s")
            results.group_s.setdefault(driver.peer.name, []).append(elapsed)
    for driver in drivers:
        say(f"contract classes: {driver.peer.name}")
        driver.publish_classes(plan.class_txs)
        driver.learn()


def _token_transactions(
    starters: Sequence[Starter],
    peers: Sequence[Peer],
    plan: Plan,
    results: Results,
    say: Callable[[str], None],
) -> None:
    """Measure transfers of a Token, with one core for each node, on all peers but variants of aztecd."""
    if not plan.batches and not plan.public_sends:
        return
    is_variant = {item.name: isinstance(item, Aztecd) and bool(item.settings) for item in starters}
    drivers = [TokenDriver(peer) for peer in peers if not is_variant[peer.name]]
    for driver in drivers:
        say(f"deploy a Token: {driver.peer.name}")
        driver.deploy()
    for number in range(plan.public_sends):
        for driver in drivers:
            with pinned(driver.peer.pid, plan.server_cores):
                elapsed = driver.send_to_receipt()
            say(f"public transfer to receipt {number + 1}: {driver.peer.name} {elapsed * 1000:.0f} ms")
            results.public_send_s.setdefault(driver.peer.name, []).append(elapsed)
    for number in range(plan.batches):
        for kind in Kind:
            rates = results.batch_tx_per_s.setdefault(kind.value, {})
            for driver in drivers:
                name = driver.peer.name
                with pinned(driver.peer.pid, plan.server_cores):
                    rate = plan.batch_size / driver.batch(kind, plan.batch_size)
                say(f"{plan.batch_size} {kind.value} transfers at once, {number + 1}: {name} {rate:.1f}/s")
                rates.setdefault(name, []).append(rate)
    for driver in drivers:
        driver.close()


def _reads(
    drivers: Sequence[Driver], plan: Plan, results: Results, load: Generator, say: Callable[[str], None]
) -> None:
    for read in plan.chosen_reads():
        counts = {driver.peer.name: read.check(driver.peer.url, driver.facts) for driver in drivers}
        loads: dict[tuple[str, int], list[tuple[Load, float]]] = {}
        # The first round is not counted: servers that compile while they run are slower then.
        for number in range(plan.rounds + 1):
            for connections in CONNECTIONS:
                for driver in drivers:
                    done = _load(driver, read, connections, plan, load)
                    if number > 0:
                        loads.setdefault((driver.peer.name, connections), []).append(done)
        for (name, connections), both in loads.items():
            done = [item for item, _ in both]
            results.reads.append(
                ReadResult(
                    read=read.name,
                    peer=name,
                    connections=connections,
                    is_lookup=read.is_lookup,
                    requests=counts[name],
                    requests_per_s=statistics.median(item.requests_per_s for item in done),
                    p50_ms=statistics.median(item.p50_ms for item in done),
                    p95_ms=statistics.median(item.p95_ms for item in done),
                    answer_bytes=done[0].answer_bytes,
                    processor_us=statistics.median(used / item.answers for item, used in both) * 1e6,
                )
            )
        shown = ", ".join(
            f"{item.peer} {item.requests_per_s:,.0f}/s" for item in results.reads if item.read == read.name
        )
        say(f"{read.name}: {shown}")


def _load(driver: Driver, read: Read, connections: int, plan: Plan, load: Generator) -> tuple[Load, float]:
    """Load one peer; give what came of it and the processor time that the peer used."""
    peer = driver.peer
    with pinned(peer.pid, plan.server_cores):
        before = processor_s(peer.pid)
        done = load.load(
            peer.url,
            read.bodies(driver.facts),
            connections=connections,
            seconds=plan.seconds,
            gzip=read.gzip,
        )
        used = processor_s(peer.pid) - before
    if done.refused:
        raise RuntimeError(f"{peer.name} refused {done.refused} of {read.name}")
    return done, used
