"""Blobs from the L1 node itself: Anvil keeps those of all blocks that it made.

Authority: foundry-rs/foundry crates/anvil (1.5.1 and 1.7.1 tried): `eth_getTransactionByHash` with the
members `blobs`, `blobVersionedHashes`, `commitments` and `proofs`; `anvil_getBlobByHash`. Other nodes have
neither, which is no error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aztecd.l1.blobs.errors import BlobSourceError
from aztecd.l1.blobs.source import ProvenBlob, blob_from_hex
from aztecd.l1.errors import L1DecodeError, L1RpcError
from aztecd.l1.reads import hex_bytes

if TYPE_CHECKING:
    from aztecd.l1.client import L1Client
    from aztecd.l1.events import L1Log

__all__ = ["AnvilBlobs"]


class AnvilBlobs:
    """Asks the L1 node: the transaction, which may have proofs, then by hash for what is missing."""

    def __init__(self, client: L1Client) -> None:
        self._client = client
        # Only ever goes from True to False, so threads need no lock.
        self._knows_method = True

    @property
    def name(self) -> str:
        """See BlobSource."""
        return f"L1 node {self._client.display_url}"

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:
        """See BlobSource."""
        found: dict[bytes, bytes] = {}
        refusal: L1RpcError | None = None
        try:
            found = self._by_transaction(hashes, log)
        except L1RpcError as error:
            refusal = error
        missing = [one for one in dict.fromkeys(hashes) if one not in found]
        if missing and self._knows_method:
            more, again = self._by_hash(missing)
            found, refusal = {**found, **more}, again or refusal
        if refusal is not None and not found:
            raise BlobSourceError(f"the L1 node refuses: {refusal}") from refusal
        return found

    def _by_hash(self, hashes: Sequence[bytes]) -> tuple[dict[bytes, bytes], L1RpcError | None]:
        answers = self._client.batch_settled(
            [("anvil_getBlobByHash", [f"0x{one.hex()}"]) for one in hashes],
        )
        found: dict[bytes, bytes] = {}
        refusal: L1RpcError | None = None
        for versioned, answer in zip(hashes, answers, strict=True):
            if isinstance(answer, L1RpcError):
                if answer.is_unknown_method:
                    self._knows_method = False
                    return {}, None
                refusal = answer
            elif (blob := blob_from_hex(answer)) is not None:
                found[versioned] = blob
        return found, refusal

    def _by_transaction(self, hashes: Sequence[bytes], log: L1Log) -> dict[bytes, bytes]:
        transaction = self._client.call("eth_getTransactionByHash", f"0x{log.tx_hash.hex()}")
        if not isinstance(transaction, Mapping):
            return {}
        names, blobs = transaction.get("blobVersionedHashes"), transaction.get("blobs")
        if not isinstance(names, list) or not isinstance(blobs, list):
            return {}
        proofs = _proofs(transaction, len(blobs))
        wanted = {f"0x{one.hex()}": one for one in hashes}
        found: dict[bytes, bytes] = {}
        for position, (name, value) in enumerate(zip(names, blobs, strict=False)):
            blob = blob_from_hex(value)
            if blob is not None and isinstance(name, str) and name.lower() in wanted:
                if proofs is not None:
                    commitment, proof = proofs[position]
                    blob = ProvenBlob(blob, commitment=commitment, proof=proof)
                found[wanted[name.lower()]] = blob
        return found


def _proofs(transaction: Mapping[str, Any], count: int) -> list[tuple[bytes, bytes]] | None:
    """Read commitment and proof of each blob; None unless there is one proof for each.

    The newer form of the envelope has 128 proofs for a blob, which take longer than its commitment.
    """
    commitments, proofs = transaction.get("commitments"), transaction.get("proofs")
    if not isinstance(commitments, list) or not isinstance(proofs, list):
        return None
    if not len(commitments) == len(proofs) == count:
        return None
    try:
        return [(hex_bytes(one), hex_bytes(other)) for one, other in zip(commitments, proofs, strict=True)]
    except L1DecodeError:
        return None
