"""Programs that try to take as much time and memory as possible for their gas.

Each is one transaction at the limit of gas, in the form of the recorded opcode vectors, without expectations.
Most end out of gas: how they end does not matter, only what they cost until then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aztecd.avm.tags import FF, U1, U8, U32, U64, U128
from aztecd.constants import MAX_PROCESSABLE_L2_GAS
from aztecd.crypto import grumpkin
from aztecd.crypto.field import FR_MODULUS, Fr, fr
from aztecd.protocol.contracts import contract_class_id, public_bytecode_commitment
from aztecd.protocol.tx import HashedValues
from tests.support.avm_assembler import Assembler, At, Label
from tests.support.avm_programs import DEFAULTS
from tests.support.avm_vectors import Prepared, opcode_case

MAX_BYTECODE: Final = 92_969
"""Bytes of public bytecode that a class can have."""
_PRIVATE_L2_GAS: Final = DEFAULTS["gasUsedByPrivate"]["l2"]
_L2_GAS: Final = MAX_PROCESSABLE_L2_GAS - _PRIVATE_L2_GAS
_DA_GAS: Final = 196_000
_FIRST_ADDRESS: Final = 1 << 20
_OWN_ADDRESS: Final = 0
"""The environment variable."""
_UNROLLED: Final = 64
_HOT_PASSES: Final = 26
"""More passes than the fast form lets go by before it compiles a path."""
_COMPILED_PATHS: Final = 48
"""Paths that the fast form compiles in one enqueued call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileProgram:
    """The first of `contracts` is called, once with each of `calldatas`; it may call the others.

    It knows them by the addresses that they have in a case.
    """

    contracts: tuple[bytes, ...]
    calldatas: tuple[tuple[int, ...], ...] = ((),)
    collects_debug_logs: bool = True

    def entry_for(self, others: Sequence[int]) -> bytes:
        """Give the first contract as it must be where the others have these addresses."""
        entry = self.contracts[0]
        for index, address in enumerate(others, 1):
            entry = entry.replace((_FIRST_ADDRESS + index).to_bytes(32, "big"), address.to_bytes(32, "big"))
        return entry

    def case(self, name: str) -> dict[str, Any]:
        """Make a case of the opcode vectors; it has only the first of the calls.

        It collects no debug logs: the reference bounds one log, and not what all of them take together.
        """
        return {
            "name": f"hostile/{name}",
            "bytecode": self.contracts[0].hex(),
            "calldata": [_hex(value) for value in self.calldatas[0]],
            "gas": {"l2": _L2_GAS, "da": _DA_GAS},
            "env": {"address": _hex(_FIRST_ADDRESS), "sender": _hex(7), "isStaticCall": False},
            "config": {"collectDebugLogs": False},
            "state": {
                "contracts": [
                    _contract(_FIRST_ADDRESS + index, program) for index, program in enumerate(self.contracts)
                ]
            },
        }


def program(name: str) -> HostileProgram:
    """Write one of the programs."""
    return PROGRAMS[name]()


def prepare(name: str) -> Prepared:
    """Make the transaction of one of the programs, with all its calls."""
    hostile = program(name)
    prepared = opcode_case(hostile.case(name), DEFAULTS)
    tx = prepared.tx
    part = tx.data.for_public
    assert part is not None
    phase = part.revertible_accumulated_data
    request, empty = phase.public_call_requests[0], phase.public_call_requests[-1]
    calldatas = [
        HashedValues(values=tuple(map(fr, values)), hash=fr(1 + index))
        for index, values in enumerate(hostile.calldatas)
    ]
    requests = [request.replace(calldata_hash=each.hash) for each in calldatas]
    requests += [empty] * (len(phase.public_call_requests) - len(requests))
    part = part.replace(revertible_accumulated_data=phase.replace(public_call_requests=tuple(requests)))
    tx = tx.replace(data=tx.data.replace(for_public=part), public_function_calldata=tuple(calldatas))
    return dataclasses.replace(prepared, txs=(tx,))


