"""From a circuit to the source of Python functions.

Which witness an opcode solves is known beforehand, because all parameters are known at the start and each
opcode makes its outputs known. So each opcode is one assignment or check, on a line of its own: the line
number of a failure gives the opcode.

Names in the source: `w` the witnesses, `M` the memory blocks, `U` runs an unconstrained function; `Leave`
is raised where the plain interpreter has to go on. Black boxes have their names in `BLACK_BOX_NAMES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aztecd.crypto.field import FR_MODULUS
from aztecd.pxe.acvm.compiler.directives import directive_of
from aztecd.pxe.acvm.opcodes import (
    AcirOpcode,
    AssertZero,
    BlackBoxCall,
    BrilligCall,
    BrilligFunction,
    Circuit,
    Expression,
    Input,
    MemoryArray,
    MemoryInit,
    MemoryOp,
)

__all__ = ["BLACK_BOX_NAMES", "CHUNK", "FIRST_LINE", "circuit_sources"]

CHUNK: Final = 400
"""Opcodes in a function: compiling takes more than linear time in its length."""
FIRST_LINE: Final = 2
"""The line of a chunk's first opcode."""
_MAX_SUM: Final = 256
"""Terms without parentheses: Python nests a sum as deep as it is long, and refuses what is too deep."""
BLACK_BOX_NAMES: Final = {
    "Poseidon2Permutation": "poseidon2_permute",
    "MultiScalarMul": "multi_scalar_multiply",
    "EmbeddedCurveAdd": "embedded_curve_add",
    "AES128Encrypt": "aes128_encrypt",
    "Sha256Compression": "sha256_compress",
    "Keccakf1600": "keccak_permute",
    "Blake2s": "blake2s",
    "EcdsaSecp256k1": "ecdsa_secp256k1",
    "EcdsaSecp256r1": "ecdsa_secp256r1",
}

_P: Final = FR_MODULUS
_LEAVE: Final = "raise Leave"


def circuit_sources(circuit: Circuit, functions: tuple[BrilligFunction, ...]) -> Iterable[str]:
    """Give the source of one function for each `CHUNK` opcodes."""
    writer = _Writer(circuit, [directive_of(function) for function in functions])
    for start in range(0, len(circuit.opcodes), CHUNK):
        lines = [writer.line(opcode) for opcode in circuit.opcodes[start : start + CHUNK]]
        yield "def chunk(w, M, U):\n " + "\n ".join(lines) + "\n"


