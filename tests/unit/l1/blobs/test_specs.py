"""How users name sources of blobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aztecd.l1.blobs import BlobSourceSpecError, blob_sources, check_blob_source_spec
from aztecd.l1.client import L1Client
from tests.support.blobs import NAMESPACE, RecordedCommitter


def names(*specs: str) -> list[str]:
    client = L1Client("http://user:secret@127.0.0.1:8545/key")
    try:
        return [one.name for one in blob_sources(specs, client, RecordedCommitter([]), NAMESPACE)]
    finally:
        client.close()


def test_the_order_is_the_user_s_and_each_is_asked_once():
    assert names(
        "https://blobs.example/store?key=secret",
        "beacon:https://secret@beacon.example:5052/",
        "anvil",
        "file:///var/lib/my%20blobs",
        "anvil",
        "http://127.0.0.1:8080/blobs",
    ) == [
        "blob file store https://blobs.example",
        "beacon node https://beacon.example:5052",
        "L1 node http://127.0.0.1:8545",
        f"blob folder {Path('/var/lib/my blobs')}",
        "blob file store http://127.0.0.1:8080",
    ]


def test_without_any_the_l1_node_is_asked():
    assert names() == ["L1 node http://127.0.0.1:8545"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "unknown blob source"),
        ("Anvil", "unknown blob source 'Anvil'"),
        ("beacon", "unknown blob source"),
        ("beacon:", "needs an http:// or https:// address"),
        ("beacon:host:5052", "needs an http:// or https:// address"),
        ("beacon:ftp://host", "needs an http:// or https:// address"),
        ("beacon:http://host:port", "needs an http:// or https:// address"),
        ("http://", "no valid host or port"),
        ("http://:80", "no valid host or port"),
        ("https://host:99999", "no valid host or port"),
        ("http://[::1", "no valid host or port"),
        ("s3://bucket/path", "not supported: use the bucket's https:// address"),
        ("gs://bucket/path", "not supported"),
        ("ftp://secret@host/path", r"unknown blob source 'ftp://\.\.\.'"),
        ("file://host/path", "file:///absolute/path"),
        ("file://path", "file:///absolute/path"),
        ("file://", "file:///absolute/path"),
        ("file:path", "unknown blob source"),
        ("/var/lib/blobs", "unknown blob source"),
        (" anvil", "unknown blob source"),
    ],
)
def test_what_is_no_source(spec: str, message: str):
    with pytest.raises(BlobSourceSpecError, match=message) as caught:
        check_blob_source_spec(spec)
    assert "secret" not in str(caught.value)
    with pytest.raises(BlobSourceSpecError):
        names("anvil", spec)