def _contract(address: int, program: bytes) -> dict[str, str]:
    class_id = contract_class_id(fr(1), Fr(fr(1)), public_bytecode_commitment(program))
    return {
        "address": _hex(address),
        "bytecode": program.hex(),
        "classId": _hex(int.from_bytes(class_id, "big")),
        "originalClassId": _hex(int.from_bytes(class_id, "big")),
        "deployer": _hex(0),
        "initializationHash": _hex(0),
    }


def _hex(value: int) -> str:
    return f"0x{value:064x}"


# Loops of one thing.

_Body = Callable[[Assembler], None]
_Value = tuple[int, int]
"""Tag and value of a cell."""


def _one(body: bytes) -> HostileProgram:
    return HostileProgram(contracts=(body,))


def _set(code: Assembler, cell: int, tag: int, value: int) -> None:
    code.op("SET_FF", cell, tag=tag, immediate=value)


def _loop(cells: dict[int, _Value], body: _Body, times: int = _UNROLLED) -> HostileProgram:
    """Set some cells, then repeat the body for ever, so often in a row."""
    code = Assembler()
    for cell, (tag, value) in cells.items():
        _set(code, cell, tag, value)
    start = Label()
    code.place(start)
    for _ in range(times):
        body(code)
    code.op("JUMP_32", target=start)
    return _one(code.bytecode())


def _binary(name: str, tag: int, a: int, b: int) -> Callable[[], HostileProgram]:
    """A chain: each result is the next first operand."""
    return lambda: _loop({1: (tag, a), 2: (tag, b)}, lambda code: code.op(name, 1, 2, 1))


def _repeat(cells: dict[int, _Value], name: str, *operands: At | int, **more: Any) -> HostileProgram:
    return _loop(cells, lambda code: code.op(name, *operands, **more), 1)


def _jump_self() -> HostileProgram:
    return _loop({}, lambda _: None)


def _unpredictable_branches() -> HostileProgram:
    """Branches by the bits of a generator: whatever path was recorded is soon left."""
    code = Assembler()
    _set(code, 1, U64, 0x9E3779B97F4A7C15)
    _set(code, 2, U64, 6364136223846793005)
    _set(code, 3, U64, 1442695040888963407)
    _set(code, 4, U64, 1 << 63)
    start = Label()
    code.place(start)
    for _ in range(_UNROLLED):
        code.op("MUL_8", 1, 2, 1)
        code.op("ADD_8", 1, 3, 1)
        code.op("LT_8", 1, 4, 5)
        over = Label()
        code.op("JUMPI_32", 5, target=over)
        code.op("ADD_8", 6, 6, 6)
        code.place(over)
    code.op("JUMP_32", target=start)
    return _one(code.bytecode())


def _internal_calls() -> HostileProgram:
    code = Assembler()
    here = Label()
    code.place(here)
    code.op("INTERNALCALL", target=here)
    return _one(code.bytecode())


def _internal_pairs() -> HostileProgram:
    code = Assembler()
    routine, start = Label(), Label()
    code.place(start)
    for _ in range(_UNROLLED):
        code.op("INTERNALCALL", target=routine)
    code.op("JUMP_32", target=start)
    code.place(routine)
    code.op("INTERNALRETURN")
    return _one(code.bytecode())


# Memory.


def _fresh_cells(stride: int, first: int) -> Callable[[], HostileProgram]:
    """Write one cell after the other through a moving base address."""

    def body(code: Assembler) -> None:
        code.op("MOV_8", At(200), At(100, relative=True))
        code.op("ADD_8", 0, 1, 0)

    return lambda: _loop({0: (U32, first), 1: (U32, stride), 200: (FF, FR_MODULUS - 1)}, body)


