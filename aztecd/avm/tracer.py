"""Observe execution: a tracer sees each call and each instruction. Without one nothing is paid for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aztecd.avm.bytecode import Instruction
    from aztecd.avm.frame import Frame

__all__ = ["Tracer"]


class Tracer(Protocol):
    """What the machine tells while it runs. The frames are live: take what is needed, change nothing."""

    def call_started(self, frame: Frame) -> None:
        """Take note of a call that is about to run its first instruction, or that got no code."""
        ...

    def instruction(self, frame: Frame, instruction: Instruction) -> None:
        """Take note of an instruction that is about to be executed, at `frame.pc`, with the gas before it."""
        ...

    def call_ended(self, frame: Frame) -> None:
        """Take note of a call that ended; `frame.ending` says how."""
        ...
