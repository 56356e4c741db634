"""Blobs of checkpoints: where they can be had, fetching with verification, and keeping them.

Responsible for sources (the L1 node itself, consensus nodes, blob file stores), for the own store on disk and
for its file format. Not responsible for what the blobs say, for publishing them, nor for serving them over
HTTP (`aztecd.rpc.blobs` does).

Authority: EIP-4844; the Beacon API of Ethereum; @aztec/blob-client src (4.1.2).
"""

from aztecd.l1.blobs.anvil import AnvilBlobs
from aztecd.l1.blobs.beacon import BeaconBlobs
from aztecd.l1.blobs.errors import (
    BlobFileError,
    BlobSourceError,
    BlobSourceSpecError,
    BlobsUnavailableError,
)
from aztecd.l1.blobs.fetcher import BlobFetcher
from aztecd.l1.blobs.file_store import FileStoreBlobs
from aztecd.l1.blobs.files import BlobNamespace
from aztecd.l1.blobs.source import BlobCommitter, BlobSource
from aztecd.l1.blobs.specs import blob_sources, check_blob_source_spec
from aztecd.l1.blobs.store import BlobStore

__all__ = [
    "AnvilBlobs",
    "BeaconBlobs",
    "BlobCommitter",
    "BlobFetcher",
    "BlobFileError",
    "BlobNamespace",
    "BlobSource",
    "BlobSourceError",
    "BlobSourceSpecError",
    "BlobStore",
    "BlobsUnavailableError",
    "FileStoreBlobs",
    "blob_sources",
    "check_blob_source_spec",
]
