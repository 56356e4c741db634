"""Ask aztecd and the reference node the same random questions, and compare what they answer.

    python -m tests.support.rpc_fuzz OUR_URL OTHER_URL L1_URL [--seed 1] [--count 5000]

Both nodes know the same chain and are at rest. One in three questions is what clients ask, one has odd
parameters, one an odd envelope. Compared are status, headers that clients see, results, and code and message
of errors. What aztecd does otherwise on purpose is counted by its reason (`rpc_answers`). In the end
stand medians of the time that clients' questions took, the slowest against the other node first. On a busy
machine they say little; both must have the same priority.
"""

from __future__ import annotations

import argparse
import http.client
import random
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import Final
from urllib.parse import urlsplit

from tests.support.json_rpc import GONE, RpcClient
from tests.support.node_comparison import await_equal_tips, differences
from tests.support.rpc_answers import QUESTIONS, Answer, Exchange, read_body, reason_of
from tests.support.rpc_envelopes import envelope
from tests.support.rpc_facts import Facts
from tests.support.rpc_questions import PARAMETERS, Question, Questions

_HEADERS: Final = ("content-type", "allow", "vary", "access-control-allow-origin")
_CALLS: Final = 5
"""So many calls of each method are there to be wrapped."""
_SLOW: Final = frozenset({"sendTx", "isValidTx", "simulatePublicCalls"})
_MOMENT_S: Final = 5
"""The other node looks now and then what is final, to forget transactions."""
_EXAMPLES: Final = 3
_SHOWN: Final = 400


class _Node:
    """One kept connection, opened again when the server has closed it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def ask(self, question: Question, body: bytes) -> Answer:
        """Send a question. Raises one of `GONE` when the node is."""
        try:
            return self._ask(question, body)
        except GONE:
            self._connection.close()
            return self._ask(question, body)

    def _ask(self, question: Question, body: bytes) -> Answer:
        begin = time.perf_counter()
        self._connection.request(question.verb, question.path, body, dict(question.headers))
        response = self._connection.getresponse()
        data = response.read()
        ms = (time.perf_counter() - begin) * 1000
        headers = {name: value for name in _HEADERS if (value := response.getheader(name)) is not None}
        return Answer(response.status, headers, read_body(data), ms)


@dataclass(slots=True)
class Report:
    """What was asked and what came out. Mutable: filled while asking."""

    asked: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    known: Counter[str] = field(default_factory=Counter)
    differences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Examples by kind."""
    times: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def note(self, it: Exchange) -> None:
        """Count a question, with the time that both took."""
        method = it.question.method
        self.asked[method] += 1
        self.errors += it.theirs.status >= http.client.BAD_REQUEST or it.theirs.code is not None
        if it.question.is_plain:
            self.times[method].append((it.ours.ms, it.theirs.ms))

    def note_difference(self, it: Exchange, places: list[str]) -> None:
        """Keep what nobody expects."""
        question = it.question
        kind = f"{question.method}: " + re.sub(r"0x[0-9a-f]+|[0-9]+", "#", places[0])
        told = f"{question.verb} {question.path} {dict(question.headers)}" if question.params is None else ""
        self.differences[kind].append("\n      ".join([f"{told} {question.body[:_SHOWN]!r}", *places[:3]]))

    def __str__(self) -> str:
        """Sum up: numbers, known differences, other differences with examples, times."""
        found = sum(map(len, self.differences.values()))
        total = (
            f"{self.asked.total()} questions of {len(self.asked)} kinds, {self.errors} of them answered with "
            f"errors: {found} differences of {len(self.differences)} kinds, {self.known.total()} known ones"
        )
        lines = [total, *(f"  known: {count} x {reason}" for reason, count in self.known.most_common())]
        for kind, examples in sorted(self.differences.items()):
            lines += [f"  {len(examples)} x {kind[:200]}", *(f"    {text}" for text in examples[:_EXAMPLES])]
        medians = {method: tuple(map(median, zip(*pairs))) for method, pairs in self.times.items()}  # noqa: B905
        for method, (ours, theirs) in sorted(medians.items(), key=lambda item: item[1][1] / item[1][0]):
            count = len(self.times[method])
            lines.append(f"  {method:36}{ours:8.2f} ms, the other {theirs:8.2f} ms, {count} times")
        return "\n".join(lines).encode(errors="backslashreplace").decode()


class _Both:
    """Asks both nodes. Mutable: fills the report."""

    def __init__(self, ours: str, theirs: str, facts: Facts, dice: random.Random) -> None:
        self.report = Report()
        self._ours, self._theirs = _Node(ours), _Node(theirs)
        self._facts = facts
        self._dice = dice

    def ask(self, question: Question) -> None:
        """Compare the answers to a question; if they differ, those of a moment later count."""
        it = self._exchange(question)
        self.report.note(it)
        if not _places(it):
            return
        reason = reason_of(it)
        if reason is None:
            time.sleep(_MOMENT_S)
            it = self._exchange(question)
            places = _places(it)
            if places:
                self.report.note_difference(it, places)
                return
            reason = "for a moment: L1 goes on"
        self.report.known[reason] += 1

    def _exchange(self, question: Question) -> Exchange:
        asked = {
            self._theirs: question.body,
            self._ours: question.in_namespace(self._dice.choice(("aztec", "node"))),
        }
        # In any order: who answered first is still busy while the other one is asked.
        nodes = self._dice.sample(list(asked), len(asked))
        answers = {node: node.ask(question, asked[node]) for node in nodes}
        return Exchange(self._facts, question, answers[self._ours], answers[self._theirs])


def _places(it: Exchange) -> list[str]:
    return list(differences(it.ours.seen, it.theirs.seen, ""))


def compare(ours: str, theirs: str, l1_url: str, *, seed: int, count: int) -> Report:
    """Ask both nodes `count` questions. Fails when one of them dies, with the question."""
    with RpcClient(theirs, timeout_s=120) as other, RpcClient(ours) as own, RpcClient(l1_url) as l1:
        facts = Facts.read(other, own, l1)
    questions, dice = Questions(facts, seed), random.Random(seed)
    calls = [questions.plain(method) for method in PARAMETERS if method not in _SLOW for _ in range(_CALLS)]
    calls = [call for call in calls if not any(differs(facts, call) for differs in QUESTIONS.values())]
    both = _Both(ours, theirs, facts, dice)
    kinds = (questions.plain, questions.twisted, lambda _: envelope(dice, calls))
    for number in range(count):
        question = kinds[number % len(kinds)](dice.choice(list(PARAMETERS)))
        try:
            both.ask(question)
        except GONE as error:
            raise AssertionError(f"{both.report}\nquestion {number}: {error!r}: {question}") from error
    return both.report


def _main() -> int:
    parser = argparse.ArgumentParser(description="ask two nodes of one chain the same random questions")
    for name in ("ours", "theirs", "l1_url"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    await_equal_tips(options.ours, options.theirs)
    report = compare(**vars(options))
    print(report)
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(_main())