class _Writer:
    """Writes opcodes in order. Mutable: knows which witnesses are solved."""

    def __init__(self, circuit: Circuit, directives: list[str | None]) -> None:
        self._known = set(circuit.parameters)
        self._directives = directives

    def line(self, opcode: AcirOpcode) -> str:
        """Write one opcode as one line."""
        match opcode:
            case AssertZero(expression):
                return self._assert_zero(expression)
            case BlackBoxCall():
                return self._black_box(opcode)
            case MemoryInit(block, witnesses):
                if not self._known.issuperset(witnesses):
                    return _LEAVE
                return f"M[{block}] = [{', '.join(f'w[{witness}]' for witness in witnesses)}]"
            case MemoryOp():
                return self._memory(opcode)
            case BrilligCall():
                return self._brillig(opcode)

    # Opcodes.

    def _assert_zero(self, expression: Expression) -> str:
        products, terms, constant = expression
        known = self._known
        unknown = {witness for _, witness in terms if witness not in known}
        for _, left, right in products:
            if left not in known:
                unknown.add(left)
            if right not in known:
                unknown.add(right)
        if not unknown:
            return f"if {_reduced(_sum(expression))}: {_LEAVE}"
        if len(unknown) > 1:
            return _LEAVE
        (target,) = unknown
        factor = sum(c for c, witness in terms if witness == target) % _P
        rest = Expression(
            tuple([p for p in products if target not in p[1:]]),
            tuple([t for t in terms if t[1] != target]),
            constant,
        )
        factors = tuple(
            [(c, right if left == target else left) for c, left, right in products if target in (left, right)]
        )
        if any(witness == target for _, witness in factors):
            return _LEAVE
        if factors:
            known.add(target)
            return f"w[{target}] = solved({_reduced(_sum(Expression((), factors, factor)))}, {_sum(rest)})"
        if not factor:
            return _LEAVE
        known.add(target)
        # The rest over -factor, spread over the coefficients: then there is one reduction and no division.
        scale = -pow(factor, -1, _P) % _P
        scaled = Expression(
            tuple([(c * scale % _P, left, right) for c, left, right in rest.products]),
            tuple([(c * scale % _P, witness) for c, witness in rest.terms]),
            rest.constant * scale % _P,
        )
        return f"w[{target}] = {_reduced(_sum(scaled))}"

    def _black_box(self, opcode: BlackBoxCall) -> str:
        used = {item.witness for group in opcode.inputs for item in group if item.witness is not None}
        if not self._known.issuperset(used):
            return _LEAVE
        groups = opcode.inputs
        match opcode.name:
            case "RANGE":
                value = _input(groups[0][0])
                return f"if {value}{' >> ' + str(opcode.bits) if opcode.bits else ''}: {_LEAVE}"
            case "AND" | "XOR":
                name = "bitwise_and" if opcode.name == "AND" else "bitwise_xor"
                call = f"[{name}({_input(groups[0][0])}, {_input(groups[1][0])}, {opcode.bits})]"
            case name:
                arguments = ", ".join(f"[{', '.join(_input(item) for item in group)}]" for group in groups)
                call = f"{BLACK_BOX_NAMES[name]}({arguments})"
        return self._assignment(opcode.outputs, call)

    def _memory(self, opcode: MemoryOp) -> str:
        if not self._knows(opcode.place):
            return _LEAVE
        cell = f"M[{opcode.block}][{_reduced(_sum(opcode.place))}]"
        if opcode.is_write:
            return f"{cell} = {_reduced(_sum(opcode.value))}" if self._knows(opcode.value) else _LEAVE
        target = opcode.value.terms[0][1]
        if target in self._known:
            return f"if {cell} != w[{target}]: {_LEAVE}"
        self._known.add(target)
        return f"w[{target}] = {cell}"

    def _brillig(self, opcode: BrilligCall) -> str:
        expressions = [item for item in opcode.inputs if not isinstance(item, MemoryArray)]
        if not all(self._knows(expression) for expression in (opcode.predicate, *expressions)):
            return _LEAVE
        inputs = [
            f"*M[{item.block}]" if isinstance(item, MemoryArray) else _reduced(_sum(item))
            for item in opcode.inputs
        ]
        directive = self._directives[opcode.function]
        count = len(opcode.outputs)
        if (
            directive is not None
            and len(inputs) == len(expressions)
            and (len(inputs), count) == _DIRECTIVES[directive]
        ):
            call = f"{directive}({', '.join(inputs)})"
        else:
            call = f"U({opcode.function}, [{', '.join(inputs)}], {count})"
        predicate = opcode.predicate
        if predicate != _ALWAYS:
            call = f"{call} if {_reduced(_sum(predicate))} else {_zeros(count)}"
        return self._assignment(opcode.outputs, call)

    def _assignment(self, outputs: tuple[int, ...], call: str) -> str:
        """Write outputs, which must all be new: a second value would have to be compared."""
        if not outputs:
            return call
        if len(set(outputs)) != len(outputs) or not self._known.isdisjoint(outputs):
            return _LEAVE
        self._known.update(outputs)
        return f"{', '.join(f'w[{output}]' for output in outputs)}{',' if len(outputs) == 1 else ''} = {call}"

    def _knows(self, expression: Expression) -> bool:
        known = self._known
        return all(left in known and right in known for _, left, right in expression.products) and all(
            witness in known for _, witness in expression.terms
        )


_ALWAYS: Final = Expression((), (), 1)
_DIRECTIVES: Final = {"inverse": (1, 1), "divmod": (2, 2)}
"""Numbers of inputs and outputs of those that have a short form."""


def _zeros(count: int) -> str:
    return f"({'0, ' * count})" if count <= 4 else f"[0] * {count}"


def _input(item: Input) -> str:
    return str(item.constant) if item.witness is None else f"w[{item.witness}]"


def _sum(expression: Expression) -> str:
    """Write an expression, not reduced; coefficients near the modulus are negative then, and small."""
    products, terms, constant = expression
    parts = [_scaled(c, f"w[{left}] * w[{right}]") for c, left, right in products]
    parts += [_scaled(c, f"w[{witness}]") for c, witness in terms]
    if constant or not parts:
        parts.append(str(_signed(constant)))
    while len(parts) > _MAX_SUM:
        parts = [f"({_joined(parts[i : i + _MAX_SUM])})" for i in range(0, len(parts), _MAX_SUM)]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return " + ".join(parts).replace("+ -", "- ")


def _scaled(coefficient: int, text: str) -> str:
    signed = _signed(coefficient)
    if signed == 1:
        return text
    return f"-{text}" if signed == -1 else f"{signed} * {text}"


def _signed(value: int) -> int:
    return value - _P if value > _P // 2 else value


def _reduced(text: str) -> str:
    """Write a sum reduced; a single witness or a small constant is so already."""
    if text.isdecimal() or (text.startswith("w[") and " " not in text):
        return text
    return f"({text}) % {_P}"
