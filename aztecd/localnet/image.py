"""A local network as it is when its contracts are deployed, kept for the next starts.

<cache>/networks/local-<version>-<key>/network.json   the record
<cache>/networks/local-<version>-<key>/db/            the database, closed
<cache>/networks/local-<version>-<key>/l1/state.json  the state of Anvil, as it left it
<cache>/networks/local-<version>-<key>/blobs/         the blobs that are on L1

A new data directory begins as a copy. The key names all that an image depends on, the code of aztecd
included: what this version makes on the first start is what it restores on the others.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from aztecd import __version__
from aztecd.artifacts.cache import commit, intact, locked, staging, storage_errors
from aztecd.node.record import DataDirError
from aztecd.protocol.basic import EthAddress

__all__ = ["begin_from_image", "image_name", "remove_partial"]

_log = structlog.get_logger("aztecd.localnet")

_FORMAT: Final = 1
_PARTS: Final = ("l1/state.json", "db", "blobs", "network.json")
_MARKER: Final = "restoring"
"""In a data directory into which an image is being copied."""
_KEPT: Final = 3
"""Images of other versions and settings that stay in the cache."""


def image_name(*, chain_id: int, publisher: EthAddress, folder: str) -> str:
    """Name the image of a network; `folder` names the artifacts that it is made from."""
    digest = hashlib.sha256()
    for part in (_FORMAT, chain_id, publisher.hex(), folder):
        digest.update(f"{part}\0".encode())
    package = Path(__file__).resolve().parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + b"\0")
        digest.update(path.read_bytes())
    return f"local-{__version__}-{digest.hexdigest()[:16]}"


def begin_from_image(data_dir: Path, *, cache: Path, name: str, make: Callable[[Path], bool]) -> bool:
    """Fill a new data directory; the image is made first if it is not there.

    `make` is given an empty folder, and gives False when it was told to stop: then the result is False too.
    Raises ArtifactsStorageError when the cache can not be written, DataDirError when the directory can not,
    and what `make` raises.
    """
    image = cache / name
    with locked(cache, lambda: _log.info("waiting_for_other_start")):
        if not intact(image, name):
            with storage_errors(cache), staging(cache) as scratch:
                made = scratch / "network"
                made.mkdir()
                if not make(made):
                    return False
                staged = scratch / "image"
                _copy(made, staged)
                commit(staged, image, name)
            _remove_old(cache, image)
        try:
            (data_dir / _MARKER).touch()
            _copy(image, data_dir)
            (data_dir / _MARKER).unlink()
        except OSError as error:
            raise DataDirError(f"can't write the data directory {data_dir}: {error.strerror}") from error
    return True


def remove_partial(data_dir: Path) -> None:
    """Remove what a start that was cut short has copied. Raises DataDirError."""
    if not (data_dir / _MARKER).exists():
        return
    try:
        (data_dir / "network.json").unlink(missing_ok=True)
        for name in ("db", "l1", "blobs"):
            if (data_dir / name).exists():
                shutil.rmtree(data_dir / name)
        (data_dir / _MARKER).unlink()
    except OSError as error:
        raise DataDirError(f"can't write the data directory {data_dir}: {error.strerror}") from error


def _copy(source: Path, target: Path) -> None:
    """Copy the parts of a network, so that they are on the disk before the marker goes."""
    for part in _PARTS:
        for path in sorted(_files(source / part)):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            descriptor = os.open(copy, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _files(part: Path) -> list[Path]:
    if part.name == "blobs" and not part.exists():
        return []  # keeping them is not needed for anything here
    return [path for path in part.rglob("*") if path.is_file()] if part.is_dir() else [part]


def _remove_old(cache: Path, newest: Path) -> None:
    others = [path for path in cache.glob("local-*") if path != newest]
    for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
