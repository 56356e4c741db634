"""Blob files over HTTP, in the form of a blob file store: other nodes of either kind can fetch from here.

    GET, HEAD /blobs/aztec-<chain id>-<version>-0x<rollup>/.healthcheck
    GET, HEAD /blobs/aztec-<chain id>-<version>-0x<rollup>/blobs/0x<versioned hash>.data

A reference node takes them with `BLOB_FILE_STORE_URLS=http://host:port/blobs`, aztecd with
`--blob-source http://host:port/blobs`. What is served is public, being on L1, and its readers verify it.

Authority: @aztec/stdlib src/file-store/http.ts, @aztec/blob-client src/filestore (4.1.2).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import structlog

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BLOBS_PATH", "BlobFiles", "BlobRoutes"]

BLOBS_PATH: Final = "/blobs/"

_log = structlog.get_logger("aztecd.rpc")

_MAX_FILE_BYTES: Final = 1 << 20
_MAX_READERS: Final = 4
"""So many files are read at once: the threads that do it are those that answer calls, too."""


class BlobFiles(Protocol):
    """Where the files are; `aztecd.l1.blobs.BlobStore` has them."""

    def path_of(self, name: str) -> Path | None:
        """Find the file of this name below the store's base; None for a name that is not served.

        The file may be missing. No name, however it is made, may lead anywhere else.
        """
        ...


class BlobRoutes:
    """Finds and reads what is below `BLOBS_PATH`. Belongs to one event loop."""

    def __init__(self, files: BlobFiles) -> None:
        self._files = files
        self._turn = asyncio.Semaphore(_MAX_READERS)

    def serves(self, path: str) -> bool:
        """Whether a file may be at a request's path (as it was sent: nothing in it is decoded)."""
        return self._path_of(path) is not None

    async def read(self, path: str) -> bytes | None:
        """Read the file at a request's path; None if there is none."""
        file = self._path_of(path)
        if file is None:
            return None
        async with self._turn:
            return await asyncio.to_thread(_contents, file)

    def _path_of(self, path: str) -> Path | None:
        if not path.startswith(BLOBS_PATH):
            return None
        return self._files.path_of(path.removeprefix(BLOBS_PATH))


def _contents(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("blob_file_unreadable", file=path.name, reason=error.strerror or str(error))
        return None
    return data if len(data) <= _MAX_FILE_BYTES else None
