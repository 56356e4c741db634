"""Get blobs from wherever they are, and believe nobody.

Our own store is asked first, then the sources in order. A source that failed is asked after all others for
half a minute, so that a dead one does not cost its time limit for every checkpoint of a long catch-up.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from aztecd.crypto.errors import KzgError
from aztecd.l1.blob_tx import BLOB_BYTES, versioned_hash
from aztecd.l1.blobs.errors import BlobsUnavailableError
from aztecd.l1.blobs.source import ProvenBlob
from aztecd.l1.errors import L1Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aztecd.l1.blobs.source import BlobCommitter, BlobSource
    from aztecd.l1.blobs.store import BlobStore
    from aztecd.l1.events import L1Log

__all__ = ["BlobFetcher"]

_log = structlog.get_logger("aztecd.l1.blobs")

_REST_S: Final = 30.0


@dataclass(slots=True, kw_only=True)
class _Standing:
    """What we know of a source. Changed under the fetcher's lock."""

    source: BlobSource
    rests_until: float = float("-inf")
    has_failed: bool = False
    has_lied: bool = False


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search: what is wanted, what was found, what the sources said."""

    wanted: tuple[bytes, ...]
    found: dict[bytes, bytes] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def missing(self) -> list[bytes]:
        """What is not found yet, in order."""
        return [one for one in self.wanted if one not in self.found]


class BlobFetcher:
    """Fetches blobs, checks that each is what its versioned hash says, and keeps it in the store.

    A source that fails or lies is reported once, not for each blob; a failure again after the source has
    worked meanwhile. Safe to use from any thread.
    """

    def __init__(
        self,
        sources: Sequence[BlobSource],
        committer: BlobCommitter,
        store: BlobStore | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._standings = [_Standing(source=source) for source in sources]
        self._committer = committer
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()

    def fetch(self, hashes: Sequence[bytes], log: L1Log) -> tuple[bytes, ...]:
        """Get the blobs with these versioned hashes, in this order; `log` is the event that names them.

        Raises BlobsUnavailableError; KzgUnavailableError when nothing can be verified.
        """
        search = _Search(wanted=tuple(dict.fromkeys(hashes)))
        self._from_store(search)
        for standing in self._order() if search.missing else ():
            self._from_source(search, standing, log)
            if not search.missing:
                break
        if missing := search.missing:
            raise BlobsUnavailableError(missing, search.answers)
        return tuple(search.found[one] for one in hashes)

    def _order(self) -> list[_Standing]:
        now = self._clock()
        with self._lock:
            return sorted(self._standings, key=lambda one: one.rests_until > now)

    def _from_store(self, search: _Search) -> None:
        if self._store is None:
            return
        for wanted in search.wanted:
            blob = self._store.get(wanted)
            if blob is None:
                continue
            if self._commitment(blob, wanted) is None:
                self._store.discard(wanted, "the blob in it has another versioned hash")
            else:
                search.found[wanted] = blob

    def _from_source(self, search: _Search, standing: _Standing, log: L1Log) -> None:
        name = standing.source.name
        missing = search.missing
        try:
            answer = standing.source.get(missing, log)
        except L1Error as error:
            search.answers.append((name, str(error)))
            self._note_failure(standing, error)
            return
        self._note_answer(standing)
        false = self._take(search, missing, answer)
        if false:
            search.answers.append((name, "its answer does not have the versioned hash that it was asked for"))
            self._note_lie(standing, false[0])
        elif search.missing:
            search.answers.append(
                (name, "has none" if not answer else f"has {len(answer)} of {len(missing)}")
            )

    def _take(self, search: _Search, missing: Sequence[bytes], answer: Mapping[bytes, bytes]) -> list[bytes]:
        """Verify and keep what a source gave; say which hashes it gave something else for."""
        false = []
        for wanted in missing:
            blob = answer.get(wanted)
            if blob is None:
                continue
            commitment = self._commitment(blob, wanted)
            if commitment is None:
                false.append(wanted)
                continue
            search.found[wanted] = blob
            if self._store is not None:
                self._store.put(blob, commitment)
        return false

    def _commitment(self, blob: bytes, wanted: bytes) -> bytes | None:
        """Give the commitment of a blob; None when it is not the one that is wanted."""
        if len(blob) != BLOB_BYTES:
            return None
        if isinstance(blob, ProvenBlob) and self._is_proven(blob, wanted):
            return blob.commitment
        try:
            commitment = self._committer.commitment(blob)
        except KzgError:
            return None
        return commitment if versioned_hash(commitment) == wanted else None

    def _is_proven(self, blob: ProvenBlob, wanted: bytes) -> bool:
        """Whether the blob's proof is right; otherwise the blob may still be."""
        if versioned_hash(blob.commitment) != wanted:
            return False
        try:
            return self._committer.verify_blob_proof(blob, blob.commitment, blob.proof)
        except KzgError:
            return False

    def _note_failure(self, standing: _Standing, error: L1Error) -> None:
        with self._lock:
            is_news, standing.has_failed = not standing.has_failed, True
            standing.rests_until = self._clock() + _REST_S
        if is_news:
            _log.warning("blob_source_failed", source=standing.source.name, reason=str(error))

    def _note_answer(self, standing: _Standing) -> None:
        with self._lock:
            is_news, standing.has_failed = standing.has_failed, False
            standing.rests_until = float("-inf")
        if is_news:
            _log.info("blob_source_recovered", source=standing.source.name)

    def _note_lie(self, standing: _Standing, wanted: bytes) -> None:
        with self._lock:
            is_news, standing.has_lied = not standing.has_lied, True
        if is_news:
            _log.warning("blob_source_lies", source=standing.source.name, versioned_hash=f"0x{wanted.hex()}")
