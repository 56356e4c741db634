"""What each source asks for, and what it makes of the answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from aztecd.l1.blobs import AnvilBlobs, BeaconBlobs, BlobSourceError, FileStoreBlobs
from aztecd.l1.blobs.file_store import FolderFiles, WebFiles
from aztecd.l1.blobs.files import encode_blob_file
from aztecd.l1.blobs.http import HttpReader
from aztecd.l1.blobs.source import ProvenBlob
from aztecd.l1.client import L1Client
from aztecd.l1.errors import L1RpcError, L1UnavailableError
from tests.support.blobs import (
    LOG,
    NAMESPACE,
    Answer,
    RecordedBlob,
    RecordedCommitter,
    http_server,
    recorded_blobs,
)

LATER = (404, b'{"code":404,"message":"Block not found"}')


@dataclass
class FakeL1:
    """Answers from a table by method; a callable gets the parameters."""

    answers: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    display_url: str = "http://l1.example"

    def call(self, method: str, *params: Any) -> Any:
        self.asked.append(method)
        answer = self.answers.get(method, L1RpcError(method, -32601, "Method not found"))
        answer = answer(*params) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def batch_settled(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers: list[Any] = []
        for method, params in requests:
            try:
                answers.append(self.call(method, *params))
            except L1RpcError as error:
                answers.append(error)
        return answers

    @property
    def client(self) -> L1Client:
        return cast("L1Client", self)


@pytest.fixture
def blobs() -> list[RecordedBlob]:
    return recorded_blobs()[:3]


def hashes(blobs: Sequence[RecordedBlob]) -> list[bytes]:
    return [one.hash for one in blobs]


def expected(blobs: Sequence[RecordedBlob]) -> dict[bytes, bytes]:
    return {one.hash: one.blob for one in blobs}


# --- the L1 node itself


def by_hash(blobs: Sequence[RecordedBlob]) -> Callable[[str], str | None]:
    return {one.name: one.hex for one in blobs}.get


def transaction(blobs: Sequence[RecordedBlob]) -> dict[str, Any]:
    return {"blobVersionedHashes": [one.name for one in blobs], "blobs": [one.hex for one in blobs]}


def test_anvil_is_asked_by_hash(blobs: list[RecordedBlob]):
    l1 = FakeL1({"anvil_getBlobByHash": by_hash(blobs)})
    assert AnvilBlobs(l1.client).get(hashes(blobs), LOG) == expected(blobs)
    assert l1.asked == ["eth_getTransactionByHash"] + ["anvil_getBlobByHash"] * 3


def test_what_is_not_in_the_transaction_is_asked_for_by_hash(blobs: list[RecordedBlob]):
    def by_transaction(tx_hash: str) -> dict[str, Any]:
        assert tx_hash == "0x" + "7a" * 32
        return transaction(blobs[1:])

    l1 = FakeL1({"anvil_getBlobByHash": by_hash(blobs), "eth_getTransactionByHash": by_transaction})
    assert AnvilBlobs(l1.client).get(hashes(blobs), LOG) == expected(blobs)
    assert l1.asked == ["eth_getTransactionByHash", "anvil_getBlobByHash"]


def test_proofs_of_the_transaction_come_with_its_blobs(blobs: list[RecordedBlob]):
    evidence = {
        "commitments": [f"0x{one.commitment.hex()}" for one in blobs],
        "proofs": [f"0x{number:096x}" for number in range(len(blobs))],
    }
    l1 = FakeL1({"eth_getTransactionByHash": transaction(blobs) | evidence})
    found = AnvilBlobs(l1.client).get(hashes(blobs), LOG)
    assert found == expected(blobs)
    for number, one in enumerate(blobs):
        blob = found[one.hash]
        assert isinstance(blob, ProvenBlob)
        assert (blob.commitment, blob.proof) == (one.commitment, number.to_bytes(48, "big"))


@pytest.mark.parametrize("proofs", [None, "0x", [], ["0x"] * 384, ["0xgg"] * 3, [7] * 3])
def test_blobs_without_a_proof_for_each_come_bare(proofs: Any, blobs: list[RecordedBlob]):
    evidence = {"commitments": [f"0x{one.commitment.hex()}" for one in blobs], "proofs": proofs}
    l1 = FakeL1({"eth_getTransactionByHash": transaction(blobs) | evidence})
    found = AnvilBlobs(l1.client).get(hashes(blobs), LOG)
    assert found == expected(blobs)
    assert not any(isinstance(blob, ProvenBlob) for blob in found.values())


def test_a_node_without_the_method_is_asked_for_it_once(blobs: list[RecordedBlob]):
    l1 = FakeL1({"eth_getTransactionByHash": transaction(blobs[:1])})
    source = AnvilBlobs(l1.client)
    assert source.get(hashes(blobs[:2]), LOG) == expected(blobs[:1])
    assert source.get(hashes(blobs[:2]), LOG) == expected(blobs[:1])
    assert l1.asked == ["eth_getTransactionByHash", "anvil_getBlobByHash", "eth_getTransactionByHash"]


@pytest.mark.parametrize(
    "found",
    [
        None,
        {},
        {"blobs": None},
        {"blobs": "0x"},
        {"blobs": ["0x12", 7], "blobVersionedHashes": ["0x", None]},
        [],
    ],
)
def test_an_ordinary_node_has_none_and_that_is_no_error(found: Any, blobs: list[RecordedBlob]):
    l1 = FakeL1({"eth_getTransactionByHash": found})
    assert AnvilBlobs(l1.client).get(hashes(blobs), LOG) == {}


def test_a_node_that_refuses_is_an_error_only_if_it_has_nothing(blobs: list[RecordedBlob]):
    refusal = L1RpcError("anvil_getBlobByHash", -32000, "the node is tired")
    l1 = FakeL1({"anvil_getBlobByHash": refusal, "eth_getTransactionByHash": transaction(blobs[:1])})
    assert AnvilBlobs(l1.client).get(hashes(blobs), LOG) == expected(blobs[:1])
    l1.answers["eth_getTransactionByHash"] = None
    with pytest.raises(BlobSourceError, match="the node is tired"):
        AnvilBlobs(l1.client).get(hashes(blobs), LOG)


def test_a_node_that_is_away_is_an_error(blobs: list[RecordedBlob]):
    l1 = FakeL1({"anvil_getBlobByHash": L1UnavailableError("the connection broke")})
    with pytest.raises(L1UnavailableError):
        AnvilBlobs(l1.client).get(hashes(blobs), LOG)


@pytest.mark.parametrize("nonsense", ["0x", "0x12", "12" * 131072, "0x" + "gg" * 131072, 7, {}])
def test_nonsense_by_hash_counts_as_missing(nonsense: Any, blobs: list[RecordedBlob]):
    l1 = FakeL1({"anvil_getBlobByHash": nonsense, "eth_getTransactionByHash": None})
    assert AnvilBlobs(l1.client).get(hashes(blobs), LOG) == {}


# --- blob file stores


def test_files_in_a_folder(blobs: list[RecordedBlob], tmp_path: Path):
    source = FileStoreBlobs(FolderFiles(tmp_path), NAMESPACE)
    assert source.get(hashes(blobs), LOG) == {}
    for one in blobs[1:]:
        path = tmp_path / NAMESPACE.blob_path(one.hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_blob_file(one.blob, one.commitment))
    assert source.get(hashes(blobs), LOG) == expected(blobs[1:])
    (tmp_path / NAMESPACE.blob_path(blobs[1].hash)).write_bytes(b"damage")
    assert source.get(hashes(blobs), LOG) == expected(blobs[2:])
    with pytest.raises(BlobSourceError, match=rf"blobs/{blobs[1].name}\.data is damaged"):
        source.get(hashes(blobs[:2]), LOG)


def test_a_folder_that_cannot_be_read(blobs: list[RecordedBlob], tmp_path: Path):
    (tmp_path / NAMESPACE.blob_path(blobs[0].hash)).mkdir(parents=True)
    with pytest.raises(BlobSourceError, match="Is a directory"):
        FileStoreBlobs(FolderFiles(tmp_path), NAMESPACE).get(hashes(blobs), LOG)


def test_files_on_a_web_server(blobs: list[RecordedBlob]):
    first, second, third = blobs
    answers: dict[str, Answer] = {
        f"/deep/base/{NAMESPACE.blob_path(first.hash)}?key=1": (200, encode_blob_file(first.blob, b"")),
        f"/deep/base/{NAMESPACE.blob_path(second.hash)}?key=1": (403, b"<Error>AccessDenied</Error>"),
        f"/deep/base/{NAMESPACE.blob_path(third.hash)}?key=1": (
            200,
            gzip.compress(encode_blob_file(third.blob, third.commitment)),
            {"Content-Encoding": "gzip"},
        ),
    }
    with http_server(answers.__getitem__) as server:
        source = FileStoreBlobs(WebFiles(HttpReader(f"{server.url}/deep/base/?key=1")), NAMESPACE)
        assert source.get(hashes(blobs), LOG) == expected([first, third])
        assert source.name == f"blob file store {server.url}"
    assert server.targets == list(answers)


def test_a_web_server_that_fails(blobs: list[RecordedBlob]):
    with http_server(lambda _: (500, b"x" * 1_000_000)) as server:
        source = FileStoreBlobs(WebFiles(HttpReader(server.url)), NAMESPACE)
        for _ in range(2):
            with pytest.raises(BlobSourceError, match="HTTP status 500"):
                source.get(hashes(blobs), LOG)


def test_a_web_server_that_sends_nonsense(blobs: list[RecordedBlob]):
    with http_server(lambda _: (200, b"<html>")) as server:
        source = FileStoreBlobs(WebFiles(HttpReader(server.url)), NAMESPACE)
        with pytest.raises(BlobSourceError, match="is damaged"):
            source.get(hashes(blobs), LOG)


# --- consensus nodes

ROOT = "0x" + "4b" * 32
EXECUTION_HASH = "0x" + "b1" * 32


def header(slot: int) -> Answer:
    return 200, json.dumps({"data": {"header": {"message": {"slot": str(slot)}}}}).encode()


def plain(blobs: Sequence[RecordedBlob]) -> Answer:
    return 200, json.dumps({"data": [one.hex for one in blobs]}).encode()


def sidecars(blobs: Sequence[RecordedBlob]) -> Answer:
    items = [{"blob": one.hex, "kzg_commitment": f"0x{one.commitment.hex()}"} for one in blobs]
    return 200, json.dumps({"data": items}).encode()


def l1_with(parent_root: Any) -> FakeL1:
    def block(block_hash: str, full: bool) -> dict[str, Any]:
        assert (block_hash, full) == (EXECUTION_HASH, False)
        return {"parentBeaconBlockRoot": parent_root}

    return FakeL1({"eth_getBlockByHash": block})


def ask_beacon(
    answers: dict[str, Answer], wanted: Sequence[RecordedBlob], l1: FakeL1 | None = None
) -> tuple[Any, list[str]]:
    """Ask a node that has these answers, by path; give what was found and the targets that were asked for."""
    committer = RecordedCommitter(recorded_blobs())

    def answer(target: str) -> Answer:
        return answers.get(target.partition("?")[0].removeprefix("/eth/v1/beacon/"), (404, b"{}"))

    with http_server(answer) as server:
        source = BeaconBlobs(HttpReader(server.url), (l1 or l1_with(ROOT)).client, committer)
        try:
            return source.get(hashes(wanted), LOG), server.targets
        except BlobSourceError as error:
            return str(error), server.targets


def test_the_slot_is_the_one_after_the_parent_s(blobs: list[RecordedBlob]):
    found, targets = ask_beacon({f"headers/{ROOT}": header(41), "blobs/42": plain(blobs)}, blobs[:2])
    assert found == expected(blobs[:2])
    query = f"versioned_hashes={blobs[0].name}&versioned_hashes={blobs[1].name}"
    assert targets == [f"/eth/v1/beacon/headers/{ROOT}", f"/eth/v1/beacon/blobs/42?{query}"]


def test_older_nodes_give_sidecars(blobs: list[RecordedBlob]):
    for refusal in (400, 404, 405, 501):
        answers = {
            f"headers/{ROOT}": header(41),
            "blobs/42": (refusal, b""),
            "blob_sidecars/42": sidecars(blobs),
        }
        assert ask_beacon(answers, blobs[1:])[0] == expected(blobs[1:])


def test_newer_nodes_have_no_sidecars(blobs: list[RecordedBlob]):
    answers = {
        f"headers/{ROOT}": header(41),
        "blobs/42": plain(blobs[:1]),
        "blob_sidecars/42": (410, b"Gone"),
    }
    assert ask_beacon(answers, blobs)[0] == expected(blobs[:1])


def test_slots_without_a_block_are_passed_over(blobs: list[RecordedBlob]):
    answers = {f"headers/{ROOT}": header(41), "headers/head": header(60), "blobs/45": plain(blobs)}
    assert ask_beacon(answers, blobs)[0] == expected(blobs)


def test_the_search_ends_at_the_head(blobs: list[RecordedBlob]):
    answers = {f"headers/{ROOT}": header(41), "headers/head": header(43), "blobs/44": plain(blobs)}
    error, targets = ask_beacon(answers, blobs)
    assert error == "it does not know the block of L1 block 18"
    assert not any("/44" in target for target in targets)


def test_the_search_ends_after_some_slots(blobs: list[RecordedBlob]):
    answers = {f"headers/{ROOT}": header(41), "headers/head": header(4100)}
    error, targets = ask_beacon(answers, blobs)
    assert error == "it does not know the block of L1 block 18"
    slots = {int(target.partition("?")[0].rpartition("/")[2]) for target in targets if "blob" in target}
    assert slots == set(range(42, 53))


def test_blobs_that_the_node_has_no_longer(blobs: list[RecordedBlob]):
    answers = {f"headers/{ROOT}": header(41), "blobs/42": plain([]), "blob_sidecars/42": sidecars([])}
    assert ask_beacon(answers, blobs)[0] == {}


def test_a_part_from_each_call(blobs: list[RecordedBlob]):
    answers = {
        f"headers/{ROOT}": header(41),
        "blobs/42": plain(blobs[:1]),
        "blob_sidecars/42": sidecars(blobs[1:]),
    }
    assert ask_beacon(answers, blobs)[0] == expected(blobs)


@pytest.mark.parametrize("root", ["0x" + "00" * 32, None])
def test_anvil_is_asked_by_the_execution_block_without_a_filter(root: str | None, blobs: list[RecordedBlob]):
    answers: dict[str, Answer] = {f"blobs/{EXECUTION_HASH}": plain(blobs)}
    found, targets = ask_beacon(answers, blobs[1:], l1_with(root))
    assert found == expected(blobs[1:])
    assert targets == [f"/eth/v1/beacon/blobs/{EXECUTION_HASH}"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({}, f"it does not know the beacon block {ROOT}"),
        ({f"headers/{ROOT}": (500, b"")}, "HTTP status 500"),
        ({f"headers/{ROOT}": (200, b"<html>")}, "does not answer with JSON"),
        ({f"headers/{ROOT}": (200, b"[]")}, "a header without a slot"),
        ({f"headers/{ROOT}": header(41), "blobs/42": (503, b"")}, "HTTP status 503"),
        ({f"headers/{ROOT}": header(41), "blob_sidecars/42": (503, b"")}, "HTTP status 503"),
    ],
)
def test_what_goes_wrong_with_a_beacon_node(
    answers: dict[str, Answer], error: str, blobs: list[RecordedBlob]
):
    assert error in ask_beacon(answers, blobs)[0]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b'{"data":7}', b'{"data":[7,"0x",{"blob":1},null]}'])
def test_beacon_answers_of_another_shape_hold_no_blobs(body: bytes, blobs: list[RecordedBlob]):
    answers: dict[str, Answer] = {
        f"headers/{ROOT}": header(41),
        "blobs/42": (200, body),
        "blob_sidecars/42": (200, body),
    }
    assert ask_beacon(answers, blobs)[0] == {}


def test_sidecars_with_a_damaged_commitment_and_blobs_that_are_none(blobs: list[RecordedBlob]):
    damaged = [{"blob": blobs[0].hex, "kzg_commitment": "0xzz"}, {"blob": blobs[0].hex}]
    answers: dict[str, Answer] = {
        f"headers/{ROOT}": header(41),
        "blobs/42": (200, json.dumps({"data": ["0x" + "ff" * 131072, blobs[1].hex]}).encode()),
        "blob_sidecars/42": (200, json.dumps({"data": damaged}).encode()),
    }
    assert ask_beacon(answers, blobs)[0] == expected(blobs[1:2])


def test_an_l1_block_that_is_gone(blobs: list[RecordedBlob]):
    l1 = FakeL1({"eth_getBlockByHash": None})
    assert ask_beacon({}, blobs, l1)[0] == f"the L1 node does not know the block {EXECUTION_HASH}"
