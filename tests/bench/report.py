"""Show results as tables, on a terminal or as Markdown."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from tests.bench.measure import CONNECTIONS
from tests.bench.simulators import FORMS, NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from tests.bench.measure import ReadResult, Results

_REFERENCE = "reference"
_OURS = "aztecd"
_FORMS = (*FORMS, NATIVE)
_MOST_HOSTILE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of texts; all columns but the first are aligned to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table(title=self.title, title_justify="left")
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """Write it as Markdown."""
        lines = [
            f"### {self.title}",
            "",
            f"| {' | '.join(self.columns)} |",
            f"|---|{'--:|' * (len(self.columns) - 1)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        return "\n".join(lines)


def sheets(results: Results) -> list[Sheet]:
    """Make all tables."""
    found = (
        _summary(results),
        _transfers(results),
        _executions(results),
        _hostile(results),
        _pressure(results),
        _inside(results),
        *_reads(results),
        _wallets(results),
        _catch_up(results),
    )
    return [sheet for sheet in found if sheet.rows]


def _summary(results: Results) -> Sheet:
    peers = results.peers
    rows = []

    def add(title: str, values: dict[str, float], form: str) -> None:
        if values:
            shown = [form.format(values[peer]) if peer in values else "" for peer in peers]
            rows.append([title, *shown, _ratio(values.get(_REFERENCE), values.get(_OURS))])

    add("cold start to ready", _medians(results.cold_start_s), "{:.2f} s")
    if results.restart_s:
        add("restart with its data", {_OURS: statistics.median(results.restart_s)}, "{:.2f} s")
    add("send to receipt", _medians(results.send_to_receipt_s), "{:.3f} s")
    size = "a group of transactions at once, to receipts"
    add(size, _medians(results.group_s), "{:.2f} s")
    for title, memory in (("idle", results.idle), ("after load", results.loaded)):
        add(f"memory {title}", {name: item.node_mib for name, item in memory.items()}, "{:.0f} MiB")
        anvil = {name: item.anvil_mib for name, item in memory.items() if item.anvil_mib is not None}
        add(f"memory of Anvil {title}", anvil, "{:.0f} MiB")
    return Sheet(title="Whole", columns=["", *peers, "reference / aztecd"], rows=rows)


def _transfers(results: Results) -> Sheet:
    peers = [peer for peer in results.peers if peer in results.public_send_s or _has_batches(results, peer)]
    rows = []
    if sends := _medians(results.public_send_s):
        shown = [f"{sends[peer]:.3f} s" for peer in peers]
        rows.append(
            ["one public transfer, send to receipt", *shown, _ratio(sends.get(_REFERENCE), sends.get(_OURS))]
        )
    for kind, by_peer in results.batch_tx_per_s.items():
        rates = _medians(by_peer)
        shown = [f"{rates[peer]:.1f}/s" for peer in peers]
        rows.append(
            [f"{kind} transfers, many at once", *shown, _ratio(rates.get(_OURS), rates.get(_REFERENCE))]
        )
    return Sheet(title="Transfers of a Token", columns=["", *peers, "times better"], rows=rows)


def _has_batches(results: Results, peer: str) -> bool:
    return any(peer in by_peer for by_peer in results.batch_tx_per_s.values())


def _executions(results: Results) -> Sheet:
    rows = []
    for item in results.executions:
        ms = item.median_ms()
        shown = [
            f"{ms[form]:.1f} ms, {item.instructions / ms[form] / 1e3:.2f} M/s" if form in ms else ""
            for form in _FORMS
        ]
        rows.append([item.name, f"{item.instructions:,}", *shown, _ratio(ms.get(NATIVE), ms.get("fast"))])
    columns = ["", "instructions", *(f"{form} form" for form in FORMS), "reference, native", "native / fast"]
    return Sheet(
        title="Execution alone: time of a transaction, instructions a second", columns=columns, rows=rows
    )


def _hostile(results: Results) -> Sheet:
    """Show the slowest."""
    ranked = sorted(results.hostile, key=lambda item: -max(item.ms[form] for form in FORMS))
    rows = [
        [
            item.name,
            *(f"{item.ms[form]:,.0f} ms" if form in item.ms else "" for form in _FORMS),
            f"{item.peak_mib:.0f} MiB",
        ]
        for item in ranked[:_MOST_HOSTILE]
    ]
    return Sheet(
        title=f"Made to be slow, all gas of a transaction: the slowest {len(rows)} of {len(ranked)} programs",
        columns=["", *(f"{form} form" for form in FORMS), "reference, native", "memory at most"],
        rows=rows,
    )


def _pressure(results: Results) -> Sheet:
    rows = [
        [
            item.name,
            f"{item.block_ms:,.0f} ms" if item.block_ms is not None else "",
            f"{item.p50_ms:.1f} ms",
            f"{item.p99_ms:.1f} ms",
            f"{item.most_ms:.1f} ms",
            f"{item.peak_mib:.0f} MiB",
        ]
        for item in results.pressure
    ]
    columns = ["in the block", "built in", "answer p50", "p99", "most", "peak memory so far"]
    return Sheet(title="Answers of a node while it builds such a block", columns=columns, rows=rows)


def _inside(results: Results) -> Sheet:
    rows = [[f"Poseidon2 of two, {name}", f"{value:.2f} µs"] for name, value in results.hash_us.items()]
    if "kernel" in results.hash_us:
        for name in ("kernel", "kernel, batch"):
            ratio = results.hash_us["pure"] / results.hash_us[name]
            rows.append([f"Poseidon2, pure / {name}", f"{ratio:.0f}"])
    for name, (used, pure) in results.gadget_us.items():
        rows.append([f"{name}, and pure", f"{used:.2f} µs, {pure:.1f} µs"])
    for name, value in results.logged_ms.items():
        title = f"build and store a {name}" if name.startswith("block") else name
        rows.append([title, f"{value:.1f} ms"])
    return Sheet(title="Inside aztecd", columns=["", "median"], rows=rows)


def _reads(results: Results) -> list[Sheet]:
    by_key = {(item.read, item.peer, item.connections): item for item in results.reads}
    names = list(dict.fromkeys(item.read for item in results.reads))

    def sheet(title: str, connections: int, cell: Callable[[ReadResult], str], ratio: _Ratio) -> Sheet:
        rows = []
        for name in names:
            found = {peer: by_key.get((name, peer, connections)) for peer in results.peers}
            ours, reference = found.get(_OURS), found.get(_REFERENCE)
            compared = f"{ratio.of(ours, reference):.2f}" if ours and reference else ""
            rows.append([name, *("" if item is None else cell(item) for item in found.values()), compared])
        return Sheet(title=title, columns=["", *results.peers, ratio.title], rows=rows)

    found = []
    for connections in CONNECTIONS:
        plural = "s" if connections > 1 else ""
        title = f"Reads over {connections} connection{plural}: requests a second (p50, p95 in ms)"
        found.append(sheet(title, connections, _rate, _RATE_RATIO))
    title = f"Reads over {CONNECTIONS[-1]} connections: processor time of the server, \u00b5s a request"
    found.append(sheet(title, CONNECTIONS[-1], lambda item: f"{item.processor_us:,.0f}", _TIME_RATIO))
    return found


def _wallets(results: Results) -> Sheet:
    found, rows = results.wallets, []
    if found is not None:
        for title, times in (
            ("warm private transfer: simulate, prove, send", found.transfer_s),
            ("of that, simulate", found.simulate_s),
            ("of that, prove and send", found.send_s),
            ("from a cold process to its first transfer", found.cold_s),
            (f"find {found.notes:,} notes and sum them", found.sync_s),
        ):
            if medians := _medians(times):
                shown = [f"{medians[peer]:.2f} s" for peer in results.peers]
                rows.append([title, *shown, _ratio(medians[_REFERENCE], medians[_OURS])])
    return Sheet(title="The wallet", columns=["", *results.peers, "reference / aztecd"], rows=rows)


def _catch_up(results: Results) -> Sheet:
    found = {item.name: item for item in results.catch_up}
    ours, reference = found.get(_OURS), found.get(_REFERENCE)
    rows = []
    for title, form, value, is_better_when_less in (
        ("from the start of the process to the last block", "{:.1f} s", lambda item: item.seconds, True),
        ("blocks a second, starting included", "{:.1f}", lambda item: item.blocks_per_s, False),
        ("transactions a second", "{:.0f}", lambda item: item.txs / item.seconds, False),
        ("until the first block is in the state", "{:.1f} s", lambda item: item.first_block_s, True),
        (
            "processor time for a block",
            "{:.1f} ms",
            lambda item: item.processor_s / item.checkpoints * 1000,
            True,
        ),
        (
            "of Anvil for a block",
            "{:.1f} ms",
            lambda item: item.l1_processor_s / item.checkpoints * 1000,
            True,
        ),
        ("memory in the end", "{:.0f} MiB", lambda item: item.samples[-1].mib, True),
        ("most memory", "{:.0f} MiB", lambda item: item.peak_mib, True),
        # No proportion: memory can also shrink.
        ("growth in 100 blocks, without files", "{:.2f} MiB", lambda item: item.growth_mib(), None),
        ("the same in the last half", "{:.2f} MiB", lambda item: item.growth_mib(since=0.5), None),
    ):
        if found:
            compared = ""
            if ours and reference and is_better_when_less is not None:
                above, below = (reference, ours) if is_better_when_less else (ours, reference)
                compared = _ratio(value(above), value(below))
            rows.append([title, *(form.format(value(item)) for item in found.values()), compared])
    count = results.catch_up[0].checkpoints if found else 0
    return Sheet(
        title=f"Catch-up with {count:,} checkpoints", columns=["", *found, "times better"], rows=rows
    )


@dataclass(frozen=True, slots=True)
class _Ratio:
    title: str
    of: Callable[[ReadResult, ReadResult], float]


_RATE_RATIO = _Ratio("aztecd / reference", lambda ours, other: ours.requests_per_s / other.requests_per_s)
_TIME_RATIO = _Ratio(
    "reference / aztecd", lambda ours, other: other.processor_us / max(ours.processor_us, 1e-3)
)


def _rate(item: ReadResult) -> str:
    return f"{item.requests_per_s:,.0f} ({item.p50_ms:.2f}, {item.p95_ms:.2f})"


def _medians(values: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(items) for name, items in values.items() if items}


def _ratio(above: float | None, below: float | None) -> str:
    return f"{above / below:.2f}" if above and below else ""
