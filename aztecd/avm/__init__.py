"""The Aztec Virtual Machine: runs the public functions of contracts.

Responsible for: bytecode, tagged memory, gas, every instruction, nested calls, and the fast form of the
machine. Pure and synchronous: state, contracts and effects come through the `World` protocol.

Not for: transactions (phases, fees, private effects: `aztecd.execution`), trees, contract storage.

Authority: @aztec/simulator src/public/avm/; where it differs from the native simulator in @aztec/bb.js, the
native one, which nodes run (4.1.2).
"""

from __future__ import annotations

from aztecd.avm.errors import (
    ContractUnavailableError,
    ExceptionalHalt,
    InterruptedExecutionError,
    NullifierCollisionError,
    SideEffectError,
    SideEffectLimitError,
    SimulationFailedError,
)
from aztecd.avm.frame import Environment, Frame, Halt
from aztecd.avm.machine import Machine
from aztecd.avm.program import Program, ProgramCache
from aztecd.avm.records import CallRecord, CallRequest, CallResult, CollectionLimits
from aztecd.avm.tracer import Tracer
from aztecd.avm.world import DebugMessage, Globals, InstanceFacts, World

__all__ = [
    "CallRecord",
    "CallRequest",
    "CallResult",
    "CollectionLimits",
    "ContractUnavailableError",
    "DebugMessage",
    "Environment",
    "ExceptionalHalt",
    "Frame",
    "Globals",
    "Halt",
    "InstanceFacts",
    "InterruptedExecutionError",
    "Machine",
    "NullifierCollisionError",
    "Program",
    "ProgramCache",
    "SideEffectError",
    "SideEffectLimitError",
    "SimulationFailedError",
    "Tracer",
    "World",
]
