"""What the user is told when a function fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.acvm.errors import ForeignCallFailedError, UnsatisfiedConstraintError
from aztecd.pxe.artifacts import SourceLocation
from aztecd.pxe.execution.errors import failure_of
from aztecd.pxe.oracles.errors import OracleError

PLACE = SourceLocation(path="some/src/main.nr", line=3, column=5, text="ask(it)")


def code():
    return SimpleNamespace(
        contract_name="Some",
        artifact=SimpleNamespace(selector=bytes(4), name="run", error_types={}),
        source_map=SimpleNamespace(call_stack=lambda location, function: [PLACE]),
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ForeignCallFailedError("ask", OracleError("Unknown thing")), "Unknown thing"),
        (UnsatisfiedConstraintError(), "Cannot satisfy constraint 'ask(it)'"),
    ],
)
def test_what_failed_is_quoted_unless_it_is_an_oracle(error, text):
    if isinstance(error, ForeignCallFailedError):
        error.__cause__ = OracleError("Unknown thing")
    failure = failure_of(code(), fr(1), error)
    assert str(failure) == text
    assert str(failure.within(failure.calls[0])) == text
    assert failure.call_stack()[0] == "at ask(it) (some/src/main.nr:3:5)"
