"""A publisher that keeps the blobs that it brought to L1: where others can't get them, they can here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.l1.publisher import CheckpointOnL1, ProposeRequest, Publisher

if TYPE_CHECKING:
    from aztecd.l1.blob_tx import BlobProver
    from aztecd.l1.blobs import BlobStore
    from aztecd.l1.rollup import RollupReader
    from aztecd.l1.sender import TransactionSender

__all__ = ["KeepingPublisher"]


class KeepingPublisher(Publisher):
    """Publishes as any publisher, and puts the blobs into a store before."""

    def __init__(
        self, reader: RollupReader, sender: TransactionSender, prover: BlobProver, store: BlobStore
    ) -> None:
        super().__init__(reader, sender, prover)
        self._store = store

    def publish(self, request: ProposeRequest, *, l1_timestamp: int | None = None) -> CheckpointOnL1:
        """See `Publisher.publish`. That the store can't keep a blob is no failure.

        Kept first: a follower asks as soon as L1 has the checkpoint, and a crash in between loses nothing.
        """
        commitments = request.blob_commitments or [self._prover.commitment(blob) for blob in request.blobs]
        for blob, commitment in zip(request.blobs, commitments, strict=True):
            self._store.put(blob, commitment)
        return super().publish(request, l1_timestamp=l1_timestamp)
