"""The third-party things that aztecd needs and never contains: L1 and Aztec contracts, Anvil.

Responsible for: the pinned list, downloading by the user's npm (or one that pip brings), integrity,
the per-user cache, and the compact form in which the other packages read the contracts.
Not for: what the contracts mean (`l1`, `protocol`), starting Anvil (`localnet`). Nothing is downloaded
except by `fetch`.

Authority: the packages named in `artifacts.json`, at these versions.
"""

from __future__ import annotations

from aztecd.artifacts.errors import (
    ArtifactsDownloadError,
    ArtifactsError,
    ArtifactsIntegrityError,
    ArtifactsMissingError,
    ArtifactsPlatformError,
    ArtifactsStorageError,
    ArtifactsToolError,
)
from aztecd.artifacts.install import Artifacts, fetch, locate

__all__ = [
    "Artifacts",
    "ArtifactsDownloadError",
    "ArtifactsError",
    "ArtifactsIntegrityError",
    "ArtifactsMissingError",
    "ArtifactsPlatformError",
    "ArtifactsStorageError",
    "ArtifactsToolError",
    "fetch",
    "locate",
]
