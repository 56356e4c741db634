"""Random private programs: most run for a while, and meddle with cells that others use."""

from __future__ import annotations

from random import Random
from typing import Any

from aztecd.crypto.field import FR_MODULUS
from tests.support import acvm_assembler as asm

RETURNED = 48
"""Cells of the memory that a random unconstrained function gives back."""

_WIDTHS = (1, 8, 32, 32, 32, 64, 128)
_INTEGER = (
    *("Add", "Add", "Add", "Add", "Sub", "Sub", "Mul", "Div"),
    *("Equals", "LessThan", "LessThanEquals", "And", "Or", "Xor", "Shl", "Shr"),
)
_FIELD = ["Add", "Sub", "Mul", "Div", "IntegerDiv", "Equals", "LessThan", "LessThanEquals"]


def random_brillig(rng: Random) -> list[Any]:
    """Write an unconstrained function of about fifty opcodes with loops, calls and stray pointers."""
    count = rng.randint(5, 60)
    has_stack = rng.random() < 0.7
    # Sometimes the frame lies among the cells that are addressed directly.
    base = rng.choice((0, 3, 9, 16, 20, 24, 40)) if has_stack else 0
    code = [asm.const(2, 1), asm.const(1, rng.choice((30, 200, 5000)))]
    if has_stack:
        code.append(asm.const(0, base))
    code += [asm.const(7, 3), asm.const(8, 0), asm.calldata_copy(rng.randrange(40), 7, 8)]
    start = len(code)
    code += [_opcode(rng, start, start + count) for _ in range(count)]
    code += [asm.const(9, 0), asm.const(10, RETURNED), asm.stop(9, 10)]
    return code


def random_program(rng: Random) -> tuple[bytes, list[int], list[Any]]:
    """Give an unconstrained function as a program, its parameters, and answers of the oracle."""
    initial = [_value(rng) for _ in range(3)]
    answers = [[_value(rng) % (1 << 32)] for _ in range(64)]
    return asm.unconstrained(random_brillig(rng), initial, RETURNED), initial, answers


def random_circuit(rng: Random) -> tuple[bytes, list[int], list[Any]]:
    """Give a circuit whose opcodes mostly solve one witness each."""
    known = list(range(4))
    opcodes: list[Any] = [asm.memory_init(0, known)]
    functions = [random_brillig(rng)]
    fresh = 4
    for _ in range(rng.randint(1, 30)):
        sources = [rng.choice(known) for _ in range(3)]
        solves = rng.random() < 0.8
        target = fresh if solves else rng.choice(known)
        before = fresh
        match rng.randrange(9):
            case 0 | 1 | 2:
                terms = [(_coefficient(rng), w) for w in sources[: rng.randint(0, 3)]]
                terms.append((_coefficient(rng), target))
                products = [(_coefficient(rng), *rng.sample(sources, 2))] if rng.random() < 0.5 else []
                opcodes.append(asm.assert_zero(*terms, products=products, constant=_coefficient(rng)))
            case 3:
                product = (_coefficient(rng), sources[0], target)
                opcodes.append(
                    asm.assert_zero((1, sources[1]), products=[product], constant=rng.randrange(3))
                )
            case 4:
                opcodes.append(
                    asm.black_box("RANGE", asm.witness(sources[0]), rng.choice((1, 8, 128, 253, 254)))
                )
                target = -1
            case 5:
                place = (
                    asm.expression((1, sources[0]))
                    if rng.random() < 0.3
                    else asm.expression(constant=rng.randrange(5))
                )
                is_write = rng.random() < 0.5
                value = asm.expression((1, sources[1])) if is_write else asm.expression((1, target))
                opcodes.append(asm.memory_op(rng.randrange(8) // 7, is_write, place, value))
                target = -1 if is_write else target
            case 6:
                name = rng.choice(("AND", "XOR"))
                opcodes.append(asm.black_box(name, *map(asm.witness, sources[:2]), 254, target))
            case 7:
                outputs = range(fresh, fresh + RETURNED)
                predicate = rng.choice((None, asm.expression((1, sources[2])), asm.expression()))
                inputs = [asm.expression((1, w)) for w in sources]
                opcodes.append(asm.brillig_call(0, inputs, outputs, predicate))
                known += outputs
                fresh += RETURNED
                target = -1
            case _:
                outputs = [*range(fresh, fresh + 3), target if target != fresh else fresh + 3]
                inputs = [asm.witness(w) for w in [*sources, sources[0]]]
                opcodes.append(asm.black_box("Poseidon2Permutation", inputs, outputs))
                known += range(fresh, fresh + 4)
                fresh += 4
                target = -1
        if target == before:
            known.append(target)
            fresh = before + 1
    message = [{"Acir": rng.randrange(30)}, [5, [{"Expression": asm.expression((1, rng.randrange(fresh)))}]]]
    bytecode = asm.program(opcodes, 4, functions, messages=[message], witnesses=fresh + 8)
    return bytecode, [_value(rng) for _ in range(4)], [[rng.randrange(1 << 32)] for _ in range(2000)]


def _coefficient(rng: Random) -> int:
    return rng.choice((0, 1, -1, 2, FR_MODULUS // 2, rng.randrange(FR_MODULUS)))


def _value(rng: Random) -> int:
    return rng.choice((0, 1, 2, rng.randrange(50), 1 << 32, FR_MODULUS - 1, rng.randrange(FR_MODULUS)))


def _cell(rng: Random) -> asm.Cell:
    if rng.random() < 0.5:
        return rng.randrange(26)
    return f"s+{rng.randrange(12)}"


def _opcode(rng: Random, start: int, end: int) -> Any:
    target, left, right, third = (_cell(rng) for _ in range(4))
    if isinstance(target, int) and target < 3 and rng.random() < 0.8:
        target = "s+4"
    width = rng.choice(_WIDTHS)
    match rng.randrange(24):
        case 0 | 1 | 2:
            return asm.const(target, rng.choice((0, 1, 3, rng.randrange(60), rng.randrange(1 << 32))))
        case 3 | 4:
            return asm.mov(target, left)
        case 5 | 6 | 7:
            return asm.integer(target, rng.choice(_INTEGER), width, left, right)
        case 8:
            return asm.field(target, rng.choice(_FIELD), left, right)
        case 9:
            return asm.invert(target, left, width)
        case 10:
            return asm.cast(target, left, rng.choice((0, *_WIDTHS)))
        case 11:
            return asm.conditional_mov(target, left, right, third)
        case 12 | 13:
            return asm.load(target, left)
        case 14 | 15:
            return asm.store(left, right)
        case 16:
            return asm.indirect_const(left, rng.randrange(100))
        case 17 | 18:
            return asm.jump_if(left, rng.randrange(start, end))
        case 19:
            return rng.choice((asm.jump, asm.call))(rng.randrange(start, end))
        case 20:
            return asm.RETURN if rng.random() < 0.2 else asm.jump_if(left, rng.randrange(start, end))
        case 21:
            return asm.foreign_call("ask", [asm.single(target, 32)], [asm.single(left)])
        case 22:
            return asm.calldata_copy(target, 2, 8) if rng.random() < 0.5 else asm.trap(2, 2)
        case _:
            return asm.inner_black_box("Poseidon2Permutation", (left, 4), (right, 4))
