"""What can go wrong with the third-party artifacts.

AztecdError
└── UnavailableError
    └── ArtifactsError               anything about the artifacts
        ├── ArtifactsMissingError    they were not fetched yet, or are damaged
        ├── ArtifactsPlatformError   this machine cannot run them
        ├── ArtifactsToolError       no program that could download is here
        ├── ArtifactsDownloadError   the download failed
        ├── ArtifactsIntegrityError  what came is not what is pinned
        └── ArtifactsStorageError    the cache folder cannot be written
"""

from __future__ import annotations

from aztecd.errors import UnavailableError

__all__ = [
    "ArtifactsDownloadError",
    "ArtifactsError",
    "ArtifactsIntegrityError",
    "ArtifactsMissingError",
    "ArtifactsPlatformError",
    "ArtifactsStorageError",
    "ArtifactsToolError",
]


class ArtifactsError(UnavailableError):
    """Something about the artifacts is wrong."""

    code = "artifacts"


class ArtifactsMissingError(ArtifactsError):
    """An artifact is not in the cache, or a file of it is damaged."""

    code = "artifacts_missing"


class ArtifactsPlatformError(ArtifactsError):
    """The pinned programs do not run on this machine."""

    code = "artifacts_platform"


class ArtifactsToolError(ArtifactsError):
    """Neither npm nor pip is here, so nothing can be downloaded."""

    code = "artifacts_tool"


class ArtifactsDownloadError(ArtifactsError):
    """The download did not end well; trying again may help."""

    code = "artifacts_download"


class ArtifactsIntegrityError(ArtifactsError):
    """A package has other bytes than the pinned ones."""

    code = "artifacts_integrity"


class ArtifactsStorageError(ArtifactsError):
    """The cache folder is full or not writable."""

    code = "artifacts_storage"
