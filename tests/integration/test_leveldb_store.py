from __future__ import annotations

import subprocess
import sys

import pytest

from aztecd.storage import (
    LevelStore,
    StoreClosedError,
    StoreCorruptError,
    StoreIoError,
    StoreLockedError,
    StoreVersionError,
)
from tests.support.store_contract import CHECKS, put_all

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check, tmp_path):
    store = LevelStore.open(tmp_path / "store")
    ((key, _),) = list(store.iterate(start=b"", stop=b"\xff"))
    put_all(store, {key: None})
    try:
        check(store)
    finally:
        store.close()


def test_content_survives_reopening(tmp_path):
    store = LevelStore.open(tmp_path / "new" / "store")
    put_all(store, {b"\x20a": b"1"})
    store.close()
    store = LevelStore.open(tmp_path / "new" / "store")
    assert store.get(b"\x20a") == b"1"
    store.close()


def test_second_opener_is_refused(tmp_path):
    store = LevelStore.open(tmp_path)
    with pytest.raises(StoreLockedError, match="in use by another process"):
        LevelStore.open(tmp_path)
    store.close()


def test_second_process_is_refused(tmp_path):
    store = LevelStore.open(tmp_path)
    code = (
        "import sys, pathlib\n"
        "from aztecd.storage import LevelStore, StoreLockedError\n"
        "try: LevelStore.open(pathlib.Path(sys.argv[1]))\n"
        "except StoreLockedError: sys.exit(17)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 17
    store.close()


def test_other_version_is_refused_and_released(tmp_path):
    store = LevelStore.open(tmp_path)
    ((key, _),) = list(store.iterate(start=b"", stop=b"\xff"))
    put_all(store, {key: b"\xff\xff\xff\xff"})
    store.close()
    for _ in range(2):
        with pytest.raises(StoreVersionError):
            LevelStore.open(tmp_path)


def filled(path):
    """Make a store with content in a table file; a second opening moves the log there."""
    store = LevelStore.open(path)
    put_all(store, {b"\x20%06d" % number: bytes([number % 251]) * 100 for number in range(5000)})
    store.close()
    LevelStore.open(path).close()
    tables = sorted(path.glob("*.ldb"))
    assert tables
    return tables


def test_truncated_table_is_reported(tmp_path):
    for table in filled(tmp_path):
        table.write_bytes(table.read_bytes()[: table.stat().st_size // 2])

    def read_all():
        store = LevelStore.open(tmp_path)
        try:
            list(store.iterate(start=b"", stop=b"\xff"))
        finally:
            store.close()

    with pytest.raises(StoreCorruptError, match="is damaged"):
        read_all()


def test_missing_table_is_reported(tmp_path):
    for table in filled(tmp_path):
        table.unlink()
    with pytest.raises(StoreCorruptError, match="restore a copy"):
        LevelStore.open(tmp_path)


def test_missing_manifest_is_reported(tmp_path):
    filled(tmp_path)
    for manifest in tmp_path.glob("MANIFEST-*"):
        manifest.unlink()
    with pytest.raises(StoreCorruptError):
        LevelStore.open(tmp_path)


def test_flipped_bytes_are_reported(tmp_path):
    for table in filled(tmp_path):
        data = bytearray(table.read_bytes())
        for offset in range(8192, len(data) // 2, 64):
            data[offset] ^= 0x55
        table.write_bytes(data)
    store = LevelStore.open(tmp_path)
    with pytest.raises(StoreCorruptError):
        list(store.iterate(start=b"", stop=b"\xff"))
    with pytest.raises(StoreCorruptError):
        store.get(b"\x20001000")
    with pytest.raises(StoreCorruptError):
        store.first(b"\x20001000", b"\x21")
    store.close()


def test_torn_end_of_the_log_drops_only_the_last_batch(tmp_path):
    store = LevelStore.open(tmp_path)
    put_all(store, {b"\x20a": b"1" * 1000})
    put_all(store, {b"\x20b": b"2" * 1000, b"\x20c": b"3" * 1000})
    store.close()
    (log,) = tmp_path.glob("*.log")
    log.write_bytes(log.read_bytes()[:-700])
    store = LevelStore.open(tmp_path)
    assert [store.get(key) for key in (b"\x20a", b"\x20b", b"\x20c")] == [b"1" * 1000, None, None]
    store.close()


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreIoError, match="cannot read or write"):
        LevelStore.open(tmp_path / "file" / "store")


FULL_DISK = """
import pathlib, resource, sys
from aztecd.storage import LevelStore, StoreFullError
# A limit of the file size fails like a full disk, and needs no rights.
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
store = LevelStore.open(pathlib.Path(sys.argv[1]))
try:
    for number in range(10000):
        batch = store.batch()
        batch.put(b"\\x20%08d" % number, bytes(range(256)) * 64)
        batch.put(b"\\x21%08d" % number, b"")
        store.write(batch, sync=True)
except StoreFullError as error:
    print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        store.write(batch)
    except StoreFullError:
        print("refused")
    assert store.get(b"\\x20%08d" % (number - 1)) is not None
    store.close()
    sys.exit(18)
"""


def test_full_disk_keeps_whole_batches(tmp_path):
    path = tmp_path / "store"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 18, done.stderr
    assert "no space is left" in done.stdout
    assert "refused" in done.stdout
    store = LevelStore.open(path)
    values = [key[1:] for key, _ in store.iterate(start=b"\x20", stop=b"\x21")]
    markers = [key[1:] for key, _ in store.iterate(start=b"\x21", stop=b"\x22")]
    assert values == markers
    assert values
    store.close()


def test_a_store_whose_first_opening_was_killed_is_begun_again(tmp_path):
    path = tmp_path / "store"
    LevelStore.open(path).close()
    # What LevelDB has written when it dies before the first CURRENT is in its place.
    for file in path.iterdir():
        if file.name not in {"LOCK", "LOG"}:
            file.unlink()
    (path / "MANIFEST-000001").write_bytes(b"begun")
    (path / "000001.dbtmp").write_bytes(b"MANIFEST-0000")
    store = LevelStore.open(path)
    batch = store.batch()
    batch.put(b"\x20a", b"b")
    store.write(batch)
    store.close()
    (path / "CURRENT").unlink()
    with pytest.raises(StoreCorruptError, match="no CURRENT"):
        LevelStore.open(path)


READERS = """
import pathlib, sys, threading
from aztecd.storage import LevelStore, StoreClosedError
store = LevelStore.open(pathlib.Path(sys.argv[1]))
batch = store.batch()
keys = [b"\\x20%06d" % number for number in range(5000)]
for key in keys:
    batch.put(key, key * 50)
store.write(batch)
are_reading = threading.Event()
ends = []

def read():
    try:
        while True:
            for key in keys:
                store.get(key)
                store.first(key, b"\\x21")
                for _ in store.iterate(start=key, stop=b"\\x21", limit=20):
                    pass
                if key == keys[300]:
                    are_reading.set()
    except StoreClosedError:
        ends.append("closed")

threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads:
    thread.start()
are_reading.wait()
store.close()
for thread in threads:
    thread.join()
print(*ends)
"""


def test_closing_under_readers_ends_them_and_not_the_process(tmp_path):
    for attempt in range(3):
        done = subprocess.run(
            [sys.executable, "-c", READERS, str(tmp_path / str(attempt))],
            check=False,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout.split()) == (0, ["closed"] * 4), done.stderr


def test_an_iteration_that_is_left_open_ends_with_the_store(tmp_path):
    store = LevelStore.open(tmp_path)
    put_all(store, {b"\x20%02d" % number: b"" for number in range(20)})
    items = store.iterate(start=b"\x20", stop=b"\x21")
    next(items)
    store.close()
    with pytest.raises(StoreClosedError):
        list(items)
