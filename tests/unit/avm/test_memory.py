"""Tagged memory: a model of one dictionary must agree, wherever the cells lie."""

from __future__ import annotations

import random

import pytest

from aztecd.avm.memory import MEMORY_SIZE, Memory
from aztecd.avm.tags import FF, U8, U32

_PLACES = (0, 1_000, 4_090, 131_060, 131_072, 1 << 24, MEMORY_SIZE - 70)


@pytest.mark.parametrize("depth", [0, 40])
def test_memory_agrees_with_a_dictionary(depth):
    chance = random.Random(7)
    memory, model = Memory(depth), {}
    for _ in range(3_000):
        address = chance.choice(_PLACES) + chance.randrange(70)
        count = chance.randrange(1, 1 + min(90, MEMORY_SIZE - address))
        tag = chance.choice((FF, U8, U32))
        match chance.randrange(4):
            case 0:
                memory.write(address, tag, count)
                model[address] = (tag, count)
            case 1:
                values = [chance.randrange(200) for _ in range(count)]
                memory.write_range(address, tag, values)
                model |= {address + i: (tag, value) for i, value in enumerate(values)}
            case 2:
                cells = [model.get(address + i, (FF, 0)) for i in range(count)]
                assert memory.read_range(address, count) == [value for _, value in cells]
                assert memory.tags_of_range(address, count) == [tag for tag, _ in cells]
            case _:
                assert (memory.tag(address), memory.value(address)) == model.get(address, (FF, 0))


def test_a_wrapped_range_goes_on_at_the_start():
    memory = Memory()
    memory.write(MEMORY_SIZE - 1, FF, 5)
    memory.write(0, FF, 6)
    assert memory.wrapped_range(MEMORY_SIZE - 2, 4) == [0, 5, 6, 0]


def test_far_cells_cost_memory_where_they_are_touched():
    memory = Memory()
    memory.write(MEMORY_SIZE - 1, U8, 1)
    memory.write(1 << 30, U8, 1)
    assert len(memory.values) == 1 << 10
    assert len(memory._far) == 2
