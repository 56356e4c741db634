"""Blobs from a real Anvil, by each way that it offers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aztecd.crypto.kzg import Kzg
from aztecd.l1 import BlobSidecar, L1Client, SenderOptions, SidecarForm, TransactionSender
from aztecd.l1.blob_tx import BlobTransaction
from aztecd.l1.blobs import AnvilBlobs, BlobFetcher, BlobStore, BlobsUnavailableError, blob_sources
from aztecd.l1.events import L1Log
from aztecd.localnet.anvil import Anvil, AnvilOptions
from tests.support.blobs import NAMESPACE, RecordedBlob, recorded_blobs
from tests.support.l1_chain import CHAIN_ID, DEPLOYER

if TYPE_CHECKING:
    from aztecd.artifacts import Artifacts

pytestmark = pytest.mark.integration

ABSENT = b"\x01" + bytes(31)


@pytest.fixture(scope="module")
def kzg() -> Kzg:
    return Kzg()


@pytest.fixture(scope="module")
def url(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    anvil = Anvil.start(AnvilOptions(program=artifacts.anvil, data_dir=tmp_path_factory.mktemp("l1"), port=0))
    yield anvil.url
    anvil.kill()


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[L1Client]:
    client = L1Client(url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def published(client: L1Client, kzg: Kzg) -> list[tuple[RecordedBlob, L1Log]]:
    """Five recorded blobs in three transactions."""
    blobs = recorded_blobs()
    sender = TransactionSender(client, DEPLOYER, CHAIN_ID, options=SenderOptions())

    def carry(part: list[RecordedBlob]) -> L1Log:
        sidecar = BlobSidecar.make(
            SidecarForm.EIP4844, [one.blob for one in part], [one.commitment for one in part], kzg
        )
        transaction = BlobTransaction(to=DEPLOYER.address, data=b"", gas=100_000, sidecar=sidecar)
        receipt = sender.send(transaction, is_done=lambda: False)
        assert receipt is not None
        assert receipt.succeeded
        return L1Log(
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            tx_hash=receipt.tx_hash,
            log_index=0,
        )

    logs = [carry(blobs[:2]), carry(blobs[2:4]), carry(blobs[4:5])]
    assert logs[0].block_number < logs[1].block_number
    return list(zip(blobs[:5], [logs[0], logs[0], logs[1], logs[1], logs[2]], strict=True))


@pytest.mark.parametrize("spec", ["anvil", "beacon:{url}"])
def test_each_way_gives_the_recorded_blobs(
    spec: str, url: str, client: L1Client, kzg: Kzg, published: list[tuple[RecordedBlob, L1Log]]
):
    fetcher = BlobFetcher(blob_sources([spec.format(url=url)], client, kzg, NAMESPACE), kzg)
    for one, log in published:
        assert fetcher.fetch([one.hash], log) == (one.blob,)
    (first, log), (second, _) = published[:2]
    assert fetcher.fetch([second.hash, first.hash], log) == (second.blob, first.blob)
    with pytest.raises(BlobsUnavailableError, match="has 1 of 2"):
        fetcher.fetch([first.hash, ABSENT], log)


def test_the_transaction_has_them_when_the_method_is_unknown(
    client: L1Client, kzg: Kzg, published: list[tuple[RecordedBlob, L1Log]], monkeypatch: pytest.MonkeyPatch
):
    real = client.batch_settled
    monkeypatch.setattr(
        client, "batch_settled", lambda requests: real([("no_such_method", params) for _, params in requests])
    )
    fetcher = BlobFetcher([AnvilBlobs(client)], kzg)
    for one, log in published:
        assert fetcher.fetch([one.hash], log) == (one.blob,)


def test_a_block_that_is_gone(
    client: L1Client, url: str, kzg: Kzg, published: list[tuple[RecordedBlob, L1Log]]
):
    log = L1Log(block_number=7, block_hash=b"\x11" * 32, tx_hash=b"\x22" * 32, log_index=0)
    sources = blob_sources(["anvil", f"beacon:{url}"], client, kzg, NAMESPACE)
    with pytest.raises(BlobsUnavailableError) as caught:
        BlobFetcher(sources, kzg).fetch([ABSENT], log)
    assert [answer for _, answer in caught.value.answers] == [
        "has none",
        f"the L1 node does not know the block 0x{'11' * 32}",
    ]


def test_what_was_fetched_is_a_blob_file_store(
    client: L1Client, kzg: Kzg, published: list[tuple[RecordedBlob, L1Log]], tmp_path: Path
):
    store = BlobStore.open(tmp_path, NAMESPACE, max_bytes=1 << 30)
    fetcher = BlobFetcher([AnvilBlobs(client)], kzg, store)
    for one, log in published:
        fetcher.fetch([one.hash], log)
    with_folder = BlobFetcher(blob_sources([tmp_path.as_uri()], client, kzg, NAMESPACE), kzg)
    for one, log in published:
        assert with_folder.fetch([one.hash], log) == (one.blob,)
