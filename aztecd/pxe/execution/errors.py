"""What goes wrong when functions are executed for a user.

    AztecdError
      InvalidInputError
        PrivateExecutionError    private_execution   a function failed: an assertion, an oracle, a constraint
        WrongFunctionError       wrong_function      a function can not be run so, or with these arguments

Execution failures keep the chain of calls that led to them and the place in the innermost one's source. When
the node is away in the middle of an execution, its own error comes out as it is: trying again may help.

Authority: @aztec/simulator src/common/errors.ts, @aztec/stdlib src/errors/simulation_error.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aztecd.crypto.field import fr_hex
from aztecd.errors import AztecdError, InvalidInputError, UnavailableError
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.pxe.abi import AbiDecodingError, assertion_message
from aztecd.pxe.acvm.errors import (
    AssertionFailedError,
    ExecutionError,
    ExecutionInterruptedError,
    ForeignCallFailedError,
)
from aztecd.pxe.artifacts import ArtifactError, SourceLocation, render_call_stack
from aztecd.pxe.execution.views import FunctionCode

__all__ = ["FailedCall", "PrivateExecutionError", "WrongFunctionError", "failure_of"]


class WrongFunctionError(InvalidInputError):
    """A function was to be run as what it is not, or with arguments of another size."""

    code = "wrong_function"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A function that failed, or called one that did."""

    contract_address: AztecAddress
    contract_name: str
    selector: FunctionSelector
    function_name: str


class PrivateExecutionError(InvalidInputError):
    """A function failed.

    `reason` is the text alone; the message adds the failing piece of source, as the reference does, unless an
    oracle failed (`quotes_source` false): there the piece is only where it was asked. `calls` are outermost
    first; `locations` lie within the last of them, outermost first: places in the source, or opcodes where
    the artifact has no symbols.
    """

    code = "private_execution"

    def __init__(
        self,
        reason: str,
        calls: Sequence[FailedCall],
        locations: Sequence[SourceLocation] | Sequence[str],
        *,
        quotes_source: bool = True,
    ) -> None:
        last = locations[-1] if locations and quotes_source else ""
        super().__init__(reason if isinstance(last, str) else f"{reason} '{last.text}'")
        self.reason = reason
        self.calls = tuple(calls)
        self.locations: tuple[SourceLocation | str, ...] = tuple(locations)

    def within(self, call: FailedCall) -> PrivateExecutionError:
        """Give the same failure as the caller of the outermost call sees it."""
        wrapped = PrivateExecutionError(self.reason, (call, *self.calls), ())
        wrapped.args, wrapped.locations = self.args, self.locations
        return wrapped

    def call_stack(self) -> list[str]:
        """Write the calls and places, innermost first, one line each."""
        return render_call_stack(
            [
                (call.contract_name or fr_hex(call.contract_address), call.function_name)
                for call in self.calls
            ],
            self.locations,
        )


def failure_of(code: FunctionCode, contract: AztecAddress, error: ExecutionError) -> AztecdError:
    """Give what the caller of a function should see when the circuit ended with an error."""
    if isinstance(error, ExecutionInterruptedError):
        return error
    call = FailedCall(
        contract_address=contract,
        contract_name=code.contract_name,
        selector=code.artifact.selector,
        function_name=code.artifact.name,
    )
    cause = error.__cause__
    if isinstance(error, ForeignCallFailedError):
        if isinstance(cause, PrivateExecutionError):
            return cause.within(call)
        if isinstance(cause, UnavailableError | ExecutionInterruptedError):
            return cause
    return PrivateExecutionError(
        _reason(code, error),
        [call],
        _locations(code, error),
        quotes_source=not isinstance(error, ForeignCallFailedError),
    )


def _reason(code: FunctionCode, error: ExecutionError) -> str:
    if not isinstance(error, AssertionFailedError):
        return str(error)
    try:
        text = assertion_message(code.artifact.error_types, error.selector, error.payload)
    except AbiDecodingError as damaged:
        text = str(damaged)
    return "Assertion failed" if text is None else f"Assertion failed: {text}"


def _locations(code: FunctionCode, error: ExecutionError) -> Sequence[SourceLocation] | Sequence[str]:
    try:
        return code.source_map.call_stack(error.location, error.brillig_function) or error.location
    except ArtifactError:
        # The symbols are for people; without them the opcodes are still something.
        return error.location
