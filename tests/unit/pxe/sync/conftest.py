from __future__ import annotations

import pytest

from aztecd.storage import MemoryStore
from tests.support.pxe_chain import FakeChain, LoopThread, open_keys


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def loop():
    with LoopThread() as running:
        yield running


@pytest.fixture
def keys():
    return open_keys(MemoryStore())
