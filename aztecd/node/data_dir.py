"""The directory of a network: found or made, and kept from a second daemon."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aztecd.node.record import DataDirError

__all__ = ["data_directory"]

_LOCK = "lock"


@contextmanager
def data_directory(chosen: Path | None) -> Iterator[Path]:
    """Give the directory, ours alone; without a choice one that is gone afterwards. Raises DataDirError."""
    if chosen is None:
        path = Path(tempfile.mkdtemp(prefix="aztecd-"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
        return
    if chosen.exists() and not chosen.is_dir():
        raise DataDirError(f"can't use the data directory {chosen}: it is a file")
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        lock = os.open(chosen / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DataDirError(f"can't use the data directory {chosen}: {error.strerror}") from error
    try:
        _take(lock, chosen)
        yield chosen.resolve()
    finally:
        os.close(lock)


def _take(lock: int, path: Path) -> None:
    """Lock the open file; the kernel releases it however we end."""
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise DataDirError(
            f"the data directory {path} is in use by another daemon: stop it, or choose another directory"
        ) from error
