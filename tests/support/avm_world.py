"""A world without state, for programs that only compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.avm import (
    CallRequest,
    ContractUnavailableError,
    Environment,
    Globals,
    Machine,
    Program,
    SimulationFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aztecd.avm import CallResult, CollectionLimits, DebugMessage, Tracer

GLOBALS = Globals(
    chain_id=31337, version=7, block_number=3, timestamp=1000, fee_per_da_gas=0, fee_per_l2_gas=10
)


class BareWorld:
    """Contracts by address, nothing else; it counts checkpoints."""

    collects_debug_logs = False
    max_debug_log_reads = 100

    def __init__(self, programs: Mapping[int, Program]) -> None:
        self.programs = programs
        self.depth = 0
        self.rollbacks = 0
        self.messages: list[DebugMessage] = []

    def checkpoint(self) -> None:
        self.depth += 1

    def commit(self) -> None:
        self.depth -= 1

    def rollback(self) -> None:
        self.depth -= 1
        self.rollbacks += 1

    def program(self, address: int) -> Program:
        if address not in self.programs:
            raise ContractUnavailableError(f"Contract 0x{address:x} is not deployed")
        return self.programs[address]

    def refuse_debug_log(self, reason: str) -> None:
        raise SimulationFailedError(reason)

    def debug_log(self, message: DebugMessage) -> None:
        self.messages.append(message)


def run(
    world: BareWorld,
    *,
    address: int = 1,
    calldata: Sequence[int] = (),
    l2_gas: int = 100_000,
    da_gas: int = 0,
    is_fast: bool = False,
    is_over: Callable[[], bool] | None = None,
    tracer: Tracer | None = None,
    limits: CollectionLimits | None = None,
) -> CallResult:
    """Run one enqueued call."""
    machine = Machine(
        environment=Environment(world, GLOBALS, 0),
        is_over=is_over,
        tracer=tracer,
        limits=limits,
        uses_fast_form=is_fast,
    )
    return machine.run(
        CallRequest(
            address=address, sender=9, calldata=calldata, is_static=False, l2_gas=l2_gas, da_gas=da_gas
        )
    )


def run_code(code: bytes, **options: object) -> CallResult:
    """Run a program of its own."""
    return run(BareWorld({1: Program(code)}), **options)
