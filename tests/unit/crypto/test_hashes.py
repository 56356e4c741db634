"""SHA-256 and Keccak against recorded facts and published values."""

from __future__ import annotations

from aztecd.crypto.keccak import keccak256
from aztecd.crypto.sha256 import sha256, sha256_trunc
from tests.support.vectors import cases


def test_sha256_trunc() -> None:
    for case in cases("poseidon2.json", "sha256_to_field"):
        assert sha256_trunc(bytes.fromhex(case["input"][2:])).hex() == case["output"][2:]


def test_sha256() -> None:
    # FIPS 180-2, appendix B.1.
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_keccak256() -> None:
    # The code hash of an account without code, and the topic of an ERC-20 transfer.
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert (
        keccak256(b"Transfer(address,address,uint256)").hex()
        == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    )
