"""Execution alone: our machine in both forms, and beside it the reference's native simulator.

Both work on a fork of the same state and leave the trees with their new roots. Programs that never end run
to the end of the gas of a full transaction.
"""

from __future__ import annotations

import base64
import gc
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aztecd.avm.program import ProgramCache
from aztecd.execution import ExecutionOptions, TxExecutor
from aztecd.protocol.contracts import public_bytecode_commitment
from aztecd.state import TreeId
from tests.bench.processes import peak_mib, restart_peak
from tests.support import avm_vectors
from tests.support.avm_programs import DEFAULTS
from tests.support.hostile_programs import PROGRAMS, prepare, program
from tests.support.native_simulator import NativeSimulator, ReferenceMissingError, find_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.avm_vectors import Prepared

FORMS: Final = {"fast": True, "plain": False}
NATIVE: Final = "native"
_RECORDED: Final = {
    "Token transfer": ("tx/token", "token/transfer"),
    "AMM swap": ("tx/amm", "amm/swap_exact_in"),
    "AvmTest bulk": ("tx/bulk", "bulk/bulk_testing"),
    "AvmTest mega bulk": ("tx/bulk", "bulk/mega_bulk_testing"),
    "SHA-256": ("tx/gadgets_contract", "gadgets_contract/benchmarking_sha256"),
    "Keccak": ("tx/gadgets_contract", "gadgets_contract/keccak_hash_1400"),
}
_LOOPS: Final = {"ADD loop": "ADD U32 and JUMP", "JUMP loop": "JUMP self"}
_TREES: Final = (TreeId.NULLIFIER, TreeId.NOTE_HASH, TreeId.PUBLIC_DATA, TreeId.L1_TO_L2_MESSAGE)
_WARM_UP: Final = 20
"""Runs of the fast form that are not counted: in each of them it compiles a little more."""
_FIRST_RUNS: Final = 1
"""The same for the others: the first run on a state is slower."""


@dataclass(slots=True, kw_only=True)
class Execution:
    """One transaction, run again and again. Mutable: filled step by step."""

    name: str
    instructions: int = 0
    """The same in every form; those of nested calls included."""
    runs_ms: dict[str, list[float]] = field(default_factory=dict)
    """By `fast`, `plain`, `native`; without the runs for warming up."""

    def median_ms(self) -> dict[str, float]:
        """Give the median time of each form."""
        return {form: statistics.median(runs) for form, runs in self.runs_ms.items() if runs}


@dataclass(slots=True, kw_only=True)
class HostileRun:
    """A transaction made to be slow, once in each of our forms with nothing cached: processor time."""

    name: str
    ms: dict[str, float] = field(default_factory=dict)
    """By `fast`, `plain`; `native` is the median wall time of some runs."""
    peak_mib: float = 0
    """By how much the fast form let this process grow."""


def executions(runs: int, *, with_native: bool, say: Callable[[str], None]) -> list[Execution]:
    """Measure real contracts and two loops, all forms in turn."""
    found = []
    with ExitStack() as stack:
        native = stack.enter_context(NativeSimulator(find_reference())) if with_native else None
        for name, prepared, natively in _cases(native):
            execution = Execution(name=name)
            found.append(execution)
            executors = {form: _executor(is_fast=is_fast) for form, is_fast in FORMS.items()}
            for _ in range(_WARM_UP):
                _timed(executors["fast"], prepared)
            for _ in range(_FIRST_RUNS):
                _timed(executors["plain"], prepared)
            for _ in range(runs):
                for form, executor in executors.items():
                    elapsed, execution.instructions = _timed(executor, prepared)
                    execution.runs_ms.setdefault(form, []).append(elapsed * 1e3)
                if native is not None:
                    *_, seconds = natively(times=1 + _FIRST_RUNS)
                    execution.runs_ms.setdefault(NATIVE, []).append(seconds * 1e3)
            medians = ", ".join(f"{form} {ms:.1f} ms" for form, ms in execution.median_ms().items())
            say(f"{name}: {medians}")
    return found