def _fresh_pages(*, log: bool = False) -> HostileProgram:
    """Write cells that lie a little apart: for each of them, memory around it has to be there.

    `log`: with the last gas, log with a level that does not exist. Who collects logs has to begin again.
    """
    code = Assembler()
    for cell, (tag, value) in {
        0: (U32, 1 << 24),
        1: (U32, 1 << 16),
        2: (FF, FR_MODULUS - 1),
        3: (U32, 0),
        4: (U32, 1),
        5: (U32, 161 if log else _L2_GAS),
        7: (U8, 99),
    }.items():
        _set(code, cell, tag, value)
    start = Label()
    code.place(start)
    for offset in range(0, 1 << 16, 32):
        code.op("MOV_16", 2, At(offset, relative=True))
    code.op("ADD_8", 0, 1, 0)
    code.op("ADD_8", 3, 4, 3)
    code.op("LT_8", 3, 5, 6)
    code.op("JUMPI_32", 6, target=start)
    code.op("DEBUGLOG", 7, 1, 1, 5, immediate=0)
    return _one(code.bytecode())


def _pointers() -> HostileProgram:
    both = At(2, indirect=True, relative=True)
    return _loop(
        {0: (U32, 1000), 1002: (U32, 2000), 2000: (FF, 5)}, lambda code: code.op("MOV_8", both, both)
    )


def _copy(size: int, first: int = 1 << 24) -> Callable[[], HostileProgram]:
    """Copy many elements again and again; without calldata they are all zero."""
    return lambda: _repeat(
        {1: (U32, size), 2: (U32, 0), 3: (U32, first)}, "CALLDATACOPY", 1, 2, At(3, indirect=True)
    )


def _nested_copies() -> HostileProgram:
    """Copy a large region from call to call: each copies its calldata and hands it on."""
    size = 60_000
    code = Assembler()
    for cell, (tag, value) in {
        1: (U32, size),
        2: (U32, 0),
        3: (U32, 1 << 20),
        4: (U32, (1 << 32) - 1),
        5: (U32, 0),
    }.items():
        _set(code, cell, tag, value)
    code.op("GETENVVAR_16", 6, immediate=_OWN_ADDRESS)
    code.op("CALLDATACOPY", 1, 2, At(3, indirect=True))
    code.op("CALL", 4, 5, 6, 1, At(3, indirect=True))
    code.op("RETURN", 1, At(3, indirect=True))
    return _one(code.bytecode())


def _returned_region() -> HostileProgram:
    """Call something that returns many cells far away, and copy them."""
    size = 100_000
    child = Assembler()
    _set(child, 1, U32, size)
    _set(child, 2, U32, (1 << 32) - size)
    child.op("RETURN", 1, At(2, indirect=True))
    code = Assembler()
    for cell, (tag, value) in {
        1: (U32, 20_000),
        2: (U32, 0),
        3: (FF, _FIRST_ADDRESS + 1),
        4: (U32, size),
        5: (U32, 1 << 30),
        6: (U32, 0),
    }.items():
        _set(code, cell, tag, value)
    start = Label()
    code.place(start)
    code.op("CALL", 1, 2, 3, 6, 1)
    code.op("RETURNDATACOPY", 4, 2, At(5, indirect=True))
    code.op("JUMP_32", target=start)
    return HostileProgram(contracts=(code.bytecode(), child.bytecode()))


# Calls.


def _calls(child: bytes | None, *, name: str = "CALL", gas: int = 600) -> HostileProgram:
    """Call another contract again and again, or one that is not there."""
    target = _FIRST_ADDRESS + 1 if child is not None else 0xDEAD0000
    cells = {1: (U32, gas), 2: (U32, 0), 3: (FF, target), 4: (U32, 0)}
    looped = _loop(cells, lambda code: code.op(name, 1, 2, 3, 4, 1), 1)
    return HostileProgram(contracts=looped.contracts + ((child,) if child is not None else ()))


def _empty_child() -> bytes:
    code = Assembler()
    code.op("RETURN", 1, 1)
    return code.bytecode()


def _returning_child() -> bytes:
    code = Assembler()
    code.op("SET_8", 1, tag=U32, immediate=0)
    code.op("RETURN", 1, 1)
    return code.bytecode()


def _large_child() -> bytes:
    """Write the last cell of the dense memory."""
    code = Assembler()
    _set(code, 1, U32, (1 << 17) - 1)
    code.op("MOV_8", 1, At(1, indirect=True))
    code.op("REVERT_8", 0, 0)
    return code.bytecode()


