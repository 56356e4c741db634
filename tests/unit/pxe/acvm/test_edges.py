"""Small programs at the edges of each opcode: both forms end as the reference did."""

from __future__ import annotations

import base64

import pytest

from tests.support.acvm_runs import both, numbers
from tests.support.vectors import load

CASES = load("circuits/edges.json.gz")["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_edge(case: dict) -> None:
    result = both(base64.b64decode(case["bytecode"]), numbers(case["initial"]), numbers(case["answers"]))
    assert result.calls == [(name, numbers(arguments)) for name, arguments in case["calls"]]
    if "witness" in case:
        assert result.witnesses is not None, result.error
        found = {str(index): hex(value) for index, value in enumerate(result.witnesses) if value is not None}
        assert found == case["witness"]
        return
    expected = case["error"]
    assert result.error is not None
    _, message, location, function, raw = result.error
    unsolvable = "Cannot solve opcode: expression has too many unknowns"
    if expected["message"].startswith(unsolvable):
        assert message.startswith("Cannot solve opcode: ")  # the reference prints the whole expression
    else:
        assert message == expected["message"]
    assert function == expected["brilligFunctionId"]
    # The reference has no place for errors of black boxes and unknowns; ours do no harm.
    if expected["callStack"] is not None:
        assert list(location) == expected["callStack"]
    if expected["raw"] is None:
        assert raw is None
    else:
        assert raw == (int(expected["raw"]["selector"]), tuple(numbers(expected["raw"]["data"])))
