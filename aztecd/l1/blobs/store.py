"""The blobs that this node published or fetched, kept on disk within a bound.

The layout is that of the reference's blob file store (see `files`), so the folder can be served, or be given
to a reference node on the same machine as it is.

A file appears complete or not at all: it is written under another name and renamed. Nothing is synced to the
disk, since a file that a power cut damaged is noticed when it is read and counts as missing. Files that
somebody else puts into the folder are found by their names; they count towards the bound from the next start.
"""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import structlog

from aztecd.l1.blob_tx import versioned_hash
from aztecd.l1.blobs.errors import BlobFileError
from aztecd.l1.blobs.files import (
    HEALTHCHECK_CONTENT,
    HEALTHCHECK_NAME,
    MAX_FILE_BYTES,
    BlobNamespace,
    blob_file_name,
    decode_blob_file,
    encode_blob_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BlobStore"]

_log = structlog.get_logger("aztecd.l1.blobs")

_BLOB_NAME: Final = re.compile(r"0x[0-9a-f]{64}\.data")
_SCRATCH_PREFIX: Final = ".new-"


class BlobStore:
    """Blobs in files, the oldest removed when they need more than `max_bytes`; 0 keeps none.

    A disk that is full or fails is a warning: blobs are then not kept, and can be had elsewhere.

    Mutable; safe to use from any thread, by one process at a time.
    """

    def __init__(self, folder: Path, namespace: BlobNamespace, *, max_bytes: int) -> None:
        """Describe a store; `open` also makes its folder and looks at what is there."""
        self._base = folder / namespace.folder
        self._blobs = self._base / "blobs"
        self._namespace = namespace
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}  # by file name, the oldest first
        self._total = 0
        self._scratch_count = 0
        self._has_failed = False

    @classmethod
    def open(cls, folder: Path, namespace: BlobNamespace, *, max_bytes: int) -> Self:
        """Open the store of a rollup below `folder`: tidy up, count, and remove what is beyond the bound."""
        store = cls(folder, namespace, max_bytes=max_bytes)
        try:
            store._load()
        except OSError as error:
            store._failed(error)
        return store

    @property
    def size(self) -> int:
        """The bytes that the blob files need, as far as they are counted."""
        return self._total

    def put(self, blob: bytes, commitment: bytes) -> None:
        """Keep a blob, unless it is there already."""
        name = blob_file_name(versioned_hash(commitment))
        with self._lock:
            if self._max_bytes <= 0 or name in self._sizes:
                return
            self._scratch_count += 1
            scratch = self._blobs / f"{_SCRATCH_PREFIX}{os.getpid()}-{self._scratch_count}"
        data = encode_blob_file(blob, commitment)
        try:
            try:
                self._write(scratch, data)
                with self._lock:
                    scratch.replace(self._blobs / name)
                    self._count(name, len(data))
                    self._prune()
            except OSError:
                scratch.unlink(missing_ok=True)
                raise
        except OSError as error:
            self._failed(error)
            return
        self._has_failed = False

    def get(self, blob_hash: bytes) -> bytes | None:
        """Give a blob by its versioned hash, or None. It is not verified.

        A file that can't be read as one is removed.
        """
        name = blob_file_name(blob_hash)
        path = self._blobs / name
        try:
            with path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            return decode_blob_file(data)
        except FileNotFoundError:
            self._forget(name)
        except OSError as error:
            self._failed(error)
        except BlobFileError as error:
            self.discard(blob_hash, str(error))
        return None

    def discard(self, blob_hash: bytes, reason: str) -> None:
        """Remove the file of a blob, because it is damaged."""
        name = blob_file_name(blob_hash)
        _log.warning("blob_file_damaged", file=name, reason=reason)
        try:
            (self._blobs / name).unlink(missing_ok=True)
        except OSError as error:
            self._failed(error)
        else:
            self._forget(name)

    def path_of(self, name: str) -> Path | None:
        """Find the file that has this name below the store's base; None for all but blobs and health check.

        The name is compared with what may be there, so that no other file can be reached. The file itself
        may be missing.
        """
        folder, _, rest = name.partition("/")
        if folder != self._namespace.folder:
            return None
        if rest == HEALTHCHECK_NAME:
            return self._base / HEALTHCHECK_NAME
        kind, _, file_name = rest.partition("/")
        if kind == "blobs" and _BLOB_NAME.fullmatch(file_name):
            return self._blobs / file_name
        return None

    def _load(self) -> None:
        if self._max_bytes > 0:
            self._make_folder()
        found = sorted(self._scan())
        with self._lock:
            for _, name, size in found:
                self._count(name, size)
            self._prune()

    def _make_folder(self) -> None:
        self._blobs.mkdir(parents=True, exist_ok=True)
        (self._base / HEALTHCHECK_NAME).write_bytes(HEALTHCHECK_CONTENT)

    def _scan(self) -> Iterator[tuple[int, str, int]]:
        """Give time, name and size of each blob file; remove what an interrupted write left."""
        if not self._blobs.is_dir():
            return
        with os.scandir(self._blobs) as entries:
            for entry in entries:
                if entry.name.startswith(_SCRATCH_PREFIX):
                    Path(entry.path).unlink(missing_ok=True)
                elif _BLOB_NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield status.st_mtime_ns, entry.name, status.st_size

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except FileNotFoundError:  # somebody removed the folder, or it could not be made before
            self._make_folder()
            path.write_bytes(data)

    def _count(self, name: str, size: int) -> None:
        self._total += size - self._sizes.pop(name, 0)
        self._sizes[name] = size

    def _prune(self) -> None:
        while self._sizes and self._total > self._max_bytes:
            name, size = next(iter(self._sizes.items()))
            (self._blobs / name).unlink(missing_ok=True)
            del self._sizes[name]
            self._total -= size

    def _forget(self, name: str) -> None:
        """Stop counting a file that is gone, unless another thread has just put it there again."""
        with self._lock:
            if not (self._blobs / name).exists():
                self._total -= self._sizes.pop(name, 0)

    def _failed(self, error: OSError) -> None:
        """Report a failure, once until something is kept again."""
        if not self._has_failed:
            self._has_failed = True
            _log.warning("blob_store_failed", folder=str(self._base), reason=error.strerror or str(error))