def _returns_all_memory() -> HostileProgram:
    """Make many calls that return all of their memory, and then return all memory, call after call."""
    code = Assembler()
    for cell, (tag, value) in {
        1: (U32, 20_000),
        2: (U32, 0),
        3: (FF, _FIRST_ADDRESS + 1),
        4: (U32, (1 << 32) - 1),
    }.items():
        _set(code, cell, tag, value)
    for _ in range(19):
        code.op("CALL", 1, 2, 3, 4, 5)
    code.op("RETURN", 4, 1)
    child = Assembler()
    _set(child, 1, U32, (1 << 32) - 1)
    child.op("RETURN", 1, 2)
    return HostileProgram(
        contracts=(code.bytecode(), child.bytecode()), calldatas=tuple((index,) for index in range(30))
    )


def _deep_calls() -> HostileProgram:
    """Call oneself with all gas; all memories are alive at once, and each is written far apart."""
    code = Assembler()
    for cell, (tag, value) in {
        1: (U32, (1 << 32) - 1),
        2: (U32, 0),
        4: (U32, 0),
        5: (U32, 4095),
        6: (U32, (1 << 17) - 1),
    }.items():
        _set(code, cell, tag, value)
    code.op("GETENVVAR_16", 3, immediate=_OWN_ADDRESS)
    code.op("MOV_16", 3, At(5, indirect=True))
    code.op("MOV_16", 3, At(6, indirect=True))
    code.op("STATICCALL", 1, 2, 3, 4, 1)
    return _one(code.bytecode())


# State.


def _storage_reads() -> HostileProgram:
    def body(code: Assembler) -> None:
        code.op("ADD_8", 1, 2, 1)
        code.op("SLOAD", 1, 3, 4)

    return _loop({1: (FF, 1 << 200), 2: (FF, 1), 3: (FF, _FIRST_ADDRESS)}, body)


def _nullifier_reads() -> HostileProgram:
    def body(code: Assembler) -> None:
        code.op("ADD_8", 1, 2, 1)
        code.op("NULLIFIEREXISTS", 1, 4)

    return _loop({1: (FF, 1 << 200), 2: (FF, (1 << 230) + 12345)}, body)


def _leaf_reads(name: str) -> Callable[[], HostileProgram]:
    def body(code: Assembler) -> None:
        code.op("ADD_8", 1, 2, 1)
        code.op(name, 3, 1, 4)

    return lambda: _loop({1: (U64, 0), 2: (U64, (1 << 35) + 4097), 3: (FF, 5)}, body)


def _instances() -> HostileProgram:
    return _repeat({1: (FF, _FIRST_ADDRESS)}, "GETCONTRACTINSTANCE", 1, 5, immediate=1)


def _writes_until_refused(
    name: str, *operands: int, cells: dict[int, _Value]
) -> Callable[[], HostileProgram]:
    def body(code: Assembler) -> None:
        code.op("ADD_8", 1, 2, 1)
        code.op(name, *operands)

    return lambda: _loop({1: (FF, 1 << 200), 2: (FF, 1), **cells}, body, 80)


def _warm_writes() -> HostileProgram:
    return _repeat({1: (FF, 5), 2: (FF, 6)}, "SSTORE", 1, 2)


def _reverted_logs() -> HostileProgram:
    """Emit as much as is allowed in a call that fails, again and again."""
    child = Assembler()
    _set(child, 1, U32, 2000)
    child.op("EMITPUBLICLOG", 1, 2)
    child.op("REVERT_8", 0, 0)
    return _calls(child.bytecode(), gas=30_000)


# Gadgets.


def _radix(limbs: int, radix: int, bits: int = 0) -> Callable[[], HostileProgram]:
    cells = {1: (FF, FR_MODULUS - 1), 2: (U32, radix), 3: (U32, limbs), 4: (U1, bits), 5: (U32, 1 << 24)}
    return lambda: _repeat(cells, "TORADIXBE", 1, 2, 3, 4, At(5, indirect=True))


