"""The tutorial can be pasted into an interactive Python, where an empty line ends a loop."""

from __future__ import annotations

import ast
import codeop
import re
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[3] / "aztecd" / "docs" / "sdk.md"
BLOCKS = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)


def test_the_blocks_are_found():
    assert len(BLOCKS) > 8


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_can_be_pasted(block):
    compiler = codeop.CommandCompiler()
    compiler.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    pending = []
    for line in [*block.splitlines(), ""]:
        pending.append(line)
        if compiler("\n".join(pending), symbol="single") is not None:
            pending = []
    assert not pending
