"""What can go wrong with blobs.

AztecdError
└── L1Error
    ├── (InvalidInputError)
    │   ├── BlobFileError           a file of a blob store is damaged
    │   └── BlobSourceSpecError     the user names a source of blobs that we don't know
    └── (UnavailableError)
        ├── BlobSourceError         one source does not answer, or answers nonsense
        └── BlobsUnavailableError   no source has the blobs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.errors import InvalidInputError, UnavailableError
from aztecd.l1.errors import L1Error

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BlobFileError", "BlobSourceError", "BlobSourceSpecError", "BlobsUnavailableError"]


class BlobFileError(L1Error, InvalidInputError):
    """A file of a blob store does not have the store's format."""

    code = "l1_blob_file"


class BlobSourceSpecError(L1Error, InvalidInputError):
    """The user names a source of blobs that we don't know."""

    code = "l1_blob_source_spec"


class BlobSourceError(L1Error, UnavailableError):
    """A source of blobs can't be reached, refuses, or answers nonsense; another one may have the blobs."""

    code = "l1_blob_source"


class BlobsUnavailableError(L1Error, UnavailableError):
    """No source has these blobs now: `hashes` are missing, `answers` has what each source said."""

    code = "l1_blobs_unavailable"

    def __init__(self, hashes: Sequence[bytes], answers: Sequence[tuple[str, str]]) -> None:
        self.hashes = tuple(hashes)
        self.answers = tuple(answers)
        names = ", ".join(f"0x{one.hex()}" for one in self.hashes)
        said = "; ".join(f"{name}: {answer}" for name, answer in self.answers) or "no source is configured"
        which = "blob" if len(self.hashes) == 1 else "blobs"
        super().__init__(
            f"no source has the {which} {names} ({said}); they may come later, or another source has them: "
            "name it with --blob-source"
        )
