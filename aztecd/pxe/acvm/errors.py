"""What goes wrong with private programs.

    AztecdError
      AcvmError
        BytecodeError              the bytes are no program
        ExecutionError             has the location where the program stood
          UnsatisfiedConstraintError   a constraint does not hold
          AssertionFailedError         the same, and the program says why (selector and payload)
          UnsolvableError          an opcode is reached before its inputs are known
          BlackBoxError            a black box refuses its inputs
          BrilligFaultError        unconstrained code does what the machine has no meaning for
          ForeignCallShapeError    the answer to a foreign call has another form than the program expects
          ForeignCallFailedError   the oracle refused; `__cause__` says why
          ExecutionLimitError      more memory or calls than we give
          ExecutionInterruptedError   the caller wanted it to end

Locations are those of the debug symbols: `"12"` is ACIR opcode 12, `"12.7"` is opcode 7 of the Brillig
function that ACIR opcode 12 calls. Outer calls come first.

Authority: @aztec/noir-acvm_js; @aztec/simulator src/common/errors.ts (4.1.2).
"""

from __future__ import annotations

from aztecd.errors import AztecdError, InvalidInputError

__all__ = [
    "AcvmError",
    "AssertionFailedError",
    "BlackBoxError",
    "BrilligFaultError",
    "BytecodeError",
    "ExecutionError",
    "ExecutionInterruptedError",
    "ExecutionLimitError",
    "ForeignCallFailedError",
    "ForeignCallShapeError",
    "UnsatisfiedConstraintError",
    "UnsolvableError",
]


class AcvmError(AztecdError):
    """A private program can not be read or run."""

    code = "acvm"


class BytecodeError(AcvmError, InvalidInputError):
    """The bytes are no program in the form that artifacts have."""

    code = "acvm_bytecode"


class ExecutionError(AcvmError):
    """Execution ended before its end.

    Mutable: the place is filled in on the way up, as each level knows its own part.
    """

    code = "acvm_execution"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.opcode: int | None = None
        """The ACIR opcode."""
        self.brillig_function: int | None = None
        """The unconstrained function in which it happened, if in one."""
        self.brillig_pcs: tuple[int, ...] = ()
        """The calls inside of it, the failing opcode last."""

    @property
    def location(self) -> tuple[str, ...]:
        """The stack of opcode locations, outermost first; empty when the program had not begun."""
        if self.opcode is None:
            return ()
        if not self.brillig_pcs:
            return (str(self.opcode),)
        return tuple(f"{self.opcode}.{pc}" for pc in self.brillig_pcs)


class UnsatisfiedConstraintError(ExecutionError):
    """A constraint does not hold, and the program gives no reason."""

    code = "acvm_unsatisfied"

    def __init__(self, message: str = "Cannot satisfy constraint") -> None:
        super().__init__(message)


class AssertionFailedError(ExecutionError):
    """An assertion of the program does not hold.

    `selector` names the kind in the ABI's `error_types`; `payload` are its field elements.
    """

    code = "acvm_assertion"

    def __init__(self, selector: int, payload: tuple[int, ...]) -> None:
        super().__init__("Assertion failed")
        self.selector = selector
        self.payload = payload


class UnsolvableError(ExecutionError):
    """An opcode has more than one unknown, or needs a witness that has no value."""

    code = "acvm_unsolvable"

    def __str__(self) -> str:
        return f"Cannot solve opcode: {self.args[0]}"


class BlackBoxError(ExecutionError):
    """A black box can not compute with these inputs."""

    code = "acvm_black_box"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"solve blackbox function: {name}, reason: {reason}")

    def __str__(self) -> str:
        start = "Failed to" if self.brillig_function is None else "Assertion failed: failed to"
        return f"{start} {self.args[0]}"


class BrilligFaultError(ExecutionError):
    """Unconstrained code divides by zero, leaves its own code, and the like."""

    code = "acvm_brillig_fault"

    def __str__(self) -> str:
        return f"Assertion failed: {self.args[0]}"


class ForeignCallShapeError(ExecutionError):
    """What the oracle gives does not fit the places that the program has for it."""

    code = "acvm_foreign_call_shape"

    def __str__(self) -> str:
        return f"Assertion failed: {self.args[0]}"


class ForeignCallFailedError(ExecutionError):
    """The oracle raised an error of ours; it is the cause."""

    code = "acvm_foreign_call_failed"

    def __init__(self, name: str, cause: AztecdError) -> None:
        super().__init__(str(cause))
        self.name = name


class ExecutionLimitError(ExecutionError):
    """The program wants more than the machine gives to any."""

    code = "acvm_limit"


class ExecutionInterruptedError(ExecutionError):
    """Execution was stopped from outside; nothing is known about the result."""

    code = "acvm_interrupted"
