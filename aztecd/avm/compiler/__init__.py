"""The fast form of the machine: hot paths of a program as Python code objects.

Responsible for: noticing where a program spends its time, recording one pass over such a path (the plain
machine executes it meanwhile), and compiling the path for the branches taken and the tags seen. Compiled
code checks everything that it assumes, and hands back to the plain machine, before the instruction in
question, whatever it was not made for: another tag, a pointer into the frame, an error, the end of the gas.
So every halt, message and unusual case comes from one place, the functions of `aztecd.avm.instructions`.

Not for: semantics of its own. Results equal those of the plain machine, instruction counts included.
"""

from __future__ import annotations

from aztecd.avm.compiler.blocks import Block, CompilationBudget, CompiledBlocks

__all__ = ["Block", "CompilationBudget", "CompiledBlocks"]
