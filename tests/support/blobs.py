"""Recorded blobs, sources of blobs that are told what to say, and an HTTP server for those that ask one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aztecd.crypto.errors import KzgError
from aztecd.l1.blobs import BlobNamespace, BlobSourceError
from aztecd.l1.events import L1Log
from tests.support.vectors import load_lines

NAMESPACE = BlobNamespace(
    chain_id=31337,
    rollup_version=344372055,
    rollup_address=bytes.fromhex("322813fd9a801c5507c9de605d63cea4f2ce6c44"),
)
NAMESPACE_FOLDER = "aztec-31337-344372055-0x322813fd9a801c5507c9de605d63cea4f2ce6c44"
LOG = L1Log(block_number=18, block_hash=b"\xb1" * 32, tx_hash=b"\x7a" * 32, log_index=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBlob:
    blob: bytes
    commitment: bytes
    hash: bytes

    @property
    def name(self) -> str:
        return f"0x{self.hash.hex()}"

    @property
    def hex(self) -> str:
        return f"0x{self.blob.hex()}"


def recorded_blobs(session: str = "token-flow") -> list[RecordedBlob]:
    """The blobs of a recorded chain: at least five."""
    lines = load_lines(f"sessions/{session}.chain.jsonl.gz")
    return [
        RecordedBlob(
            blob=bytes.fromhex(line["data"][2:]).ljust(131072, b"\0"),
            commitment=bytes.fromhex(line["commitment"][2:]),
            hash=bytes.fromhex(line["versionedHash"][2:]),
        )
        for line in lines
        if line["kind"] == "blob"
    ]


def recorded_proof(commitment: bytes) -> bytes:
    """What a RecordedCommitter takes for the proof of a recorded blob."""
    return sha256(b"proof" + commitment).digest() + bytes(16)


class RecordedCommitter:
    """Knows the commitments of recorded blobs; other bytes have a commitment that nobody asks for."""

    def __init__(self, known: Sequence[RecordedBlob]) -> None:
        self._known = {one.blob: one.commitment for one in known}
        self.count = 0

    def commitment(self, blob: bytes) -> bytes:
        self.count += 1
        if blob[:1] >= b"\x74":  # beyond the field's modulus, which the library refuses
            raise KzgError("the KZG library refuses the input")
        return self._known.get(blob) or sha256(blob).digest() + bytes(16)

    def verify_blob_proof(self, blob: bytes, commitment: bytes, proof: bytes) -> bool:
        """Proofs are those of `recorded_proof`."""
        if len(proof) != 48:
            raise KzgError("a proof has 48 bytes")
        return self._known.get(blob) == commitment and proof == recorded_proof(commitment)


@dataclass
class FakeSource:
    """Says what `answers` has, or fails with `failure`."""

    name: str = "fake"
    answers: dict[bytes, bytes] = field(default_factory=dict)
    failure: str | None = None
    asked: list[tuple[bytes, ...]] = field(default_factory=list)

    def get(self, hashes: Sequence[bytes], log: L1Log) -> Mapping[bytes, bytes]:
        assert log is LOG
        self.asked.append(tuple(hashes))
        if self.failure is not None:
            raise BlobSourceError(self.failure)
        return {one: self.answers[one] for one in hashes if one in self.answers}


Answer = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]


@dataclass
class FakeServer:
    """An HTTP server; `answer` gives status, body and headers for a request target."""

    url: str
    targets: list[str]
    headers: list[Mapping[str, str]]


@contextmanager
def http_server(answer: Callable[[str], Answer]) -> Iterator[FakeServer]:
    """Serve on a free port of this machine until the context ends."""
    targets: list[str] = []
    headers: list[Mapping[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            targets.append(self.path)
            headers.append(dict(self.headers))
            status, body, *more = answer(self.path)
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield FakeServer(f"http://127.0.0.1:{server.server_address[1]}", targets, headers)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
