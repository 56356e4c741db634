"""Run one call in the machine and keep everything that can be seen of it, memory included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aztecd.avm.compiler import blocks
from aztecd.avm.errors import SimulationFailedError
from aztecd.avm.frame import Environment
from aztecd.avm.machine import Machine
from aztecd.avm.records import CallRequest, CollectionLimits
from aztecd.avm.world import Globals
from aztecd.crypto.field import fr_from_hex
from aztecd.execution.public.contracts import TxContracts
from aztecd.execution.public.debug import DebugCollector
from aztecd.execution.public.world import TxWorld
from tests.support.avm_programs import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from aztecd.avm.frame import Ending, Frame
    from aztecd.avm.program import ProgramCache
    from aztecd.avm.records import CallRecord
    from tests.support.avm_vectors import Prepared

CALLDATA_FIELDS: Final = 64
OUTPUT_FIELDS: Final = 1 << 12
"""So much is kept of a call's calldata and output."""

_EVERYTHING: Final = CollectionLimits(
    calldata_fields=CALLDATA_FIELDS,
    output_fields=OUTPUT_FIELDS,
    depth=1 << 10,
    calls=1 << 10,
    internal_calls=1 << 20,
)


def compile_early(monkeypatch: pytest.MonkeyPatch, passes: int = 0) -> None:
    """Compile every path after so few passes, without end: single cases never get hot by themselves."""
    monkeypatch.setattr(blocks, "_HOT_AFTER", passes)
    monkeypatch.setattr(blocks.CompilationBudget.__init__, "__defaults__", (1 << 30,))


class _Watched(Machine):
    """A machine that keeps the memory of every call that ended, in that order."""

    __slots__ = ("memories",)

    def _leave(self, frame: Frame, ending: Ending, record: CallRecord | None) -> None:
        memory = frame.memory
        self.memories.append((memory.values[:], memory.tags[:], dict(memory._far)))
        super()._leave(frame, ending, record)


def run_call(
    case: Any,
    prepared: Prepared,
    programs: ProgramCache,
    *,
    is_fast: bool,
    gas: dict[str, int] | None = None,
    calldata: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Run the call of an opcode case, by default with its own gas and calldata. The fork stays as it is."""
    gas = gas or case["gas"]
    debug = DebugCollector(is_open=case["config"]["collectDebugLogs"])
    values = prepared.global_variables
    world = TxWorld(
        fork=prepared.fork,
        contracts=TxContracts(prepared.contracts, values.timestamp),
        programs=programs,
        debug=debug,
    )
    world.emit_siloed_nullifier(fr_from_hex(DEFAULTS["firstNullifier"]))
    used = DEFAULTS["gasUsedByPrivate"]
    machine = _Watched(
        environment=Environment(
            world=world,
            globals=Globals(
                chain_id=values.chain_id,
                version=values.version,
                block_number=values.block_number,
                timestamp=values.timestamp,
                fee_per_da_gas=values.gas_fees.fee_per_da_gas,
                fee_per_l2_gas=values.gas_fees.fee_per_l2_gas,
            ),
            transaction_fee=0,
            l2_gas_used=used["l2"],
            da_gas_used=used["da"],
        ),
        limits=_EVERYTHING,
        uses_fast_form=is_fast,
    )
    machine.memories = []
    request = CallRequest(
        address=int(case["env"]["address"], 16),
        sender=int(case["env"]["sender"], 16),
        calldata=[int(value, 16) for value in case["calldata"]] if calldata is None else calldata,
        is_static=case["env"]["isStaticCall"],
        l2_gas=gas["l2"],
        da_gas=gas["da"],
    )
    try:
        result = machine.run(request)
    except SimulationFailedError as error:
        return {"failed": str(error)}
    effects = world.effects
    return {
        "halt": result.halt,
        "message": result.message,
        "exit stack": result.exit_stack,
        "instructions": result.instructions,
        "l2 gas left": result.l2_gas_left,
        "da gas left": result.da_gas_left,
        "output": result.output,
        "calls": result.record,
        "note hashes": effects.note_hashes,
        "nullifiers": effects.nullifiers,
        "messages": effects.messages,
        "public logs": effects.public_logs,
        "writes": effects.writes,
        "debug logs": debug.logs,
        "memories": machine.memories,
    }


def difference(left: dict[str, Any], right: dict[str, Any]) -> str:
    """Say in a few words what differs between two runs; empty if nothing does."""
    texts = []
    for key in left.keys() | right.keys():
        if left.get(key) == right.get(key):
            continue
        if key == "memories" and key in left and key in right:
            texts.append(_memory_difference(left[key], right[key]))
        elif key != "calls" or left["output"] == right["output"]:
            texts.append(f"{key}: {left.get(key)!s:.300} / {right.get(key)!s:.300}")
    return "; ".join(sorted(texts))


def _memory_difference(left: list[Any], right: list[Any]) -> str:
    if len(left) != len(right):
        return f"{len(left)} / {len(right)} calls ended"
    for at, (one, other) in enumerate(zip(left, right, strict=True)):
        if one == other:
            continue
        cells = []
        for name, ours, theirs in zip(("value", "tag"), one, other, strict=False):
            if len(ours) != len(theirs):
                cells.append(f"{len(ours)} / {len(theirs)} dense cells")
            cells += [
                f"{name} of cell {cell}: {a} / {b}"
                for cell, (a, b) in enumerate(zip(ours, theirs, strict=False))
                if a != b
            ]
        cells += [
            f"cell {cell}"
            for cell in one[2].keys() | other[2].keys()
            if one[2].get(cell) != other[2].get(cell)
        ]
        return f"memory of ended call {at}: {', '.join(cells[:4])}"
    return ""
