"""Blob files over HTTP: the exact names, and nothing else of the machine."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from aztecd.l1.blobs import BlobStore, FileStoreBlobs
from aztecd.l1.blobs.file_store import WebFiles
from aztecd.l1.blobs.http import HttpReader
from tests.support.blobs import LOG, NAMESPACE, NAMESPACE_FOLDER, RecordedBlob, recorded_blobs
from tests.support.rpc_server import serving


@pytest.fixture
def blobs() -> list[RecordedBlob]:
    return recorded_blobs()[:2]


@pytest.fixture
def store(blobs: list[RecordedBlob], tmp_path: Path) -> BlobStore:
    (tmp_path / "secret").write_bytes(b"secret")
    made = BlobStore.open(tmp_path / "store", NAMESPACE, max_bytes=1 << 30)
    made.put(blobs[0].blob, blobs[0].commitment)
    return made


async def test_files_are_served_as_they_are(blobs: list[RecordedBlob], store: BlobStore, tmp_path: Path):
    name = NAMESPACE.blob_path(blobs[0].hash)
    data = (tmp_path / "store" / name).read_bytes()
    async with serving(blobs=store) as client:
        status, headers, body = await client.http(
            "GET", f"/blobs/{name}", headers={"Accept-Encoding": "gzip"}
        )
        assert (status, body) == (200, data)
        assert headers["Content-Type"] == "application/octet-stream"
        assert "Content-Encoding" not in headers
        status, headers, body = await client.http("HEAD", f"/blobs/{name}")
        assert (status, headers["Content-Length"], body) == (200, str(len(data)), b"")
        for path in (
            f"/blobs/{NAMESPACE_FOLDER}/.healthcheck",
            f"//blobs//{NAMESPACE_FOLDER}/.healthcheck?x=1",
        ):
            assert (await client.http("GET", path))[::2] == (200, b"ok")


async def test_what_is_not_there(blobs: list[RecordedBlob], store: BlobStore):
    async with serving(blobs=store) as client:
        for method in ("GET", "HEAD"):
            status, _, body = await client.http(method, f"/blobs/{NAMESPACE.blob_path(blobs[1].hash)}")
            assert (status, body) == (404, b"Not Found" if method == "GET" else b"")


@pytest.mark.parametrize(
    "path",
    [
        "/blobs",
        "/blobs/",
        f"/blobs/{NAMESPACE_FOLDER}",
        f"/blobs/{NAMESPACE_FOLDER}/blobs/",
        f"/blobs/{NAMESPACE_FOLDER}/blobs/.new-1-1",
        "/blobs/../secret",
        "/blobs/../../secret",
        f"/blobs/{NAMESPACE_FOLDER}/../../secret",
        f"/blobs/{NAMESPACE_FOLDER}/blobs/../../../secret",
        f"/blobs/%2e%2e/{NAMESPACE_FOLDER}/.healthcheck",
        f"/blobs/{NAMESPACE_FOLDER}%2f.healthcheck",
        f"/blobs/{NAMESPACE_FOLDER}/%2ehealthcheck",
        f"/{NAMESPACE_FOLDER}/.healthcheck",
        "/blobs//etc/passwd",
    ],
)
async def test_no_other_name_leads_anywhere(path: str, store: BlobStore):
    async with serving(blobs=store) as client:
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await client.raw(request.encode())
        assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")


async def test_other_methods(blobs: list[RecordedBlob], store: BlobStore):
    path = f"/blobs/{NAMESPACE.blob_path(blobs[0].hash)}"
    async with serving(blobs=store) as client:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            status, headers, _ = await client.http(method, path)
            assert (status, headers["Allow"]) == (405, "HEAD, GET")
        status, headers, _ = await client.http("OPTIONS", path)
        assert (status, headers["Allow"]) == (200, "HEAD, GET")


async def test_without_a_store_there_are_no_routes(blobs: list[RecordedBlob]):
    async with serving() as client:
        for path in (NAMESPACE.blob_path(blobs[0].hash), f"{NAMESPACE_FOLDER}/.healthcheck"):
            assert (await client.http("GET", f"/blobs/{path}"))[0] == 404


async def test_a_file_that_cannot_be_served(blobs: list[RecordedBlob], store: BlobStore, tmp_path: Path):
    folder = tmp_path / "store" / NAMESPACE_FOLDER / "blobs"
    (folder / f"{blobs[1].name}.data").mkdir()
    (folder / f"0x{'01' * 32}.data").write_bytes(bytes((1 << 20) + 1))
    async with serving(blobs=store) as client:
        for name in (blobs[1].name, f"0x{'01' * 32}"):
            status, _, _ = await client.http("GET", f"/blobs/{NAMESPACE_FOLDER}/blobs/{name}.data")
            assert status == 404


async def test_slow_files_do_not_hold_up_other_requests(store: BlobStore, tmp_path: Path):
    gate = threading.Event()
    waiting = threading.Semaphore(0)

    class SlowFile(type(tmp_path)):  # type: ignore[misc]
        def open(self, *args, **kwargs):
            waiting.release()
            assert gate.wait(20)
            return super().open(*args, **kwargs)

    class SlowFiles:
        def path_of(self, name: str) -> Path | None:
            path = store.path_of(name)
            return path and SlowFile(path)

    async with serving(blobs=SlowFiles()) as client:
        path = f"/blobs/{NAMESPACE_FOLDER}/.healthcheck"
        requests = [asyncio.create_task(client.http("GET", path)) for _ in range(20)]
        for _ in range(4):
            assert await asyncio.to_thread(waiting.acquire, timeout=20)
        assert (await client.http("GET", "/status"))[0] == 200
        assert not waiting.acquire(blocking=False)  # the other sixteen wait for their turn
        gate.set()
        assert {(await request)[::2] for request in requests} == {(200, b"ok")}


async def test_our_own_source_reads_from_it(blobs: list[RecordedBlob], store: BlobStore):
    async with serving(blobs=store) as client:
        reader = HttpReader(f"http://{client.host}:{client.port}/blobs/")
        source = FileStoreBlobs(WebFiles(reader), NAMESPACE)
        found = await asyncio.to_thread(source.get, [one.hash for one in blobs], LOG)
    assert found == {blobs[0].hash: blobs[0].blob}
