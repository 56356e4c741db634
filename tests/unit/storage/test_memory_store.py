from __future__ import annotations

import pytest

from aztecd.storage import SCHEMA_VERSION, MemoryStore, Prefix, StoreVersionError, check_schema
from tests.support.store_contract import CHECKS, put_all


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check):
    check(MemoryStore())


def test_size_counts_keys_and_values():
    store = MemoryStore()
    put_all(store, {b"ab": b"cde", b"f": b"", b"x": b"yz"})
    put_all(store, {b"ab": b"c", b"x": None})
    assert store.size_bytes() == 4


def test_schema_is_written_once_and_checked():
    store = MemoryStore()
    check_schema(store)
    check_schema(store)
    ((key, value),) = list(store.iterate(start=b"", stop=b"\xff"))
    assert int.from_bytes(value, "big") == SCHEMA_VERSION
    put_all(store, {key: (SCHEMA_VERSION + 1).to_bytes(4, "big")})
    with pytest.raises(StoreVersionError, match=f"has layout version {SCHEMA_VERSION + 1}"):
        check_schema(store)


def test_foreign_content_is_refused():
    store = MemoryStore()
    put_all(store, {b"hello": b"world"})
    with pytest.raises(StoreVersionError, match="did not write"):
        check_schema(store)


def test_prefixes_lie_in_their_ranges():
    for prefix in Prefix:
        name = prefix.name.partition("_")[0]
        ranges = {
            "STORE": (0x01, 0x0F),
            "STATE": (0x10, 0x1F),
            "CHAIN": (0x20, 0x4F),
            "MEMPOOL": (0x50, 0x5F),
            "PXE": (0x70, 0x8F),
            "WALLET": (0x70, 0x8F),
        }
        low, high = ranges.get(name, (0x60, 0x6F))
        assert low <= prefix <= high, prefix
        assert prefix.key == bytes([prefix])
