"""The per-user cache: finished folders appear by one rename, so none is ever half there.

<cache>/<package key>/...          the files
<cache>/<package key>/stamp.json   written last: the pinned integrity and every file's size
<cache>/.lock                      held while something is fetched
<cache>/.tmp-*                     work in progress; what a killed fetch left goes with the next one
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts.errors import ArtifactsStorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["cache_root", "commit", "intact", "locked", "staging", "storage_errors"]

_STAMP = "stamp.json"
_SCRATCH = ".tmp-"


def cache_root() -> Path:
    """Where the artifacts of this user lie: $AZTECD_CACHE_DIR, $XDG_CACHE_HOME/aztecd, ~/.cache/aztecd."""
    chosen = os.environ.get("AZTECD_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    # The XDG rule: a relative value is to be ignored.
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "aztecd"


def intact(folder: Path, integrity: str) -> bool:
    """Tell whether a folder holds what was pinned and no file is missing or has another length."""
    try:
        stamp = json.loads((folder / _STAMP).read_text("utf-8"))
        return stamp["integrity"] == integrity and all(
            (folder / name).stat().st_size == size for name, size in stamp["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def commit(staged: Path, folder: Path, integrity: str) -> None:
    """Stamp a finished folder and move it to its place; a damaged older one makes room.

    The files reach the disk before the rename does, so a power cut cannot leave a folder that looks finished.
    """
    files = {}
    for path in sorted(path for path in staged.rglob("*") if path.is_file() and not path.is_symlink()):
        files[str(path.relative_to(staged))] = path.stat().st_size
        _sync(path)
    stamp = staged / _STAMP
    stamp.write_text(json.dumps({"integrity": integrity, "files": files}, indent=1) + "\n", "utf-8")
    _sync(stamp)
    _sync(staged)
    if folder.exists():
        folder.replace(staged.with_name(staged.name + "-damaged"))
    staged.replace(folder)
    _sync(folder.parent)


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """Give an empty folder inside the cache and remove it in the end. Hold the lock while using it."""
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=root))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def locked(root: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the cache's lock; the system frees it when a process dies, however it dies.

    Who gets it removes what an interrupted fetch may have left. Raises ArtifactsStorageError.
    """
    with storage_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / ".lock").open("a")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        for leftover in root.glob(_SCRATCH + "*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


@contextmanager
def storage_errors(root: Path) -> Iterator[None]:
    """Turn the file system's refusals into one sentence each. Raises ArtifactsStorageError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ArtifactsStorageError(
                f"the disk that holds {root} is full: make room, or set AZTECD_CACHE_DIR"
            ) from error
        if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise ArtifactsStorageError(
                f"{root} cannot be written ({error.strerror}): set AZTECD_CACHE_DIR"
            ) from error
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
