"""Blobs from a consensus node, by the Beacon API.

The API knows blocks by slot. An L1 block names its parent beacon block; the slot after that block's is ours,
or one of the next if slots were missed. Two calls give blobs: `blobs`, which new nodes have, and
`blob_sidecars`, which they no longer have.

Anvil offers these two calls as well. There the execution block stands where the slot does, and it shows
itself by a parent beacon block root of zero.

Authority: Ethereum's Beacon API (getBlobs, getBlobSidecars, getBlockHeader); EIP-4788; @aztec/blob-client
src/client/http.ts (4.1.2); Anvil 1.5.1 and 1.7.1 as tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from aztecd.crypto.errors import KzgError
from aztecd.l1.blob_tx import versioned_hash
from aztecd.l1.blobs.errors import BlobSourceError
from aztecd.l1.blobs.source import BlobCommitter, blob_from_hex, true_hash

if TYPE_CHECKING:
    from aztecd.l1.blobs.http import HttpReader
    from aztecd.l1.client import L1Client
    from aztecd.l1.events import L1Log

__all__ = ["BeaconBlobs"]

_MAX_BLOCK_BYTES: Final = 64 << 20
"""All blobs of a block as JSON; each needs about 263 kB, and blocks have dozens at most."""
_MAX_HEADER_BYTES: Final = 1 << 20
_MAX_MISSED_SLOTS: Final = 10
_OK: Final = 200
_NOT_FOUND: Final = 404


class BeaconBlobs:
    """Asks a consensus node; `client` is the L1 node, which tells the slot of a block."""

    def __init__(self, reader: HttpReader, client: L1Client, committer: BlobCommitter) -> None:
        self._reader = reader
        self._client = client
        self._committer = committer

    @property
    def name(self) -> str:
        """See BlobSource."""
        return f"beacon node {self._reader.display_url}"

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:
        """See BlobSource."""
        for block, is_slot in self._blocks(log):
            found = self._at(block, hashes, is_slot=is_slot)
            if found is not None:
                return found
        raise BlobSourceError(f"it does not know the block of L1 block {log.block_number}")

    def _blocks(self, log: L1Log) -> Iterator[tuple[str, bool]]:
        """Give the names that the block may have, and whether they are slots."""
        block_hash = f"0x{log.block_hash.hex()}"
        block = self._client.call("eth_getBlockByHash", block_hash, False)
        if not isinstance(block, Mapping):
            raise BlobSourceError(f"the L1 node does not know the block {block_hash}")
        parent = block.get("parentBeaconBlockRoot")
        if not isinstance(parent, str) or not parent.strip("0x"):
            yield block_hash, False
            return
        slot = self._slot(parent)
        if slot is None:
            raise BlobSourceError(f"it does not know the beacon block {parent[:66]}")
        yield str(slot + 1), True
        newest = min(self._slot("head") or 0, slot + 1 + _MAX_MISSED_SLOTS)
        for later in range(slot + 2, newest + 1):
            yield str(later), True

    def _slot(self, block: str) -> int | None:
        status, value = self._read(f"headers/{block}", max_bytes=_MAX_HEADER_BYTES)
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise BlobSourceError(f"{self._reader.display_url} answers with HTTP status {status}")
        try:
            return int(value["data"]["header"]["message"]["slot"])
        except (KeyError, TypeError, ValueError):
            raise BlobSourceError(f"{self._reader.display_url} gives a header without a slot") from None

    def _at(self, block: str, hashes: Sequence[bytes], *, is_slot: bool) -> dict[bytes, bytes] | None:
        """Get blobs of one block; None if there is no such block."""
        # Anvil takes the filter as one list with commas, against the standard: it is asked for everything.
        query = "&".join(f"versioned_hashes=0x{one.hex()}" for one in hashes) if is_slot else ""
        first, value = self._read(f"blobs/{block}", max_bytes=_MAX_BLOCK_BYTES, query=query)
        found = self._identify(value, hashes) if first == _OK else {}
        if len(found) == len(hashes):
            return found
        second, value = self._read(f"blob_sidecars/{block}", max_bytes=_MAX_BLOCK_BYTES)
        if second == _OK:
            found = {**self._match(value, hashes), **found}
        if _OK in {first, second}:
            return found
        if first == second == _NOT_FOUND:
            return None
        status = second if first == _NOT_FOUND else first
        raise BlobSourceError(f"{self._reader.display_url} answers with HTTP status {status}")

    def _identify(self, value: Any, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Find the wanted ones among blobs that come without their names."""
        found: dict[bytes, bytes] = {}
        for item in _items(value):
            blob = blob_from_hex(item)
            if blob is None:
                continue
            try:
                name = true_hash(blob, self._committer)
            except KzgError:
                continue
            if name in hashes:
                found[name] = blob
            if len(found) == len(hashes):
                break
        return found

    def _match(self, value: Any, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Find the wanted ones among blobs that come with their commitments."""
        found: dict[bytes, bytes] = {}
        for item in _items(value):
            if not isinstance(item, Mapping):
                continue
            blob, commitment = blob_from_hex(item.get("blob")), item.get("kzg_commitment")
            if blob is None or not isinstance(commitment, str):
                continue
            try:
                name = versioned_hash(bytes.fromhex(commitment.removeprefix("0x")))
            except ValueError:
                continue
            if name in hashes:
                found[name] = blob
        return found

    def _read(self, path: str, *, max_bytes: int, query: str = "") -> tuple[int, Any]:
        answer = self._reader.get(f"eth/v1/beacon/{path}", max_bytes=max_bytes, query=query)
        if answer.status != _OK:
            return answer.status, None
        try:
            return _OK, orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise BlobSourceError(f"{self._reader.display_url} does not answer with JSON") from None


def _items(value: Any) -> list[Any]:
    items = value.get("data") if isinstance(value, Mapping) else None
    return items if isinstance(items, list) else []
