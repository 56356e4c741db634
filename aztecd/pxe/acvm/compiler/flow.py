"""Where unconstrained code leads to."""

from __future__ import annotations

from aztecd.pxe.acvm.opcodes import BrilligOpcode, Call, Jump, JumpIf, Return, Stop, Trap

__all__ = ["leads_to_trap"]

_FAR = 24


def leads_to_trap(opcodes: tuple[BrilligOpcode, ...], pc: int) -> bool:
    """Tell whether the code from here surely ends in a Trap, as far as a short look tells."""
    for _ in range(_FAR):
        if pc >= len(opcodes):
            return True
        match opcodes[pc]:
            case Trap():
                return True
            case Jump(target) | Call(target):
                # A call of a function that always fails; one that returns is left at its Return.
                pc = target
            case JumpIf() | Return() | Stop():
                return False
            case _:
                pc += 1
    return False
