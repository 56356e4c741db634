from __future__ import annotations

import pytest

from aztecd.storage import MemoryStore
from tests.support.lifecycle import Player, steps


@pytest.mark.parametrize("reopens", [False, True])
def test_recorded_life_of_a_world_state(reopens):
    store = MemoryStore()
    player = Player(store, (lambda: store) if reopens else None)
    for number, step in enumerate(steps()):
        try:
            player.play(step)
        except Exception as error:
            raise AssertionError(f"step {number}: {step['op']} {step.get('query', '')}") from error
