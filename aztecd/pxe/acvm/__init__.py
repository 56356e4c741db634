"""The ACVM: executes the private and utility functions of contracts.

Responsible for: decoding programs (constrained ACIR with unconstrained Brillig functions), executing them
on their parameters, with an oracle that answers foreign calls, to a value for each witness.
Not for: what oracles answer, the ABI, proofs. Witnesses are integers here; everything above holds `Fr`.

`acir` and `brillig` are plain interpreters and say what opcodes mean; `compiler` makes Python code of
programs, which is what runs usually; both give the same witnesses and the same errors.

Authority: @aztec/noir-acvm_js, @aztec/simulator src/private/acvm, the artifacts (4.1.2).
"""

from __future__ import annotations

from aztecd.pxe.acvm.code_cache import CodeCache
from aztecd.pxe.acvm.errors import (
    AcvmError,
    AssertionFailedError,
    BlackBoxError,
    BrilligFaultError,
    BytecodeError,
    ExecutionError,
    ExecutionInterruptedError,
    ExecutionLimitError,
    ForeignCallFailedError,
    ForeignCallShapeError,
    UnsatisfiedConstraintError,
    UnsolvableError,
)
from aztecd.pxe.acvm.foreign import ForeignAnswer, ForeignCall
from aztecd.pxe.acvm.machine import Acvm, WitnessMap
from aztecd.pxe.acvm.program import Program

__all__ = [
    "Acvm",
    "AcvmError",
    "AssertionFailedError",
    "BlackBoxError",
    "BrilligFaultError",
    "BytecodeError",
    "CodeCache",
    "ExecutionError",
    "ExecutionInterruptedError",
    "ExecutionLimitError",
    "ForeignAnswer",
    "ForeignCall",
    "ForeignCallFailedError",
    "ForeignCallShapeError",
    "Program",
    "UnsatisfiedConstraintError",
    "UnsolvableError",
    "WitnessMap",
]