def hostile_runs(*, with_native: bool, say: Callable[[str], None]) -> list[HostileRun]:
    """Run every hostile program once in each form, on programs that nobody decoded or compiled before."""
    found = []
    with ExitStack() as stack:
        native = stack.enter_context(NativeSimulator(find_reference())) if with_native else None
        for name in PROGRAMS:
            run = HostileRun(name=name)
            found.append(run)
            for form, is_fast in FORMS.items():
                prepared = prepare(name)
                executor = _executor(is_fast=is_fast, collects_debug_logs=program(name).collects_debug_logs)
                gc.collect()
                before = restart_peak()
                begin = time.process_time()
                _run(executor, prepared)
                run.ms[form] = (time.process_time() - begin) * 1e3
                if is_fast:
                    run.peak_mib = peak_mib() - before
            if native is not None and len(program(name).calldatas) == 1:
                seconds = native.time_call(program(name).case(name), DEFAULTS, times=_FIRST_RUNS + 3)
                run.ms[NATIVE] = statistics.median(seconds[_FIRST_RUNS:]) * 1e3
            say(f"{name}: " + ", ".join(f"{form} {ms:.0f} ms" for form, ms in run.ms.items()))
    return found


def has_native(say: Callable[[str], None]) -> bool:
    """Tell whether the native simulator can be measured; say why not."""
    try:
        find_reference()
    except ReferenceMissingError as error:
        say(f"without the native simulator: {error}")
        return False
    return True


def _cases(native: NativeSimulator | None) -> Iterator[tuple[str, Prepared, Callable[..., list[float]]]]:
    """Give each case with its name and what measures it natively."""
    for name, (key, case_name) in _RECORDED.items():
        recorded = avm_vectors.load(key)
        (case,) = (case for case in recorded["cases"] if case["name"] == case_name)
        prepared = avm_vectors.tx_case(case, recorded["instances"])
        measure: Any = None
        if native is not None:
            native.store(**_contracts(case, recorded["instances"], prepared))
            measure = partial(native.time_transaction, case)
        yield name, prepared, measure
    for name, hostile in _LOOPS.items():
        measure = None
        if native is not None:
            measure = partial(native.time_call, program(hostile).case(hostile), DEFAULTS)
        yield name, prepare(hostile), measure


def _contracts(case: Any, instances: Any, prepared: Prepared) -> dict[str, Any]:
    """Give a case's contracts, bytecodes included, in the form of the vectors."""
    classes, bytecodes = {}, {}
    for each in prepared.contracts.classes.values():
        commitment = f"0x{public_bytecode_commitment(each.packed_bytecode).hex()}"
        classes[f"0x{each.id.hex()}"] = {
            "version": each.version,
            "artifactHash": f"0x{each.artifact_hash.hex()}",
            "privateFunctionsRoot": f"0x{each.private_functions_root.hex()}",
            "publicBytecodeCommitment": commitment,
        }
        bytecodes[commitment] = base64.b64encode(each.packed_bytecode).decode()
    chosen = {address: instances[address] for address in case["contracts"]}
    return {"classes": classes, "bytecodes": bytecodes, "instances": chosen}


def _executor(*, is_fast: bool, collects_debug_logs: bool = True) -> TxExecutor:
    """Make an executor like the one that builds blocks; programs are cached in it."""
    options = ExecutionOptions(
        skips_fee_enforcement=True, collects_debug_logs=collects_debug_logs, uses_fast_form=is_fast
    )
    return TxExecutor(programs=ProgramCache(), options=options)


def _timed(executor: TxExecutor, prepared: Prepared) -> tuple[float, int]:
    """Execute on the fork, compute the roots, undo it; give the seconds and the number of instructions."""
    fork = prepared.fork
    fork.create_checkpoint()
    begin = time.perf_counter()
    instructions = _run(executor, prepared)
    elapsed = time.perf_counter() - begin
    fork.revert_checkpoint()
    return elapsed, instructions


def _run(executor: TxExecutor, prepared: Prepared) -> int:
    done = executor.execute(prepared.tx, prepared.fork, prepared.global_variables, prepared.contracts)
    for tree in _TREES:
        prepared.fork.root(tree)
    assert done.public is not None
    return sum(call.instructions for call in done.public.calls)