def _point_additions() -> HostileProgram:
    generator = {1: (FF, grumpkin.GENERATOR.x), 2: (FF, grumpkin.GENERATOR.y), 3: (U1, 0)}
    cells = {**generator, **{cell + 10: value for cell, value in generator.items()}}
    return _loop(cells, lambda code: code.op("ECADD", 1, 2, 3, 11, 12, 13, 1), 1)


# Debug logs.


def _debug_logs(message: int, fields: int, *, level: _Value = (U8, 4)) -> HostileProgram:
    cells = {1: level, 2: (U8, 0x7B), 3: (U32, fields)}
    return _repeat(cells, "DEBUGLOG", 1, 2, 2, 3, immediate=message)


# Against decoding and compiling.


def _cold_code() -> HostileProgram:
    """Execute every instruction once: large classes of zeros, which are additions at every offset.

    Each is run through from four offsets, so that jumps into instructions make new ones.
    """
    children = tuple(_sled(index) for index in range(6))
    code = Assembler()
    _set(code, 1, U32, 1_000_000)
    _set(code, 2, U32, 0)
    for index in range(len(children)):
        _set(code, 3, FF, _FIRST_ADDRESS + 1 + index)
        code.op("CALL", 1, 2, 3, 2, 1)
    code.op("RETURN", 2, 1)
    return HostileProgram(contracts=(code.bytecode(), *children))


