"""Reading over HTTP is bounded in size and time, and says nothing of keys."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from aztecd.config_values import display_url
from aztecd.l1.blobs import BlobSourceError
from aztecd.l1.blobs.http import HttpReader
from tests.support.blobs import http_server


@contextmanager
def raw_server(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Answer one connection after its request by what `serve` does."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def work() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            with suppress(OSError):  # the client is gone, as it should be
                serve(connection, is_over)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        thread.join()
        listener.close()


def test_a_body_up_to_the_limit():
    with http_server(lambda _: (200, b"x" * 70_000)) as server:
        reader = HttpReader(server.url)
        assert reader.get("a", max_bytes=70_000).body == b"x" * 70_000
        with pytest.raises(BlobSourceError, match="sends more than 69999 bytes"):
            reader.get("a", max_bytes=69_999)
        assert reader.get("a", max_bytes=70_000).status == 200


def test_a_body_that_grows_when_it_is_unpacked():
    packed = gzip.compress(bytes(100_000_000))
    assert len(packed) < 100_000
    with (
        http_server(lambda _: (200, packed, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(BlobSourceError, match="sends more than 1000000 bytes"),
    ):
        HttpReader(server.url).get("a", max_bytes=1_000_000)


def test_a_body_without_end():
    def serve(connection: socket.socket, is_over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not is_over.is_set():
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    with raw_server(serve) as url, pytest.raises(BlobSourceError, match="sends more than 1000000 bytes"):
        HttpReader(url).get("a", max_bytes=1_000_000)


def test_a_body_drop_by_drop():
    ticks = iter(range(1000))

    def serve(connection: socket.socket, is_over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not is_over.wait(0.001):
            connection.sendall(b".")

    with raw_server(serve) as url, pytest.raises(BlobSourceError, match="takes more than 5 s for an answer"):
        HttpReader(url, total_s=5, clock=lambda: next(ticks)).get("a", max_bytes=1_000_000)


def test_a_server_that_says_nothing():
    def serve(_: socket.socket, is_over: threading.Event) -> None:
        is_over.wait(20)

    with raw_server(serve) as url, pytest.raises(BlobSourceError, match="does not answer: ReadTimeout"):
        HttpReader(url, timeout_s=0.05).get("a", max_bytes=1000)


def test_a_body_that_breaks_off():
    def serve(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    with raw_server(serve) as url, pytest.raises(BlobSourceError, match="does not answer: "):
        HttpReader(url).get("a", max_bytes=1000)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(BlobSourceError, match="does not answer: ConnectionError"):
        HttpReader(url).get("a", max_bytes=1000)


def test_something_else_than_http():
    def serve(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(b"220 ready\r\n")

    with raw_server(serve) as url, pytest.raises(BlobSourceError, match="does not answer: "):
        HttpReader(url).get("a", max_bytes=1000)


def test_redirects_are_followed_but_not_for_ever():
    def answer(target: str) -> tuple[int, bytes, dict[str, str]]:
        left = int(target[2:])
        return (302, b"", {"Location": f"/r{left - 1}"}) if left else (200, b"there", {})

    with http_server(answer) as server:
        assert HttpReader(server.url).get("r3", max_bytes=1000).body == b"there"
        with pytest.raises(BlobSourceError, match="TooManyRedirects"):
            HttpReader(server.url).get("r4", max_bytes=1000)


def test_keys_are_sent_and_never_told():
    with http_server(lambda _: (200, b"")) as server:
        address = server.url.removeprefix("http://")
        reader = HttpReader(f"http://user:secret1@{address}/secret2?key=secret3#x")
        reader.get("blobs/1", max_bytes=1000, query="a=b")
        assert server.targets == ["/secret2/blobs/1?key=secret3&a=b"]
        assert server.headers[0]["Authorization"] == "Basic dXNlcjpzZWNyZXQx"
        assert reader.display_url == server.url
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(BlobSourceError) as caught:
        HttpReader(f"http://user:secret1@{address}/secret2?key=secret3").get("blobs/1", max_bytes=1000)
    error = caught.value
    assert "secret" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_cookies_are_not_kept():
    with http_server(lambda _: (200, b"", {"Set-Cookie": "a=b"})) as server:
        reader = HttpReader(server.url)
        for _ in range(2):
            reader.get("x", max_bytes=1000)
        assert [headers.get("Cookie") for headers in server.headers] == [None, None]


def test_an_address_is_shown_without_what_may_be_secret():
    assert display_url("https://a:b@host.example:8443/c?d=e#f") == "https://host.example:8443"
    assert display_url("http://[::1]:80/x") == "http://[::1]:80"
    assert display_url("http://host") == "http://host"
    for text in ("user:secret@host", "http://host:secret", "http://"):
        assert display_url(text) == "(no URL)"
