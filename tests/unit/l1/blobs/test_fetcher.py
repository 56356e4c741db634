"""Blobs are asked for in order, and whatever comes is verified."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aztecd.crypto.kzg import Kzg
from aztecd.errors import UnavailableError
from aztecd.l1.blobs import BlobFetcher, BlobStore, BlobsUnavailableError
from aztecd.l1.blobs.source import ProvenBlob
from tests.support.blobs import (
    LOG,
    NAMESPACE,
    FakeSource,
    RecordedBlob,
    RecordedCommitter,
    recorded_blobs,
    recorded_proof,
)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def blobs() -> list[RecordedBlob]:
    return recorded_blobs()


@pytest.fixture
def committer(blobs: list[RecordedBlob]) -> RecordedCommitter:
    return RecordedCommitter(blobs)


def honest(*blobs: RecordedBlob, name: str = "honest") -> FakeSource:
    return FakeSource(name, {one.hash: one.blob for one in blobs})


def test_recorded_blobs_have_their_recorded_hashes_by_the_real_library(blobs: list[RecordedBlob]):
    fetcher = BlobFetcher([honest(*blobs)], Kzg())
    assert fetcher.fetch([one.hash for one in blobs], LOG) == tuple(one.blob for one in blobs)


def test_the_real_library_tells_a_changed_blob(blobs: list[RecordedBlob]):
    one = blobs[0]
    changed = one.blob[:100] + bytes([one.blob[100] ^ 1]) + one.blob[101:]
    with pytest.raises(BlobsUnavailableError, match="does not have the versioned hash"):
        BlobFetcher([FakeSource("liar", {one.hash: changed})], Kzg()).fetch([one.hash], LOG)


def test_a_right_proof_spares_the_commitment(blobs: list[RecordedBlob], committer: RecordedCommitter):
    one = blobs[0]
    proven = ProvenBlob(one.blob, commitment=one.commitment, proof=recorded_proof(one.commitment))
    assert BlobFetcher([FakeSource("a", {one.hash: proven})], committer).fetch([one.hash], LOG) == (one.blob,)
    assert committer.count == 0


@pytest.mark.parametrize("fault", ["proof", "length", "commitment"])
def test_a_wrong_proof_says_nothing_about_the_blob(
    fault: str, blobs: list[RecordedBlob], committer: RecordedCommitter
):
    one, other = blobs[:2]
    commitment = other.commitment if fault == "commitment" else one.commitment
    proof = {"proof": bytes(48), "length": b"", "commitment": recorded_proof(commitment)}[fault]
    proven = ProvenBlob(one.blob, commitment=commitment, proof=proof)
    assert BlobFetcher([FakeSource("a", {one.hash: proven})], committer).fetch([one.hash], LOG) == (one.blob,)
    assert committer.count == 1
    changed = ProvenBlob(other.blob, commitment=commitment, proof=proof)
    with pytest.raises(BlobsUnavailableError, match="does not have the versioned hash"):
        BlobFetcher([FakeSource("a", {one.hash: changed})], committer).fetch([one.hash], LOG)


def test_the_real_library_tells_a_changed_blob_with_a_proof(blobs: list[RecordedBlob]):
    one, kzg = blobs[0], Kzg()
    proof = kzg.blob_proof(one.blob, one.commitment)
    changed = one.blob[:100] + bytes([one.blob[100] ^ 1]) + one.blob[101:]
    proven = ProvenBlob(changed, commitment=one.commitment, proof=proof)
    with pytest.raises(BlobsUnavailableError, match="does not have the versioned hash"):
        BlobFetcher([FakeSource("liar", {one.hash: proven})], kzg).fetch([one.hash], LOG)


def test_the_order_is_that_of_the_hashes_also_when_one_is_asked_for_twice(
    blobs: list[RecordedBlob], committer: RecordedCommitter
):
    first, second = blobs[:2]
    source = honest(first, second)
    fetched = BlobFetcher([source], committer).fetch([second.hash, first.hash, second.hash], LOG)
    assert fetched == (second.blob, first.blob, second.blob)
    assert source.asked == [(second.hash, first.hash)]


def test_nothing_is_asked_for_when_nothing_is_wanted(committer: RecordedCommitter):
    source = honest()
    assert BlobFetcher([source], committer).fetch([], LOG) == ()
    assert source.asked == []


def test_each_source_is_asked_for_what_is_missing_still(
    blobs: list[RecordedBlob], committer: RecordedCommitter
):
    first, second, third = blobs[:3]
    sources = [
        honest(second, name="a"),
        honest(first, second, name="b"),
        honest(third, name="c"),
        honest(name="d"),
    ]
    wanted = [first.hash, second.hash, third.hash]
    assert len(BlobFetcher(sources, committer).fetch(wanted, LOG)) == 3
    assert [one.asked for one in sources] == [
        [tuple(wanted)],
        [(first.hash, third.hash)],
        [(third.hash,)],
        [],
    ]


def test_the_error_names_the_hashes_and_what_each_source_said(
    blobs: list[RecordedBlob], committer: RecordedCommitter
):
    first, second, third = blobs[:3]
    sources = [
        honest(first, name="half"),
        FakeSource("dead", failure="does not answer"),
        honest(name="empty"),
        FakeSource("liar", {second.hash: first.blob}),
    ]
    with pytest.raises(BlobsUnavailableError) as caught:
        BlobFetcher(sources, committer).fetch([first.hash, second.hash, third.hash], LOG)
    error = caught.value
    assert isinstance(error, UnavailableError)
    assert error.hashes == (second.hash, third.hash)
    assert [name for name, _ in error.answers] == ["half", "dead", "empty", "liar"]
    text = str(error)
    assert second.name in text
    assert third.name in text
    assert first.name not in text
    assert "half: has 1 of 3; dead: does not answer; empty: has none; liar: its answer does not" in text


def test_without_sources_the_error_says_so(blobs: list[RecordedBlob], committer: RecordedCommitter):
    with pytest.raises(BlobsUnavailableError, match="no source is configured"):
        BlobFetcher([], committer).fetch([blobs[0].hash], LOG)


@pytest.mark.parametrize(
    "lie",
    [b"", b"\1" * 131071, b"\1" * 131073, b"\1" * 131072, b"\xff" * 131072],
    ids=["empty", "short", "long", "another", "no field elements"],
)
def test_a_lie_is_reported_once_and_the_next_source_is_asked(
    lie: bytes, blobs: list[RecordedBlob], committer: RecordedCommitter
):
    wanted = [one.hash for one in blobs[:3]]
    liar = FakeSource("liar", dict.fromkeys(wanted, lie))
    fetcher = BlobFetcher([liar, honest(*blobs)], committer)
    with capture_logs() as logs:
        for _ in range(3):
            assert fetcher.fetch(wanted, LOG) == tuple(one.blob for one in blobs[:3])
    assert [(entry["event"], entry["source"]) for entry in logs] == [("blob_source_lies", "liar")]
    assert logs[0]["versioned_hash"] == blobs[0].name


def test_a_lie_is_not_kept(blobs: list[RecordedBlob], committer: RecordedCommitter, tmp_path: Path):
    store = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    liar = FakeSource("liar", {blobs[0].hash: blobs[1].blob})
    with pytest.raises(BlobsUnavailableError):
        BlobFetcher([liar], committer, store).fetch([blobs[0].hash], LOG)
    assert list(tmp_path.rglob("*.data")) == []


def test_a_failure_is_reported_once_until_the_source_works_again(
    blobs: list[RecordedBlob], committer: RecordedCommitter
):
    clock = Clock()
    one = blobs[0]
    source = honest(one, name="shaky")
    fetcher = BlobFetcher([source], committer, clock=clock)

    def attempt(failure: str | None) -> list[str]:
        source.failure = failure
        with capture_logs() as logs:
            if failure is None:
                fetcher.fetch([one.hash], LOG)
            else:
                with pytest.raises(BlobsUnavailableError):
                    fetcher.fetch([one.hash], LOG)
        return [entry["event"] for entry in logs]

    attempts = [attempt(failure) for failure in ("a", "b", None, None, "a", "a")]
    assert attempts == [["blob_source_failed"], [], ["blob_source_recovered"], [], ["blob_source_failed"], []]


def test_a_source_that_failed_is_asked_last_for_a_while(
    blobs: list[RecordedBlob], committer: RecordedCommitter
):
    clock = Clock()
    one = blobs[0]
    first, second = FakeSource("first", failure="is away"), honest(one)
    fetcher = BlobFetcher([first, second], committer, clock=clock)
    fetcher.fetch([one.hash], LOG)
    first.failure, first.answers = None, {one.hash: one.blob}
    fetcher.fetch([one.hash], LOG)
    assert (len(first.asked), len(second.asked)) == (1, 2)
    clock.now += 31
    fetcher.fetch([one.hash], LOG)
    assert (len(first.asked), len(second.asked)) == (2, 2)
    # Nor is it forgotten meanwhile: it is asked for what the others don't have.
    first.failure = "is away"
    fetcher.fetch([one.hash], LOG)
    first.failure, second.answers = None, {}
    assert fetcher.fetch([one.hash], LOG) == (one.blob,)


def test_the_own_store_is_asked_first_and_keeps_what_was_fetched(
    blobs: list[RecordedBlob], committer: RecordedCommitter, tmp_path: Path
):
    source = honest(*blobs)
    store = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    store.put(blobs[1].blob, blobs[1].commitment)
    fetcher = BlobFetcher([source], committer, store)
    wanted = [one.hash for one in blobs[:3]]
    assert fetcher.fetch(wanted, LOG) == tuple(one.blob for one in blobs[:3])
    assert source.asked == [(wanted[0], wanted[2])]
    assert fetcher.fetch(wanted, LOG) == tuple(one.blob for one in blobs[:3])
    assert len(source.asked) == 1
    reopened = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    assert [reopened.get(one.hash) for one in blobs[:3]] == [one.blob for one in blobs[:3]]


def test_the_own_store_is_not_believed_either(
    blobs: list[RecordedBlob], committer: RecordedCommitter, tmp_path: Path
):
    first, second = blobs[:2]
    store = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    store.put(second.blob, first.commitment)  # the file of one blob holds another
    fetcher = BlobFetcher([honest(first)], committer, store)
    with capture_logs() as logs:
        assert fetcher.fetch([first.hash], LOG) == (first.blob,)
    assert [entry["event"] for entry in logs] == ["blob_file_damaged"]
    assert store.get(first.hash) == first.blob


def test_threads_may_share_a_fetcher(blobs: list[RecordedBlob], committer: RecordedCommitter, tmp_path: Path):
    store = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    fetcher = BlobFetcher([FakeSource("dead", failure="is away"), honest(*blobs)], committer, store)
    results: list[tuple[bytes, ...]] = []

    def work() -> None:
        results.extend(fetcher.fetch([one.hash for one in blobs], LOG) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    with capture_logs() as logs:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [tuple(one.blob for one in blobs)] * 20
    assert [entry["event"] for entry in logs] == ["blob_source_failed"]
    assert store.size == sum(file.stat().st_size for file in tmp_path.rglob("*.data"))