def _sled(index: int) -> bytes:
    code = Assembler()
    starts = [Label() for _ in range(4)]
    for start in starts:
        code.op("INTERNALCALL", target=start)
    code.op("SET_8", 1, tag=U32, immediate=0)
    code.op("RETURN", 1, 1)
    # Another byte behind the code makes another class.
    end = b"\x26" * 5 + bytes([index])
    for start in starts:
        start.pc = code.pc + starts.index(start)
    code.raw(bytes((MAX_BYTECODE - code.pc - len(end)) // 5 * 5) + end)
    return code.bytecode()


def _many_hot_paths(step: _Body, steps: int = 92) -> HostileProgram:
    """Make as many paths hot as gas allows and leave each at once when it is compiled.

    One enqueued call after the other takes up where calldata says, each with a new machine.
    """
    calls, paths_each = 16, 11
    code = Assembler()
    _set(code, 1, U32, 0)
    _set(code, 2, U32, 1)
    _set(code, 3, U32, _HOT_PASSES)
    _set(code, 5, U32, 0)
    code.op("CALLDATACOPY", 2, 1, 6)
    entries = [Label() for _ in range(calls)]
    for index, entry in enumerate(entries):
        _set(code, 7, FF, index)
        code.op("EQ_8", 6, 7, 8)
        code.op("JUMPI_32", 8, target=entry)
    for entry in entries:
        code.place(entry)
        for _ in range(paths_each):
            code.op("MOV_8", 5, 1)
            start = Label()
            code.place(start)
            for _ in range(steps):
                step(code)
            code.op("ADD_8", 1, 2, 1)
            code.op("LT_8", 1, 3, 4)
            code.op("JUMPI_32", 4, target=start)
        code.op("RETURN", 5, 5)
    packed = code.bytecode()
    assert len(packed) <= MAX_BYTECODE, f"{len(packed)} bytes are too many"
    return HostileProgram(contracts=(packed,), calldatas=tuple((index,) for index in range(calls)))


def _wrongly_trained() -> HostileProgram:
    """Have each instruction of a loop compiled for one tag, then run the loop with another tag."""
    code = Assembler()
    _set(code, 1, U8, 1)
    _set(code, 3, U32, 0)
    _set(code, 4, U32, 1)
    _set(code, 5, U32, _HOT_PASSES)
    places = [Label() for _ in range(_COMPILED_PATHS // 2)]
    for place in reversed(places):
        code.op("SET_8", 3, tag=U32, immediate=0)
        again = Label()
        code.place(again)
        code.op("INTERNALCALL", target=place)
        code.op("ADD_8", 3, 4, 3)
        code.op("LT_8", 3, 5, 6)
        code.op("JUMPI_32", 6, target=again)
    _set(code, 1, U128, 1)
    start = Label()
    code.place(start)
    for _ in range(_UNROLLED):
        code.op("INTERNALCALL", target=places[0])
    code.op("JUMP_32", target=start)
    for place in places:
        code.place(place)
        code.op("ADD_8", 1, 1, 1)
    code.op("INTERNALRETURN")
    return _one(code.bytecode())


def _budget_then_plain() -> HostileProgram:
    """Use up what may be compiled on small loops; then do cheap things that stay uncompiled."""
    code = Assembler()
    _set(code, 3, U32, 0)
    _set(code, 4, U32, 1)
    _set(code, 5, U32, _HOT_PASSES)
    for _ in range(_COMPILED_PATHS + 2):
        code.op("SET_8", 3, tag=U32, immediate=0)
        again = Label()
        code.place(again)
        code.op("ADD_8", 3, 4, 3)
        code.op("LT_8", 3, 5, 6)
        code.op("JUMPI_32", 6, target=again)
    start, routine = Label(), Label()
    code.place(start)
    for _ in range(_UNROLLED):
        code.op("INTERNALCALL", target=routine)
    code.op("JUMP_32", target=start)
    code.place(routine)
    code.op("INTERNALRETURN")
    return _one(code.bytecode())


_HUGE: Final = (1 << 128) - 1

PROGRAMS: Final[dict[str, Callable[[], HostileProgram]]] = {
    "JUMP self": _jump_self,
    "ADD U32 and JUMP": lambda: _repeat({1: (U32, 5), 2: (U32, 7)}, "ADD_8", 1, 2, 1),
    "ADD U32 chain": _binary("ADD_8", U32, 5, 7),
    "ADD FF chain": _binary("ADD_8", FF, FR_MODULUS - 5, FR_MODULUS - 7),
    "ADD_16 U128 chain": _binary("ADD_16", U128, _HUGE, _HUGE - 5),
    "MUL FF chain": _binary("MUL_8", FF, FR_MODULUS - 5, FR_MODULUS - 7),
    "MUL U128 chain": _binary("MUL_8", U128, _HUGE - 2, _HUGE - 4),
    "DIV U128": lambda: _loop({1: (U128, _HUGE), 2: (U128, 3 << 60)}, lambda code: code.op("DIV_8", 1, 2, 3)),
    "FDIV chain": _binary("FDIV_8", FF, FR_MODULUS - 5, FR_MODULUS - 7),
    "LT U128": lambda: _loop({1: (U128, 5), 2: (U128, _HUGE)}, lambda code: code.op("LT_8", 1, 2, 3)),
    "EQ FF": lambda: _loop({1: (FF, 5), 2: (FF, 1 << 250)}, lambda code: code.op("EQ_8", 1, 2, 3)),
    "XOR U128": _binary("XOR_8", U128, _HUGE, _HUGE - 5),
    "XOR U8": _binary("XOR_8", U8, 250, 3),
    "SHL by a huge count": lambda: _loop(
        {1: (U128, _HUGE), 2: (U128, _HUGE)}, lambda code: code.op("SHL_8", 1, 2, 3)
    ),
    "SHL U32": lambda: _loop({1: (U32, 5), 2: (U32, 3)}, lambda code: code.op("SHL_8", 1, 2, 3)),
    "CAST": lambda: _loop({1: (FF, FR_MODULUS - 1)}, lambda code: code.op("CAST_8", 1, 2, tag=U128)),
    "SET_FF": lambda: _loop({}, lambda code: code.op("SET_FF", 2, tag=U128, immediate=FR_MODULUS + 5)),
    "MOV": lambda: _loop({}, lambda code: code.op("MOV_8", 1, 2)),
    "MOV through pointers": _pointers,
    "GETENVVAR": lambda: _loop({}, lambda code: code.op("GETENVVAR_16", 2, immediate=10)),
    "SUCCESSCOPY": lambda: _loop({}, lambda code: code.op("SUCCESSCOPY", 2)),
    "unpredictable branches": _unpredictable_branches,
    "INTERNALCALL self": _internal_calls,
    "INTERNALCALL and INTERNALRETURN": _internal_pairs,
    "fresh cells": _fresh_cells(1, 1000),
    "fresh pages": _fresh_pages,
    "fresh cells, far": _fresh_cells(1, 1 << 24),
    "fresh cells, far apart": _fresh_cells(1_048_573, 1 << 20),
    "CALLDATACOPY of 1": _copy(1, 100),
    "CALLDATACOPY of 100": _copy(100, 100),
    "CALLDATACOPY of 100, far": _copy(100),
    "CALLDATACOPY of 10000, far": _copy(10_000),
    "CALLDATACOPY of 100000, far": _copy(100_000),
    "CALLDATACOPY of 100000, near": _copy(100_000, 100),
    "CALLDATACOPY of 1900000, far": _copy(1_900_000),
    "copies from call to call": _nested_copies,
    "RETURNDATACOPY from far": _returned_region,
    "CALL, child fails": lambda: _calls(_empty_child()),
    "CALL, child returns": lambda: _calls(_returning_child()),
    "CALL, no such contract": lambda: _calls(None),
    "STATICCALL": lambda: _calls(_returning_child(), name="STATICCALL"),
    "CALL, child with a large memory": lambda: _calls(_large_child(), gas=1_000),
    "RETURN of all memory": _returns_all_memory,
    "deep calls": _deep_calls,
    "SLOAD chain": _storage_reads,
    "NULLIFIEREXISTS chain": _nullifier_reads,
    "NOTEHASHEXISTS": _leaf_reads("NOTEHASHEXISTS"),
    "L1TOL2MSGEXISTS": _leaf_reads("L1TOL2MSGEXISTS"),
    "GETCONTRACTINSTANCE": _instances,
    "SSTORE, warm": _warm_writes,
    "SSTORE until refused": _writes_until_refused("SSTORE", 3, 1, cells={3: (FF, 5)}),
    "EMITNULLIFIER until refused": _writes_until_refused("EMITNULLIFIER", 1, cells={}),
    "EMITNOTEHASH until refused": _writes_until_refused("EMITNOTEHASH", 1, cells={}),
    "SENDL2TOL1MSG until refused": _writes_until_refused("SENDL2TOL1MSG", 3, 1, cells={3: (FF, 5)}),
    "EMITPUBLICLOG, empty": lambda: _repeat({1: (U32, 0)}, "EMITPUBLICLOG", 1, 2),
    "EMITPUBLICLOG, reverted": _reverted_logs,
    "POSEIDON2": lambda: _repeat({}, "POSEIDON2", 1, 1),
    "SHA256COMPRESSION": lambda: _loop(
        {cell: (U32, 0xFFFFFFFF - cell) for cell in range(1, 25)},
        lambda code: code.op("SHA256COMPRESSION", 1, 1, 9),
        1,
    ),
    "KECCAKF1600": lambda: _loop(
        {cell: (U64, (1 << 64) - cell) for cell in range(1, 26)}, lambda code: code.op("KECCAKF1600", 1, 1), 1
    ),
    "ECADD": _point_additions,
    "TORADIXBE, 256 bits": _radix(256, 2, 1),
    "TORADIXBE, 32 bytes": _radix(32, 256),
    "TORADIXBE, 77 decimals": _radix(77, 10),
    "TORADIXBE, 100000 limbs": _radix(100_000, 2, 1),
    "DEBUGLOG": lambda: _debug_logs(0, 0),
    "DEBUGLOG, not collected": lambda: dataclasses.replace(_debug_logs(0, 0), collects_debug_logs=False),
    "DEBUGLOG of 100000 fields": lambda: _debug_logs(0, 100_000),
    "DEBUGLOG, message of 60000": lambda: _debug_logs(60_000, 1),
    "DEBUGLOG, bad at the end": lambda: _fresh_pages(log=True),
    "cold code": _cold_code,
    "many hot paths": lambda: _many_hot_paths(lambda code: code.op("ADD_8", 10, 11, 10)),
    "many hot paths, pointers": lambda: _many_hot_paths(
        lambda code: code.op("EQ_8", 2, 2, At(5, indirect=True)), 92
    ),
    "compiled for other tags": _wrongly_trained,
    "after all is compiled": _budget_then_plain,
}
"""All of them, by what they do."""
