from __future__ import annotations

import random

import pytest

from aztecd.pxe.stores import Stage
from aztecd.storage import MemoryStore, StoreIoError
from tests.support.store_contract import put_all


def content(store) -> dict[bytes, bytes]:
    return dict(store.iterate(start=b"", stop=b"\xff\xff"))


def test_writes_are_seen_by_the_job_only_until_they_are_committed():
    store = MemoryStore()
    put_all(store, {b"\x01a": b"1", b"\x01b": b"2"})
    stage = Stage(store)
    stage.put(b"\x01a", b"9")
    stage.delete(b"\x01b")
    stage.put(b"\x01c", b"3")
    assert [stage.get(key) for key in (b"\x01a", b"\x01b", b"\x01c")] == [b"9", None, b"3"]
    assert content(store) == {b"\x01a": b"1", b"\x01b": b"2"}
    stage.commit(sync=False)
    assert content(store) == {b"\x01a": b"9", b"\x01c": b"3"}
    assert len(stage) == 0


def test_dropped_writes_are_gone():
    store = MemoryStore()
    stage = Stage(store)
    stage.put(b"\x01a", b"1")
    stage.drop()
    assert stage.get(b"\x01a") is None
    stage.commit(sync=True)
    assert content(store) == {}


def test_a_failed_commit_keeps_the_writes_and_leaves_the_store_as_it_was():
    class Full(MemoryStore):
        broken = True

        def write(self, batch, *, sync=False):
            if self.broken:
                raise StoreIoError("no")
            super().write(batch, sync=sync)

    store = Full()
    stage = Stage(store)
    stage.put(b"\x01a", b"1")
    with pytest.raises(StoreIoError):
        stage.commit(sync=True)
    assert content(store) == {}
    store.broken = False
    stage.commit(sync=True)
    assert content(store) == {b"\x01a": b"1"}


def test_everything_goes_into_one_batch():
    class Counting(MemoryStore):
        batches = 0

        def write(self, batch, *, sync=False):
            Counting.batches += 1
            super().write(batch, sync=sync)

    stage = Stage(Counting())
    for prefix in range(1, 9):
        stage.put(bytes([prefix, 0]), b"x")
    stage.commit(sync=False)
    stage.commit(sync=False)
    assert Counting.batches == 1, "an empty stage writes nothing"


def test_scans_equal_those_of_a_store_that_has_the_writes():
    draw = random.Random(4)
    for _ in range(200):
        keys = [bytes([draw.randint(1, 2), draw.randint(0, 9)]) for _ in range(12)]
        stored = dict.fromkeys(keys[:6], b"old")
        written = {key: draw.choice([b"new", None]) for key in keys[6:]}
        store, plain = MemoryStore(), MemoryStore()
        put_all(store, stored)
        put_all(plain, {**stored, **written})
        stage = Stage(store)
        for key, value in written.items():
            if value is None:
                stage.delete(key)
            else:
                stage.put(key, value)
        assert stage.scan(b"\x01") == list(plain.iterate(start=b"\x01", stop=b"\x02"))
        start, stop = b"\x02" + bytes([draw.randint(0, 9)]), b"\x02" + bytes([draw.randint(0, 9)])
        assert stage.scan(start, stop) == list(plain.iterate(start=start, stop=stop))
        assert stage.has(b"\x01") == bool(list(plain.iterate(start=b"\x01", stop=b"\x02")))
