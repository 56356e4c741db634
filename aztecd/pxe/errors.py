"""What a wallet's own operations refuse.

AztecdError
├── InvalidInputError
│   ├── RegistrationError       a contract that is registered contradicts itself or the chain
│   ├── EventFilterError        a filter of events that can not be
│   ├── PublicExecutionError    a transaction's public part fails
│   ├── InvalidSimulationError  the node would refuse the simulated transaction
│   ├── TimeLimitError          contract code ran for too long
│   └── NodeRefusedError        the node refuses what was asked
└── UnavailableError
    ├── PxeBusyError            too many operations wait already
    ├── CancelledJobError       whoever wanted the result went away
    └── NodeUnreachableError    the node does not answer, or not in its language

Errors of the packages below come through as they are: PrivateExecutionError, KernelError, SyncError, ...
"""

from __future__ import annotations

from collections.abc import Sequence

from aztecd.crypto.field import Fr, fr_hex
from aztecd.errors import InvalidInputError, UnavailableError
from aztecd.protocol.simulation import SimulationFailure
from aztecd.pxe.artifacts import SourceLocation, render_call_stack

__all__ = [
    "CancelledJobError",
    "EventFilterError",
    "InvalidSimulationError",
    "NodeRefusedError",
    "NodeUnreachableError",
    "PublicExecutionError",
    "PxeBusyError",
    "RegistrationError",
    "TimeLimitError",
]


class RegistrationError(InvalidInputError):
    """A contract that is registered contradicts itself or the chain."""

    code = "registration"


class EventFilterError(InvalidInputError):
    """A filter of events that can not be."""

    code = "event_filter"


class PublicExecutionError(InvalidInputError):
    """A transaction's public part fails.

    `failure` is what the node said, `names` the contract and function of each call on the way to the cause,
    outermost first, and `locations` the places in the innermost one's source, or opcodes.
    """

    code = "public_execution"

    def __init__(
        self,
        reason: str,
        failure: SimulationFailure,
        names: Sequence[tuple[str | None, str | None]],
        locations: Sequence[SourceLocation | str] = (),
    ) -> None:
        last = locations[-1] if locations else ""
        super().__init__(reason if isinstance(last, str) else f"{reason} '{last.text}'")
        self.reason = reason
        self.failure = failure
        self.names = tuple(names)
        self.locations = tuple(locations)

    @property
    def revert_data(self) -> tuple[Fr, ...]:
        """What the innermost call returned with its revert."""
        return self.failure.revert_data

    def call_stack(self) -> list[str]:
        """Write the calls and places, innermost first, one line each."""
        calls = []
        for call, (contract, function) in zip(self.failure.function_error_stack, self.names, strict=True):
            selector = "" if call.function_selector is None else "0x" + call.function_selector.hex()
            calls.append((contract or fr_hex(call.contract_address), function or selector))
        return render_call_stack(calls, self.locations)


class InvalidSimulationError(InvalidInputError):
    """The node would refuse the simulated transaction; `reasons` are the node's."""

    code = "invalid_simulation"

    def __init__(self, reasons: Sequence[str]) -> None:
        text = "The simulated transaction is unable to be added to state and is invalid."
        super().__init__(text if not reasons else f"{text} Reason: {', '.join(reasons)}")
        self.reasons = tuple(reasons)


class NodeRefusedError(InvalidInputError):
    """The node refuses what was asked, in its own words; `rpc_code` and `data` are the answer's."""

    code = "node_refused"

    def __init__(self, message: str, rpc_code: int, data: object = None) -> None:
        super().__init__(message)
        self.rpc_code = rpc_code
        self.data = data


class NodeUnreachableError(UnavailableError):
    """The node does not answer, or not in its language."""

    code = "node_unreachable"


class TimeLimitError(InvalidInputError):
    """Contract code ran for longer than the wallet allows."""

    code = "time_limit"


class CancelledJobError(UnavailableError):
    """Whoever wanted the result went away, and the contract code that ran for it was ended."""

    code = "cancelled_job"


class PxeBusyError(UnavailableError):
    """Too many operations wait already."""

    code = "pxe_busy"
