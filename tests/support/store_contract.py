"""What every key-value store must do; each engine's tests run all of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from aztecd.storage import StoreClosedError, prefix_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.storage import KeyValueStore

    Check = Callable[[KeyValueStore], None]


def put_all(store: KeyValueStore, items: dict[bytes, bytes | None]) -> None:
    batch = store.batch()
    for key, value in items.items():
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value)
    store.write(batch)


def check_last_write_of_a_batch_counts(store: KeyValueStore) -> None:
    batch = store.batch()
    batch.put(b"a", b"1")
    batch.delete(b"a")
    batch.put(b"b", b"1")
    batch.put(b"b", b"2")
    batch.delete(b"c")
    batch.put(b"c", b"3")
    assert len(batch) == 6
    assert store.get(b"b") is None, "a batch is invisible until it is written"
    store.write(batch, sync=True)
    assert [store.get(key) for key in (b"a", b"b", b"c")] == [None, b"2", b"3"]


def check_delete(store: KeyValueStore) -> None:
    put_all(store, {b"a": b"1", b"b": b""})
    put_all(store, {b"a": None, b"missing": None})
    assert store.get(b"a") is None
    assert store.get(b"b") == b""


def check_ranges_are_half_open(store: KeyValueStore) -> None:
    put_all(store, {b"a": b"1", b"b": b"2", b"ba": b"3", b"c": b"4"})
    assert list(store.iterate(start=b"a", stop=b"c")) == [(b"a", b"1"), (b"b", b"2"), (b"ba", b"3")]
    assert list(store.iterate(start=b"b", stop=b"c", reverse=True)) == [(b"ba", b"3"), (b"b", b"2")]
    assert list(store.iterate(start=b"a", stop=b"d", limit=2)) == [(b"a", b"1"), (b"b", b"2")]
    assert list(store.iterate(start=b"a", stop=b"d", limit=0)) == []
    assert list(store.iterate(start=b"c", stop=b"b")) == []
    assert store.first(b"aa", b"c") == (b"b", b"2")
    assert store.last(b"a", b"c") == (b"ba", b"3")
    assert store.first(b"d", b"e") is None
    assert store.last(b"", b"a") is None


def check_random_operations_against_a_dict(store: KeyValueStore) -> None:
    rng = random.Random(5)
    model: dict[bytes, bytes] = {}
    for _ in range(30):
        changes: dict[bytes, bytes | None] = {}
        for _ in range(rng.choice([1, 5, 300])):
            key = bytes(rng.randrange(4) for _ in range(rng.randrange(6)))
            changes[key] = rng.randbytes(rng.randrange(8)) if rng.random() < 0.6 else None
        put_all(store, changes)
        for key, value in changes.items():
            if value is None:
                model.pop(key, None)
            else:
                model[key] = value
        low, high = sorted([rng.randbytes(2), bytes([rng.randrange(5)])])
        inside = sorted((key, value) for key, value in model.items() if low <= key < high)
        assert list(store.iterate(start=low, stop=high)) == inside
        assert list(store.iterate(start=low, stop=high, reverse=True)) == inside[::-1]
        assert store.first(low, high) == (inside[0] if inside else None)
        assert store.last(low, high) == (inside[-1] if inside else None)
    assert list(store.iterate(start=b"", stop=b"\xff")) == sorted(model.items())


def check_writing_while_iterating(store: KeyValueStore) -> None:
    put_all(store, {b"%04d" % number: b"x" for number in range(1000)})
    seen = 0
    for key, _ in store.iterate(start=b"", stop=b"\xff"):
        put_all(store, {key: None})
        seen += 1
    assert seen == 1000
    assert store.first(b"", b"\xff") is None


def check_abandoned_iterators_do_not_block(store: KeyValueStore) -> None:
    put_all(store, {b"a": b"1", b"b": b"2"})
    items = store.iterate(start=b"a", stop=b"z")
    next(items)
    items.close()
    store.close()


def check_use_after_close(store: KeyValueStore) -> None:
    batch = store.batch()
    batch.put(b"a", b"1")
    store.close()
    store.close()
    for operation in (
        lambda: store.get(b"a"),
        lambda: store.first(b"a", b"b"),
        lambda: store.last(b"a", b"b"),
        lambda: list(store.iterate(start=b"a", stop=b"b")),
        lambda: store.write(batch),
    ):
        with pytest.raises(StoreClosedError):
            operation()


def check_size(store: KeyValueStore) -> None:
    before = store.size_bytes()
    put_all(store, {b"key%d" % number: bytes(100) for number in range(100)})
    assert store.size_bytes() > before


def check_prefix_end(store: KeyValueStore) -> None:
    put_all(store, {b"\x01": b"", b"\x01\xff\xff": b"", b"\x02": b""})
    assert len(list(store.iterate(start=b"\x01", stop=prefix_end(b"\x01")))) == 2
    assert prefix_end(b"\x01\xff") == b"\x02"


CHECKS: list[Check] = [value for name, value in sorted(globals().items()) if name.startswith("check_")]
