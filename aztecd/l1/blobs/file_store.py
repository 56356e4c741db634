"""Blobs from a blob file store: a folder on this machine, or a web server (object storage, another node).

Authority: @aztec/blob-client src/filestore; @aztec/stdlib src/file-store (4.1.2). See `files` for the layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from aztecd.l1.blobs.errors import BlobFileError, BlobSourceError
from aztecd.l1.blobs.files import MAX_FILE_BYTES, BlobNamespace, decode_blob_file

if TYPE_CHECKING:
    from aztecd.l1.blobs.http import HttpReader
    from aztecd.l1.events import L1Log

__all__ = ["FileStoreBlobs", "FolderFiles", "StoreFiles", "WebFiles"]

# Object stores answer 403 for what is not there when listing is forbidden.
_ABSENT: Final = frozenset({403, 404, 410})
_OK: Final = 200


class StoreFiles(Protocol):
    """Where the files are."""

    @property
    def name(self) -> str:
        """What to call the store in messages."""
        ...

    def read(self, path: str) -> bytes | None:
        """Read a file below the store's base; None if it is not there. Raises BlobSourceError."""
        ...


class FolderFiles:
    """A store in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """See StoreFiles."""
        return f"blob folder {self._folder}"

    def read(self, path: str) -> bytes | None:
        """See StoreFiles."""
        try:
            with (self._folder / path).open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BlobSourceError(f"can't read {self._folder / path}: {error.strerror or error}") from error


class WebFiles:
    """A store on a web server."""

    def __init__(self, reader: HttpReader) -> None:
        self._reader = reader

    @property
    def name(self) -> str:
        """See StoreFiles."""
        return f"blob file store {self._reader.display_url}"

    def read(self, path: str) -> bytes | None:
        """See StoreFiles."""
        answer = self._reader.get(path, max_bytes=MAX_FILE_BYTES)
        if answer.status == _OK:
            return answer.body
        if answer.status in _ABSENT:
            return None
        raise BlobSourceError(f"{self._reader.display_url} answers with HTTP status {answer.status}")


class FileStoreBlobs:
    """Reads one file for each blob."""

    def __init__(self, files: StoreFiles, namespace: BlobNamespace) -> None:
        self._files = files
        self._namespace = namespace

    @property
    def name(self) -> str:
        """See BlobSource."""
        return self._files.name

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:  # noqa: ARG002 -- found by hash
        """See BlobSource."""
        found: dict[bytes, bytes] = {}
        damage: BlobSourceError | None = None
        for wanted in hashes:
            path = self._namespace.blob_path(wanted)
            data = self._files.read(path)
            if data is None:
                continue
            try:
                found[wanted] = decode_blob_file(data)
            except BlobFileError as error:
                damage = BlobSourceError(f"the file {path} is damaged: {error}")
        if damage is not None and not found:
            raise damage
        return found
