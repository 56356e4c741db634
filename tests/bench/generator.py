"""Send requests as fast as a server answers them, in a process of its own.

Reads one job a line from standard input and writes one result a line. The requests' bytes are made before
the clock starts, and of an answer only the status and the length are read, so that the generator takes far
less processor time than the servers that it measures.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = Path(__file__).resolve().parents[2]
_WARM_UP_S = 0.15
_LIMIT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of one job. Latencies in milliseconds."""

    requests_per_s: float
    p50_ms: float
    p95_ms: float
    refused: int
    """Answers without status 200."""
    answer_bytes: int
    """Size of an answer, head included, on average."""
    answers: int
    """All answers, those before and after the measured time too."""


class _Connection(asyncio.Protocol):
    """One connection that sends its next request when the answer to the last one is complete."""

    def __init__(self, run: _Run, first: int) -> None:
        self._run = run
        self._next = first
        self._received = 0
        self._needed = 0
        self._head = b""
        self._tail = b""
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        requests = self._run.requests
        request = requests[self._next]
        self._next = (self._next + self._run.stride) % len(requests)
        self._received = self._needed = 0
        self._head = self._tail = b""
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if not self._needed:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._needed = end + 4 + _content_length(self._head[:end])
        if self._needed > _CHUNKED:
            self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
            is_complete = self._tail == _LAST_CHUNK
        else:
            is_complete = self._received >= self._needed
        if is_complete:
            self._run.note(time.perf_counter() - self._sent_at, self._received, self._head.startswith(_GOOD))
            if self._run.is_over:
                self._transport.close()
            else:
                self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._run.closed(error)


_GOOD = b"HTTP/1.1 200 "
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_CHUNKED = 1 << 60
"""Stands for an unknown length: the answer ends with its last chunk."""


def _content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at >= 0:
        return int(lower[at + 17 :].split(b"\r\n", 1)[0])
    if b"\r\ntransfer-encoding: chunked" in lower:
        return _CHUNKED
    raise ValueError(f"an answer without a length: {head!r}")


class _Run:
    """One job in work. Mutable: it counts."""

    def __init__(self, requests: Sequence[bytes], connections: int) -> None:
        self.requests = requests
        # The connections walk through all requests, none in step with another.
        self.stride = connections if len(requests) % connections else connections + 1
        self.is_over = False
        self._open = connections
        self._latencies: list[float] = []
        self._refused = 0
        self._bytes = 0
        self._answers = 0
        self._begin = 0.0
        self._error: Exception | None = None
        self._first_answer = asyncio.Event()
        self._done = asyncio.get_running_loop().create_future()

    def note(self, latency: float, size: int, is_good: bool) -> None:
        if self._begin and not self.is_over:
            self._latencies.append(latency)
            self._first_answer.set()
            self._bytes += size
        self._answers += 1
        self._refused += not is_good

    def closed(self, error: Exception | None) -> None:
        if not self.is_over:
            self._error = error or ConnectionResetError("the server closed a connection")
        self._open -= 1
        if not self._open and not self._done.done():
            self._done.set_result(None)
            self._first_answer.set()

    async def measure(self, host: str, port: int, connections: int, seconds: float) -> Load:
        loop = asyncio.get_running_loop()
        for index in range(connections):
            first = index % len(self.requests)
            await loop.create_connection(lambda first=first: _Connection(self, first), host, port)
        await asyncio.sleep(_WARM_UP_S)
        self._begin = time.perf_counter()
        await asyncio.sleep(seconds)
        async with asyncio.timeout(_LIMIT_S):
            await self._first_answer.wait()
        elapsed = time.perf_counter() - self._begin
        self.is_over = True
        async with asyncio.timeout(_LIMIT_S):
            await self._done
        if self._error is not None:
            raise self._error
        ordered = sorted(self._latencies)
        count = len(ordered)
        return Load(
            requests_per_s=count / elapsed,
            p50_ms=ordered[count // 2] * 1000,
            p95_ms=ordered[count * 95 // 100] * 1000,
            refused=self._refused,
            answer_bytes=self._bytes // count,
            answers=self._answers,
        )


class Generator:
    """The generator's process, for the one who measures. `cores` is where it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def load(
        self, url: str, bodies: Sequence[bytes], *, connections: int, seconds: float, gzip: bool
    ) -> Load:
        """Send the bodies in turn over keep-alive connections for some seconds."""
        job = {
            "url": url,
            "bodies": [body.decode() for body in bodies],
            "connections": connections,
            "seconds": seconds,
            "gzip": gzip,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended; its error is above")
        return Load(**json.loads(line))


@contextmanager
def generator(cores: set[int] | None) -> Iterator[Generator]:
    """Start the generator's process and end it."""
    command = [sys.executable, "-m", "tests.bench.generator"]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        try:
            yield Generator(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _post(body: str, host: str, *, gzip: bool) -> bytes:
    data = body.encode()
    accepted = "accept-encoding: gzip, deflate\r\n" if gzip else ""
    head = (
        f"POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"{accepted}content-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def _work(job: dict[str, Any]) -> Load:
    parts = urlsplit(job["url"])
    assert parts.hostname is not None
    assert parts.port is not None
    requests = [_post(body, parts.netloc, gzip=job["gzip"]) for body in job["bodies"]]
    run = _Run(requests, job["connections"])
    return await run.measure(parts.hostname, parts.port, job["connections"], job["seconds"])


def main() -> None:
    """Work on jobs until the input ends."""
    for line in sys.stdin:
        load = uvloop.run(_work(json.loads(line)))
        print(json.dumps(asdict(load)), flush=True)


if __name__ == "__main__":
    main()
