"""Read packed npm packages: verify first, then take the wanted members in one pass."""

from __future__ import annotations

import base64
import hashlib
import tarfile
from typing import IO, TYPE_CHECKING

from aztecd.artifacts.errors import ArtifactsIntegrityError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

__all__ = ["members", "verify"]

_TOP = "package/"
"""npm packs every file below a folder of this name."""


def verify(archive: Path, integrity: str, spec: str) -> None:
    """Compare a file with its pinned checksum, `sha512-<base64>`. Raises ArtifactsIntegrityError."""
    with archive.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha512").digest()
    found = "sha512-" + base64.b64encode(digest).decode()
    if found != integrity:
        raise ArtifactsIntegrityError(
            f"{spec} is not the pinned package: expected {integrity}, got {found}. Nothing was installed; "
            "look at the registry that npm is configured for"
        )


def members(archive: Path, wanted: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Go through an archive once and give the wanted files as they come, each to be read before the next.

    Raises ArtifactsIntegrityError if one is missing: then the pinned list does not fit the package.
    """
    missing = set(wanted)
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            name = member.name.removeprefix(_TOP)
            if name in missing and member.isfile():
                stream = tar.extractfile(member)
                assert stream is not None, "a regular file has content"
                yield name, stream
                missing.remove(name)
                if not missing:
                    return
    if missing:
        raise ArtifactsIntegrityError(f"{archive.name} lacks {', '.join(sorted(missing))}")
