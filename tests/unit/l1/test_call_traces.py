from __future__ import annotations

from typing import Any

import pytest

from aztecd.l1.call_traces import debug_calls, flat_calls
from aztecd.l1.errors import L1DecodeError
from tests.support.l1_answers import OTHER, ROLLUP, ROLLUP_TEXT, flat, tree

GOOD, BAD = b"good call", b"bad call"


def traces() -> dict[str, tuple[Any, Any, list[bytes]]]:
    """The same calls in both forms, and which of them count."""
    good, bad = GOOD, BAD
    creation = {"type": "create", "action": {"from": OTHER, "init": "0x"}, "traceAddress": [], "result": {}}
    return {
        "within a wrapper": (
            [flat([], to=OTHER), flat([0], good)],
            tree(b"", tree(good), to=OTHER),
            [good],
        ),
        "direct": ([flat([], good)], tree(good), [good]),
        "capital letters": (
            [flat([], good, to=ROLLUP_TEXT.upper().replace("X", "x"))],
            tree(good, to=ROLLUP_TEXT.upper().replace("X", "x"), kind="call"),
            [good],
        ),
        "one failed, one did not": (
            [flat([], to=OTHER), flat([0], bad, error="Reverted", result=None), flat([1], good)],
            tree(b"", tree(bad, error="execution reverted"), tree(good), to=OTHER),
            [good],
        ),
        "undone by a caller": (
            [
                flat([], to=OTHER),
                flat([0], to=OTHER, error="Reverted"),
                flat([0, 0], to=OTHER),
                flat([0, 0, 0], bad),
                flat([1], good),
            ],
            tree(b"", tree(b"", tree(b"", tree(bad), to=OTHER), to=OTHER, error="x"), tree(good), to=OTHER),
            [good],
        ),
        "other kinds of calls": (
            [
                flat([], to=OTHER),
                flat([0], bad, kind="delegatecall"),
                flat([1], bad, kind="staticcall"),
                flat([2], good),
            ],
            tree(b"", tree(bad, kind="DELEGATECALL"), tree(bad, kind="STATICCALL"), tree(good), to=OTHER),
            [good],
        ),
        "in a constructor": (
            [creation, flat([0], good)],
            tree(b"", tree(good), to=OTHER, kind="CREATE"),
            [good],
        ),
        "several": (
            [flat([], to=OTHER), flat([0], bad), flat([1], good)],
            tree(b"", tree(bad), tree(good), to=OTHER),
            [bad, good],
        ),
        "failed as a whole": (
            [flat([], to=OTHER, error="x"), flat([0], good)],
            tree(b"", tree(good), to=OTHER, error="x"),
            [],
        ),
    }


@pytest.mark.parametrize("name", traces())
def test_both_traces_give_the_calls_that_happened(name):
    first, second, calls = traces()[name]
    assert flat_calls(first, ROLLUP) == calls
    assert debug_calls(second, ROLLUP) == calls


@pytest.mark.parametrize(
    "trace",
    [
        None,
        5,
        "calls",
        {},
        [None],
        [5],
        [[]],
        [{"type": "call", "traceAddress": []}],
        [flat(["a"])],
        [flat([[]])],
        [flat([], to=7)],
        [flat([]) | {"action": {"callType": "call", "to": ROLLUP_TEXT, "input": "0x1"}}],
    ],
)
def test_damaged_flat_trace_is_refused(trace):
    with pytest.raises(L1DecodeError):
        flat_calls(trace, ROLLUP)


@pytest.mark.parametrize(
    "trace",
    [
        None,
        5,
        "calls",
        [],
        {"type": "CALL", "to": ROLLUP_TEXT, "input": "0xz"},
        tree(to=7),
        tree() | {"calls": 5},
        tree() | {"calls": [5]},
    ],
)
def test_damaged_tree_is_refused(trace):
    with pytest.raises(L1DecodeError):
        debug_calls(trace, ROLLUP)


def test_deep_trace_takes_little_time():
    depth = 1000
    nested = tree(GOOD)
    for _ in range(depth):
        nested = tree(b"", nested, to=OTHER)
    assert debug_calls(nested, ROLLUP) == [GOOD]
    deep = [flat([0] * level, to=OTHER) for level in range(depth)]
    deep.append(flat([0] * depth, GOOD))
    assert flat_calls(deep, ROLLUP) == [GOOD]
