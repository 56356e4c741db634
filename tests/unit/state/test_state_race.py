from __future__ import annotations

import pytest

from aztecd.state import history
from aztecd.storage import MemoryStore
from tests.support.state_race import race


@pytest.mark.parametrize("cache_entries", [65_536, 64])
@pytest.mark.parametrize("with_rewinds", [False, True])
def test_readers_see_whole_blocks_only(monkeypatch, with_rewinds, cache_entries):
    monkeypatch.setattr(history, "_CACHE_ENTRIES", cache_entries)
    race(MemoryStore(), with_rewinds=with_rewinds)
