"""Load recorded facts; remember which files a test run has read.

Every vector goes through `load`, so that the last test of a full run can fail when a file lies unread.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parent.parent / "vectors"

_read: set[Path] = set()


@lru_cache(maxsize=8)
def load(name: str) -> Any:
    """Read `tests/vectors/<name>`, a JSON file, packed with gzip when the name ends in `.gz`."""
    return json.loads(_text(name))


def load_lines(name: str) -> Iterator[Any]:
    """Read a file of JSON lines, one value after the other."""
    for line in _text(name).splitlines():
        yield json.loads(line)


def cases(name: str, kind: str) -> list[Any]:
    """Give the cases of one kind; at least one must be there."""
    found = [case for case in load(name)["cases"] if case["kind"] == kind]
    assert found, f"no case of kind {kind} in {name}"
    return found


def share_reads(folder: Path) -> None:
    """Tell the other processes of this test run what was read in this one."""
    lines = sorted(str(path.relative_to(VECTORS)) for path in _read)
    (folder / f"vectors-read-{os.getpid()}").write_text("".join(f"{line}\n" for line in lines), "utf-8")


def unread(folder: Path) -> list[str]:
    """Name the vector files that no test has read so far; other AVM vectors may take the place of ours.

    What other processes of this run have read they left in `folder`.
    """
    for shared in folder.glob("vectors-read-*"):
        _read.update(VECTORS / line for line in shared.read_text("utf-8").splitlines())
    replaced = VECTORS / "avm" if os.environ.get("AZTECD_AVM_VECTORS") else None
    files = (path for path in VECTORS.rglob("*") if path.is_file() and replaced not in path.parents)
    return sorted(str(path.relative_to(VECTORS)) for path in files if path not in _read)


def _text(name: str) -> str:
    path = VECTORS / name
    _read.add(path)
    data = path.read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()
