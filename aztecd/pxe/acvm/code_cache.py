"""Compiled programs on disk.

A file for each program, named by the SHA-256 of its bytecode. It begins with a tag that names this compiler
and the Python that made the code, and a digest of the rest: a file of another version, or a damaged one, is
as good as none and is written again. Files hold code, and their digests say nothing of who wrote them: a
folder of another user, or one that everybody can write to, is left alone.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Final

__all__ = ["COMPILER_VERSION", "CodeCache"]

COMPILER_VERSION: Final = 2
"""To be raised with every change of what the compiler writes."""

_TAG: Final = sha256(
    f"aztecd acvm {COMPILER_VERSION} {sys.implementation.name} {sys.hexversion:x} ".encode() + MAGIC_NUMBER
).digest()[:8]
_DIGEST_SIZE: Final = 32
_SUFFIX: Final = ".acvm"
_DEFAULT_MAX_BYTES: Final = 512 << 20


class CodeCache:
    """A folder of compiled programs, bounded in size: the ones not used for longest are removed."""

    def __init__(self, folder: Path, max_bytes: int = _DEFAULT_MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def get(self, digest: bytes) -> bytes | None:
        """Give what is kept for a program, or None."""
        path = self._path(digest)
        try:
            if not self._is_ours():
                return None
            data = path.read_bytes()
        except OSError:
            return None
        start = len(_TAG) + _DIGEST_SIZE
        packed = data[start:]
        if data[: len(_TAG)] != _TAG or data[len(_TAG) : start] != sha256(packed).digest():
            return None
        try:
            os.utime(path)
        except OSError:
            # Only the order of removal suffers: another process may have removed the file just now.
            return packed
        return packed

    def put(self, digest: bytes, packed: bytes) -> None:
        """Keep a program. A disk that is full or can not be written costs time, no more."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._is_ours():
                return
            descriptor, scratch = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_TAG + sha256(packed).digest() + packed)
                Path(scratch).replace(self._path(digest))
            except OSError:
                Path(scratch).unlink(missing_ok=True)
                return
            self._trim()
        except OSError:
            return

    def _is_ours(self) -> bool:
        """Tell whether no other user, but for root, can have put a file here. Raises OSError."""
        status = self._folder.stat()
        return status.st_uid in {os.geteuid(), 0} and not status.st_mode & stat.S_IWOTH

    def _path(self, digest: bytes) -> Path:
        return self._folder / f"{digest.hex()}{_SUFFIX}"

    def _trim(self) -> None:
        files = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size
