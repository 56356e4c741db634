from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aztecd.artifacts import ArtifactsStorageError
from aztecd.localnet import image
from aztecd.localnet.image import begin_from_image, image_name, remove_partial
from aztecd.node.record import DataDirError

FILES = {
    "network.json": b"{}",
    "db/CURRENT": b"MANIFEST-000002",
    "db/000003.log": b"blocks" * 100,
    "blobs/aztec-1/blobs/0x01.data": b"blob",
    "l1/state.json": b'{"accounts": 1}',
}


class Maker:
    """Makes networks, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.is_stopped = False

    def __call__(self, folder: Path) -> bool:
        self.count += 1
        assert list(folder.iterdir()) == []
        for name, content in {**FILES, "l1/anvil.log": b"words", "lock": b""}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return not self.is_stopped


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()
    }


def begin(tmp_path: Path, make: Maker, directory: str = "data", name: str = "local-1-a") -> bool:
    data_dir = tmp_path / directory
    data_dir.mkdir()
    return begin_from_image(data_dir, cache=tmp_path / "cache", name=name, make=make)


def leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".tmp")]


def test_the_first_directory_makes_the_image_and_the_others_are_copies(tmp_path):
    make = Maker()
    for directory in ("first", "second"):
        assert begin(tmp_path, make, directory)
        assert files(tmp_path / directory) == FILES
    assert make.count == 1
    assert leftovers(tmp_path) == []


def test_a_network_without_kept_blobs_is_a_network(tmp_path):
    class Forgetful(Maker):
        def __call__(self, folder: Path) -> bool:
            is_done = super().__call__(folder)
            shutil.rmtree(folder / "blobs")
            return is_done

    for directory in ("first", "second"):
        assert begin(tmp_path, Forgetful(), directory)
        assert not (tmp_path / directory / "blobs").exists()
        assert (tmp_path / directory / "db" / "CURRENT").exists()


def test_a_copy_is_not_the_image(tmp_path):
    make = Maker()
    begin(tmp_path, make, "first")
    (tmp_path / "first" / "db" / "CURRENT").write_bytes(b"changed")
    begin(tmp_path, make, "second")
    assert files(tmp_path / "second") == FILES


@pytest.mark.parametrize("victim", ["db/000003.log", "network.json", "stamp.json"])
def test_a_damaged_image_is_made_anew(tmp_path, victim):
    make = Maker()
    begin(tmp_path, make, "first")
    (tmp_path / "cache" / "local-1-a" / victim).write_bytes(b"")
    begin(tmp_path, make, "second")
    assert make.count == 2
    assert files(tmp_path / "second") == FILES


def test_another_name_is_another_image(tmp_path):
    make = Maker()
    begin(tmp_path, make, "first")
    begin(tmp_path, make, "second", name="local-1-b")
    assert make.count == 2


def test_old_images_are_removed(tmp_path):
    make = Maker()
    for index in range(6):
        begin(tmp_path, make, f"data{index}", name=f"local-1-{index}")
        os.utime(tmp_path / "cache" / f"local-1-{index}", (index, index))
    kept = {path.name for path in (tmp_path / "cache").glob("local-*")}
    assert kept == {"local-1-2", "local-1-3", "local-1-4", "local-1-5"}


def test_a_stop_while_it_is_made_leaves_nothing(tmp_path):
    make = Maker()
    make.is_stopped = True
    assert not begin(tmp_path, make)
    assert files(tmp_path / "data") == {}
    assert leftovers(tmp_path) == []
    make.is_stopped = False
    assert begin(tmp_path, make, "again")
    assert make.count == 2


def test_a_failure_while_it_is_made_leaves_nothing(tmp_path):
    def fail(_: Path) -> bool:
        raise RuntimeError

    (tmp_path / "data").mkdir()
    with pytest.raises(RuntimeError):
        begin_from_image(tmp_path / "data", cache=tmp_path / "cache", name="local-1-a", make=fail)
    assert leftovers(tmp_path) == []
    assert files(tmp_path / "data") == {}


@pytest.mark.parametrize("copied", range(1, len(FILES) + 1))
def test_a_copy_that_was_cut_short_is_removed(tmp_path, monkeypatch, copied):
    make = Maker()
    begin(tmp_path, make, "first")
    copies = 0
    copy = shutil.copyfile

    def copy_some(source: Path, target: Path) -> None:
        nonlocal copies
        copies += 1
        copy(source, target)
        if copies == copied:
            raise KeyboardInterrupt

    monkeypatch.setattr(image.shutil, "copyfile", copy_some)
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path, make, "second")
    monkeypatch.undo()
    (tmp_path / "second" / "lock").touch()
    remove_partial(tmp_path / "second")
    assert files(tmp_path / "second") == {"lock": b""}


def test_a_whole_directory_is_left_alone(tmp_path):
    begin(tmp_path, Maker())
    remove_partial(tmp_path / "data")
    assert files(tmp_path / "data") == FILES


def test_a_cache_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ArtifactsStorageError, match="cannot be written"):
        begin(tmp_path, Maker())


def test_a_directory_that_can_not_be_written_is_named(tmp_path):
    with pytest.raises(DataDirError, match="can't write the data directory"):
        begin_from_image(tmp_path / "none", cache=tmp_path / "cache", name="local-1-a", make=Maker())


def test_the_name_has_all_that_an_image_depends_on():
    names = {
        image_name(chain_id=chain_id, publisher=publisher, folder=folder)
        for chain_id in (1, 2)
        for publisher in (bytes(20), b"\1" * 20)
        for folder in ("a", "b")
    }
    assert len(names) == 8
    assert image_name(chain_id=1, publisher=bytes(20), folder="a") in names
