"""The world state on LevelDB."""

from __future__ import annotations

import pytest

from aztecd.state import TreeId, WorldState
from aztecd.storage import LevelStore
from tests.support.lifecycle import Player, steps
from tests.support.state_race import commit, race

pytestmark = pytest.mark.integration


def test_recorded_life_of_a_world_state(tmp_path):
    store = LevelStore.open(tmp_path)
    player = Player(store)
    for step in steps():
        player.play(step)
    store.close()


def test_recorded_life_with_a_restart_after_every_change(tmp_path):
    stores = [LevelStore.open(tmp_path)]

    def reopen():
        stores[-1].close()
        stores.append(LevelStore.open(tmp_path))
        return stores[-1]

    player = Player(stores[0], reopen)
    for step in steps():
        player.play(step)
    stores[-1].close()


@pytest.mark.parametrize("with_rewinds", [False, True])
def test_readers_see_whole_blocks_only(tmp_path, with_rewinds):
    store = LevelStore.open(tmp_path)
    race(store, with_rewinds=with_rewinds)
    store.close()


def test_roots_survive_a_restart(tmp_path):
    store = LevelStore.open(tmp_path)
    world = WorldState.open(store)
    for _ in range(5):
        commit(world, 1)
    roots = [[world.at(block).root(tree) for tree in TreeId] for block in range(6)]
    store.close()
    store = LevelStore.open(tmp_path)
    world = WorldState.open(store)
    assert [[world.at(block).root(tree) for tree in TreeId] for block in range(6)] == roots
    fork = world.fork()
    fork.append_note_hashes([])
    assert [fork.root(tree) for tree in TreeId] == roots[5]
    store.close()
