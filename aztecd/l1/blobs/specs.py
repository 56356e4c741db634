"""Sources of blobs as users name them.

    anvil                 the L1 node itself (Anvil only; other nodes have none, which does no harm)
    beacon:https://...    a consensus node
    https://...           a blob file store on a web server, also that of another aztecd
    file:///...           a blob file store in a folder

A key that a service wants is part of the address: `https://user:password@host`, or `?key=...`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from aztecd.l1.blobs.anvil import AnvilBlobs
from aztecd.l1.blobs.beacon import BeaconBlobs
from aztecd.l1.blobs.errors import BlobSourceSpecError
from aztecd.l1.blobs.file_store import FileStoreBlobs, FolderFiles, WebFiles
from aztecd.l1.blobs.http import HttpReader, is_http_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.blobs.files import BlobNamespace
    from aztecd.l1.blobs.source import BlobCommitter, BlobSource
    from aztecd.l1.client import L1Client

__all__ = ["DEFAULT_SPECS", "blob_sources", "check_blob_source_spec"]

DEFAULT_SPECS: Final = ("anvil",)
_BEACON: Final = "beacon:"
_FORMS: Final = "anvil, beacon:http://..., http(s)://... or file:///..."


def check_blob_source_spec(spec: str) -> None:
    """Tell whether a source can be made from a user's text. Raises BlobSourceSpecError."""
    if spec == "anvil":
        return
    if spec.startswith(_BEACON):
        if not is_http_url(spec.removeprefix(_BEACON)):
            raise BlobSourceSpecError(
                "a blob source beacon:... needs an http:// or https:// address after it"
            )
        return
    scheme, has_address, _ = spec.partition("://")
    if scheme in {"http", "https"}:
        if not is_http_url(spec):
            raise BlobSourceSpecError(
                f"the address of the blob source {scheme}://... has no valid host or port"
            )
    elif scheme == "file":
        if _folder(spec) is None:
            raise BlobSourceSpecError(
                f"the blob source {spec} names no folder of this machine: write file:///absolute/path"
            )
    elif has_address and scheme in {"s3", "gs"}:
        raise BlobSourceSpecError(
            f"blob sources at {scheme}:// are not supported: use the bucket's https:// address"
        )
    else:
        # What follows a scheme may hold credentials.
        shown = f"{scheme}://..." if has_address else spec
        raise BlobSourceSpecError(f"unknown blob source {shown!r}: it is {_FORMS}")


def blob_sources(
    specs: Sequence[str], client: L1Client, committer: BlobCommitter, namespace: BlobNamespace
) -> list[BlobSource]:
    """Make the sources that a user names, in order, each once; the L1 node itself if none is named.

    Raises BlobSourceSpecError.
    """
    for spec in specs:
        check_blob_source_spec(spec)
    return [_source(spec, client, committer, namespace) for spec in dict.fromkeys(specs or DEFAULT_SPECS)]


def _source(spec: str, client: L1Client, committer: BlobCommitter, namespace: BlobNamespace) -> BlobSource:
    if spec == "anvil":
        return AnvilBlobs(client)
    if spec.startswith(_BEACON):
        reader = HttpReader(spec.removeprefix(_BEACON), headers={"Accept": "application/json"})
        return BeaconBlobs(reader, client, committer)
    folder = _folder(spec)
    if folder is not None:
        return FileStoreBlobs(FolderFiles(folder), namespace)
    return FileStoreBlobs(WebFiles(HttpReader(spec)), namespace)


def _folder(spec: str) -> Path | None:
    parts = urlsplit(spec)
    if parts.scheme != "file" or parts.hostname not in {None, "localhost"} or not parts.path.startswith("/"):
        return None
    return Path(unquote(parts.path))
