"""The chain on LevelDB: the same records as in memory, there again after a restart."""

from __future__ import annotations

import pytest

from aztecd.chain import check
from aztecd.storage import LevelStore
from tests.support.chain_blocks import content
from tests.support.chain_sessions import SESSIONS, import_session, open_chain, session

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", SESSIONS)
def test_a_recorded_chain_is_there_again_after_a_restart(tmp_path, name):
    recorded = session(name)
    in_memory = import_session(recorded)
    engine = LevelStore.open(tmp_path / "store")
    tips = import_session(recorded, engine).tips()
    engine.close()
    engine = LevelStore.open(tmp_path / "store")
    try:
        again = open_chain(recorded, engine)
        assert again.tips() == tips == in_memory.tips()
        assert again.latest_header() == recorded.blocks[-1].header
        assert content(engine) == content(in_memory._store)
        assert again.blocks(1, 50) == list(recorded.blocks)
        assert check(engine) == []
        batch = engine.batch()
        again.stage_rewind(batch, 1)
        engine.write(batch)
        again.applied()
        assert again.blocks(1, 50) == [recorded.blocks[0]]
        assert check(engine) == []
    finally:
        engine.close()
