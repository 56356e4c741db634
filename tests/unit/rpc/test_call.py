"""The command line's calls: whatever answers at the URL, the user gets a result or one clear error."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
from email.message import Message

import pytest

from aztecd.cli import main
from aztecd.rpc.call import CallFailedError, NodeAwayError, result_of


@pytest.fixture
def answering(monkeypatch):
    """Let whoever is asked give these bytes."""

    def answer(body: bytes, status: int = 200) -> None:
        def urlopen(request, timeout):
            if status == 200:
                return io.BytesIO(body)
            raise urllib.error.HTTPError(request.full_url, status, "Bad", Message(), io.BytesIO(body))

        monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    return answer


def ask() -> object:
    return result_of("http://127.0.0.1:1", "getBlockNumber", [])


def test_results(answering):
    answering(b'{"jsonrpc": "2.0", "id": 1, "result": 5}')
    assert ask() == 5
    answering(b'{"id": 1, "result": 5, "error": null}')
    assert ask() == 5
    answering(b'{"jsonrpc": "2.0", "id": 1}')
    assert ask() is None


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b'{"error": {"code": -32601, "message": "no"}}', 200, r"^aztec_getBlockNumber: no \(-32601\)$"),
        (b'{"error": {"code": -32601, "message": "no"}}', 400, r"^aztec_getBlockNumber: no \(-32601\)$"),
        (b'{"error": "Not Found"}', 200, "^aztec_getBlockNumber: Not Found$"),
        (b'{"error": "Not Found"}', 404, "^aztec_getBlockNumber: Not Found$"),
        (b'{"message": "no"}', 502, r"Bad \(502\)$"),
        (b"[1]", 502, r"Bad \(502\)$"),
        (b"<html>", 502, r"Bad \(502\)$"),
        (b"[" * 100_000, 502, r"Bad \(502\)$"),
    ],
)
def test_refusals(answering, body, status, message):
    answering(body, status)
    with pytest.raises(CallFailedError, match=message):
        ask()


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b"[" * 100_000], ids=range(4))
def test_what_is_no_node(answering, body):
    answering(body)
    with pytest.raises(NodeAwayError, match="no node answers"):
        ask()


def test_an_error_does_not_steer_the_terminal(answering, capsys):
    answering(b'{"error": {"code": 1, "message": "\\u001b[2Jfirst\\nsecond\\r"}}')
    assert main(["rpc", "getBlockNumber"]) == 1
    assert capsys.readouterr().err == "error: aztec_getBlockNumber: ?[2Jfirst\nsecond? (1)\n"
