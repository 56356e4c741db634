"""Hashes, point addition, radix decomposition: each reads all its input before it writes.

Authority: @aztec/simulator src/public/avm/opcodes/hashing.ts, ec_add.ts, conversion.ts; texts of the native
simulator (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.addressing import require_tag, resolve
from aztecd.avm.errors import ExceptionalHalt
from aztecd.avm.memory import MEMORY_SIZE
from aztecd.avm.tags import FF, U1, U8, U32, U64
from aztecd.crypto import grumpkin, keccak, poseidon2, sha256
from aztecd.crypto.field import FR_MODULUS
from aztecd.crypto.radix import to_radix_be

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["ec_add", "keccak_f1600", "poseidon2_permutation", "sha256_compression", "to_radix"]

_POSEIDON2_CELLS: Final = 4
_SHA256_STATE_CELLS: Final = 8
_SHA256_BLOCK_CELLS: Final = 16
_KECCAK_LANES: Final = 25
_GAS_PER_LIMB: Final = 3
_MAX_RADIX: Final = 256


def _digits_of_modulus(radix: int) -> int:
    count, rest = 0, FR_MODULUS
    while rest:
        rest //= radix
        count += 1
    return count


_MODULUS_DIGITS: Final = (0, 0, *(_digits_of_modulus(radix) for radix in range(2, _MAX_RADIX + 1)))
"""How many digits the modulus has, by radix up to 256; greater ones count as 256."""


def poseidon2_permutation(frame: Frame, instruction: Instruction) -> None:
    """Permute four field elements."""
    # OPERANDS
    source, target = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    prefix = "Poseidon2 permutation failed: Poseidon2Exception: "
    if source + _POSEIDON2_CELLS > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Read address out of range")
    if target + _POSEIDON2_CELLS > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Write address out of range")
    if any(memory.tags_of_range(source, _POSEIDON2_CELLS)):
        raise ExceptionalHalt(f"{prefix}An input tag is not FF")
    state = memory.read_range(source, _POSEIDON2_CELLS)
    memory.write_range(target, FF, list(poseidon2.permute_ints(*state)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def sha256_compression(frame: Frame, instruction: Instruction) -> None:
    """Compress a block of 16 words into a state of 8."""
    # OPERANDS
    target, state, block = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    prefix = "Sha256 Compression failed: Sha256CompressionException: "
    if (
        max(target + _SHA256_STATE_CELLS, state + _SHA256_STATE_CELLS, block + _SHA256_BLOCK_CELLS)
        > MEMORY_SIZE
    ):
        raise ExceptionalHalt(f"{prefix}Memory address out of range for sha256 compression.")
    if any(tag != U32 for tag in memory.tags_of_range(state, _SHA256_STATE_CELLS)):
        raise ExceptionalHalt(f"{prefix}Invalid tag for sha256 state values.")
    if any(tag != U32 for tag in memory.tags_of_range(block, _SHA256_BLOCK_CELLS)):
        raise ExceptionalHalt(f"{prefix}Invalid tag for sha256 input values.")
    compressed = sha256.compress(
        memory.read_range(state, _SHA256_STATE_CELLS), memory.read_range(block, _SHA256_BLOCK_CELLS)
    )
    memory.write_range(target, U32, compressed)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def keccak_f1600(frame: Frame, instruction: Instruction) -> None:
    """Permute 25 lanes of 64 bits; lane index is x + 5y."""
    # OPERANDS
    target, source = resolve(frame, instruction)
    memory = frame.memory

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    prefix = "Keccak permutation failed: Error in KeccakF1600 permutation: "
    if source + _KECCAK_LANES > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Read slice out of range: {source}")
    if target + _KECCAK_LANES > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}Write slice out of range: {target}")
    for address, tag in enumerate(memory.tags_of_range(source, _KECCAK_LANES), source):
        if tag != U64:
            raise ExceptionalHalt(f"{prefix}Read slice tag invalid - addr: {address} tag: {tag}")
    memory.write_range(target, U64, keccak.permute(memory.read_range(source, _KECCAK_LANES)))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def ec_add(frame: Frame, instruction: Instruction) -> None:
    """Add two Grumpkin points; one that is flagged infinite is the identity whatever its coordinates are."""
    # OPERANDS
    *operands, target = resolve(frame, instruction)
    expected = (FF, FF, U1, FF, FF, U1)
    p_x, p_y, p_infinite, q_x, q_y, q_infinite = (
        require_tag(frame, operand, tag, position)
        for position, (operand, tag) in enumerate(zip(operands, expected, strict=True))
    )

    # GAS
    frame.charge(instruction.l2_gas, instruction.da_gas)

    # OPERATION
    prefix = "Embedded curve add failed: EccException: Add failed: "
    if target + 3 > MEMORY_SIZE:
        raise ExceptionalHalt(f"{prefix}dst address out of range")
    if not (
        (p_infinite or grumpkin.is_on_curve_ints(p_x, p_y))
        and (q_infinite or grumpkin.is_on_curve_ints(q_x, q_y))
    ):
        raise ExceptionalHalt(f"{prefix}One of the points is not on the curve")
    x, y, is_infinite = grumpkin.add_affine(p_x, p_y, p_infinite, q_x, q_y, q_infinite)
    frame.memory.write(target, FF, x)
    frame.memory.write(target + 1, FF, y)
    frame.memory.write(target + 2, U1, int(is_infinite))

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc


def to_radix(frame: Frame, instruction: Instruction) -> None:
    """Write the digits of a field element, most significant first, as U8, or as U1 for bits."""
    # OPERANDS
    value_operand, radix_operand, limbs_operand, bits_operand, target = resolve(frame, instruction)
    value = require_tag(frame, value_operand, FF, 0)
    radix = require_tag(frame, radix_operand, U32, 1)
    limbs = require_tag(frame, limbs_operand, U32, 2)
    is_bits = require_tag(frame, bits_operand, U1, 3)

    # GAS
    digits_of_modulus = _MODULUS_DIGITS[min(radix, _MAX_RADIX)]
    frame.charge(instruction.l2_gas + _GAS_PER_LIMB * max(limbs, digits_of_modulus), instruction.da_gas)

    # OPERATION
    prefix = "ToRadixBe gadget failed: ToRadix Exception: "
    if (
        target + limbs > MEMORY_SIZE
        or not 2 <= radix <= _MAX_RADIX
        or (limbs == 0 and value != 0)
        or (is_bits and radix != 2)
    ):
        raise ExceptionalHalt(f"{prefix}Invalid parameters for ToRadix")
    digits = to_radix_be(value, radix, limbs)
    if digits is None:
        raise ExceptionalHalt(f"{prefix}Truncation error")
    frame.memory.write_range(target, U1 if is_bits else U8, digits)

    # PROGRAM COUNTER
    frame.pc = instruction.next_pc
