"""Compiled programs on disk: found again, never trusted when damaged, bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aztecd.pxe.acvm import Acvm, CodeCache, code_cache
from tests.support.acvm_assembler import assert_zero, program

BYTECODE = program([assert_zero((2, 0), (-1, 1))], 1, returned=[1])


def answer(machine: Acvm) -> list[int]:
    return machine.execute(BYTECODE, [21], lambda name, arguments: []).return_values


def refuse_to_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(program: object) -> bytes:
        raise AssertionError("the program should come from the cache")

    monkeypatch.setattr("aztecd.pxe.acvm.machine.compile_program", fail)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_another_process_finds_what_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "made" / "when needed"
    assert answer(Acvm(CodeCache(folder))) == [42]
    assert folder.stat().st_mode & 0o777 == 0o700
    refuse_to_compile(monkeypatch)
    assert answer(Acvm(CodeCache(folder))) == [42]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "tag", "folder"])
def test_damage_is_repaired(tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(Acvm(CodeCache(tmp_path)))
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    match damage:
        case "cut":
            del data[-1]
        case "flip":
            data[len(data) // 2] ^= 1
        case "tag":
            data[0] ^= 1
        case "empty":
            data.clear()
    path.write_bytes(data)
    if damage == "folder":
        path.unlink()
        path.mkdir()
    assert answer(Acvm(CodeCache(tmp_path))) == [42]
    if damage == "folder":
        return
    refuse_to_compile(monkeypatch)
    assert answer(Acvm(CodeCache(tmp_path))) == [42]


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_bytes(b"")
    assert answer(Acvm(CodeCache(blocker / "below"))) == [42]


def test_a_folder_that_others_can_write_to_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = CodeCache(tmp_path)
    cache.put(bytes(32), b"ours")
    tmp_path.chmod(0o1777)
    assert cache.get(bytes(32)) is None
    cache.put(bytes([1]) * 32, b"more")
    assert only_file(tmp_path).name.startswith("00")
    tmp_path.chmod(0o755)
    assert cache.get(bytes(32)) == b"ours"
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    assert (cache.get(bytes(32)) is None) == (owner != 0), "what root wrote can be trusted by all"


def test_no_scratch_file_is_left(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path)
    target = tmp_path / f"{bytes(32).hex()}.acvm"
    target.mkdir()
    cache.put(bytes(32), b"x")
    assert list(tmp_path.iterdir()) == [target]


def test_the_least_used_go_first(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path, max_bytes=3 * 1100)
    for number in range(3):
        cache.put(bytes([number]) * 32, bytes(1000))
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        os.utime(path, (1000 + number, 1000 + number))
    assert cache.get(bytes([0]) * 32) == bytes(1000)
    cache.put(bytes([9]) * 32, bytes(1000))
    assert cache.get(bytes([1]) * 32) is None
    assert all(cache.get(bytes([number]) * 32) for number in (0, 2, 9))


def test_another_compiler_does_not_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CodeCache(tmp_path)
    cache.put(bytes(32), b"x")
    monkeypatch.setattr(code_cache, "_TAG", bytes(8))
    assert cache.get(bytes(32)) is None
