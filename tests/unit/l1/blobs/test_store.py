"""The own store: bounded, whole files only, and never in the way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aztecd.l1.blobs import BlobStore
from aztecd.l1.blobs.files import decode_blob_file
from tests.support.blobs import NAMESPACE, NAMESPACE_FOLDER, RecordedBlob, recorded_blobs

ROOT = Path(__file__).parents[4]


@pytest.fixture
def blobs() -> list[RecordedBlob]:
    return recorded_blobs()


def opened(folder: Path, max_bytes: int = 1 << 30) -> BlobStore:
    return BlobStore.open(folder, NAMESPACE, max_bytes=max_bytes)


def files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in (folder / NAMESPACE_FOLDER / "blobs").iterdir()}


def test_the_layout_is_that_of_the_reference(blobs: list[RecordedBlob], tmp_path: Path):
    store = opened(tmp_path)
    store.put(blobs[0].blob, blobs[0].commitment)
    assert (tmp_path / NAMESPACE_FOLDER / ".healthcheck").read_bytes() == b"ok"
    data = (tmp_path / NAMESPACE_FOLDER / "blobs" / f"{blobs[0].name}.data").read_bytes()
    assert decode_blob_file(data) == blobs[0].blob
    assert files(tmp_path) == {f"{blobs[0].name}.data": len(data)}
    assert store.size == len(data)
    assert store.get(blobs[0].hash) == blobs[0].blob
    assert store.get(blobs[1].hash) is None


def test_a_blob_is_written_once(blobs: list[RecordedBlob], tmp_path: Path):
    store = opened(tmp_path)
    store.put(blobs[0].blob, blobs[0].commitment)
    path = store.path_of(NAMESPACE.blob_path(blobs[0].hash))
    assert path is not None
    before = path.stat().st_mtime_ns, path.stat().st_ino
    store.put(blobs[0].blob, blobs[0].commitment)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


def test_the_oldest_go_when_there_are_too_many(blobs: list[RecordedBlob], tmp_path: Path):
    all_of_them = opened(tmp_path / "all")
    for one in blobs:
        all_of_them.put(one.blob, one.commitment)
    sizes = [files(tmp_path / "all")[f"{one.name}.data"] for one in blobs]

    bound = sum(sizes[-2:])
    store = opened(tmp_path / "bounded", bound)
    for one in blobs:
        store.put(one.blob, one.commitment)
        assert store.size <= bound
    assert files(tmp_path / "bounded").keys() == {f"{one.name}.data" for one in blobs[-2:]}
    assert store.size == bound

    # Another bound at the next start counts what is there, by age, and keeps the youngest.
    for age, one in enumerate(reversed(blobs)):
        path = all_of_them.path_of(NAMESPACE.blob_path(one.hash))
        assert path is not None
        os.utime(path, (1000 - age, 1000 - age))
    reopened = opened(tmp_path / "all", sum(sizes[-3:]))
    assert files(tmp_path / "all").keys() == {f"{one.name}.data" for one in blobs[-3:]}
    assert reopened.size == sum(sizes[-3:])


def test_no_space_at_all_keeps_none(blobs: list[RecordedBlob], tmp_path: Path):
    before = opened(tmp_path)
    before.put(blobs[0].blob, blobs[0].commitment)
    store = opened(tmp_path, 0)
    store.put(blobs[1].blob, blobs[1].commitment)
    assert files(tmp_path) == {}
    untouched = opened(tmp_path / "other", 0)
    untouched.put(blobs[1].blob, blobs[1].commitment)
    assert not (tmp_path / "other").exists()
    assert untouched.get(blobs[1].hash) is None


def test_leftovers_are_removed_and_strangers_are_left_alone(blobs: list[RecordedBlob], tmp_path: Path):
    opened(tmp_path).put(blobs[0].blob, blobs[0].commitment)
    folder = tmp_path / NAMESPACE_FOLDER / "blobs"
    (folder / ".new-123-4").write_bytes(b"half a blob")
    (folder / "notes.txt").write_bytes(b"mine")
    store = opened(tmp_path, 1)
    assert files(tmp_path) == {"notes.txt": 4}
    assert store.size == 0


def test_what_another_program_put_there_is_found(blobs: list[RecordedBlob], tmp_path: Path):
    store, other = opened(tmp_path), opened(tmp_path)
    other.put(blobs[0].blob, blobs[0].commitment)
    assert store.get(blobs[0].hash) == blobs[0].blob


def test_what_another_program_removed_can_be_kept_again(blobs: list[RecordedBlob], tmp_path: Path):
    store = opened(tmp_path)
    store.put(blobs[0].blob, blobs[0].commitment)
    for path in (tmp_path / NAMESPACE_FOLDER).rglob("*"):
        if path.is_file():
            path.unlink()
    (tmp_path / NAMESPACE_FOLDER / "blobs").rmdir()
    assert store.get(blobs[0].hash) is None
    assert store.size == 0
    store.put(blobs[0].blob, blobs[0].commitment)
    assert store.get(blobs[0].hash) == blobs[0].blob
    assert (tmp_path / NAMESPACE_FOLDER / ".healthcheck").exists()


def test_a_damaged_file_counts_as_missing_and_goes(blobs: list[RecordedBlob], tmp_path: Path):
    store = opened(tmp_path)
    store.put(blobs[0].blob, blobs[0].commitment)
    path = store.path_of(NAMESPACE.blob_path(blobs[0].hash))
    assert path is not None
    path.write_bytes(b"")
    with capture_logs() as logs:
        assert store.get(blobs[0].hash) is None
    assert [entry["event"] for entry in logs] == ["blob_file_damaged"]
    assert not path.exists()
    store.put(blobs[0].blob, blobs[0].commitment)
    assert store.get(blobs[0].hash) == blobs[0].blob


def test_a_full_disk_is_one_warning(
    blobs: list[RecordedBlob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = opened(tmp_path)
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(Path, "write_bytes", full)
        store.put(blobs[0].blob, blobs[0].commitment)
        store.put(blobs[1].blob, blobs[1].commitment)
    assert [(entry["event"], entry["reason"]) for entry in logs] == [
        ("blob_store_failed", "No space left on device")
    ]
    assert files(tmp_path) == {}
    assert store.size == 0
    with capture_logs() as logs:
        store.put(blobs[1].blob, blobs[1].commitment)
    assert logs == []
    assert store.get(blobs[1].hash) == blobs[1].blob


def test_a_folder_that_cannot_be_made_is_a_warning(blobs: list[RecordedBlob], tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with capture_logs() as logs:
        store = opened(tmp_path / "file")
        store.put(blobs[0].blob, blobs[0].commitment)
        assert store.get(blobs[0].hash) is None
    assert [entry["event"] for entry in logs] == ["blob_store_failed"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "blobs",
        NAMESPACE_FOLDER,
        f"{NAMESPACE_FOLDER}/",
        f"{NAMESPACE_FOLDER}/blobs",
        f"{NAMESPACE_FOLDER}/blobs/",
        f"{NAMESPACE_FOLDER}/blobs/.healthcheck",
        f"{NAMESPACE_FOLDER}/.healthcheck/",
        f"{NAMESPACE_FOLDER}/blobs/../.healthcheck",
        f"{NAMESPACE_FOLDER}/blobs/.new-1-1",
        f"{NAMESPACE_FOLDER}/blobs/0x{'01' * 32}",
        f"{NAMESPACE_FOLDER}/blobs/0x{'01' * 31}.data",
        f"{NAMESPACE_FOLDER}/blobs/0x{'01' * 32}.data/",
        f"{NAMESPACE_FOLDER}/blobs/0x{'01' * 32}.data\n",
        f"{NAMESPACE_FOLDER}/blobs/0x{'0A' * 32}.data",
        f"{NAMESPACE_FOLDER}/blobs//0x{'01' * 32}.data",
        f"{NAMESPACE_FOLDER}/other/0x{'01' * 32}.data",
        f"../{NAMESPACE_FOLDER}/.healthcheck",
        f"/{NAMESPACE_FOLDER}/.healthcheck",
        f"aztec-1-344372055-0x322813fd9a801c5507c9de605d63cea4f2ce6c44/blobs/0x{'01' * 32}.data",
        "/etc/passwd",
        "../../etc/passwd",
    ],
)
def test_only_the_exact_names_have_a_path(name: str, tmp_path: Path):
    assert opened(tmp_path).path_of(name) is None


def test_the_exact_names_have_a_path(tmp_path: Path):
    store = opened(tmp_path)
    name = f"{NAMESPACE_FOLDER}/blobs/0x{'01' * 32}.data"
    assert store.path_of(name) == tmp_path / name
    assert store.path_of(f"{NAMESPACE_FOLDER}/.healthcheck") == tmp_path / NAMESPACE_FOLDER / ".healthcheck"


def test_threads_may_share_a_store(blobs: list[RecordedBlob], tmp_path: Path):
    room = opened(tmp_path / "size")
    for one in blobs:
        room.put(one.blob, one.commitment)
    store = opened(tmp_path, room.size - 1)  # never has room for all of them

    def work() -> None:
        for one in blobs * 4:
            store.put(one.blob, one.commitment)
            assert store.get(one.hash) in {one.blob, None}

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.size == sum(files(tmp_path).values()) < room.size


WRITER = """
import sys
from pathlib import Path
from aztecd.l1.blobs import BlobNamespace, BlobStore
namespace = BlobNamespace(chain_id=31337, rollup_version=344372055,
                          rollup_address=bytes.fromhex("322813fd9a801c5507c9de605d63cea4f2ce6c44"))
store = BlobStore.open(Path(sys.argv[1]), namespace, max_bytes=3_000_000)
print("ready", flush=True)
number = 0
while True:
    number += 1
    blob = b"".join((number << 60 | i).to_bytes(32, "big") for i in range(4096))
    store.put(blob, number.to_bytes(48, "big"))
    if number % 5 == 0:
        print(number, flush=True)
"""


@pytest.mark.crash
def test_a_killed_writer_leaves_whole_files_only(tmp_path: Path):
    for rounds in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for _ in range(2 + rounds):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.stdout.close()
        child.wait()
        for path in (tmp_path / NAMESPACE_FOLDER / "blobs").glob("*.data"):
            decode_blob_file(path.read_bytes())
        store = opened(tmp_path, 3_000_000)
        found = files(tmp_path)
        assert found
        assert all(name.endswith(".data") for name in found)
        assert store.size == sum(found.values()) <= 3_000_000
