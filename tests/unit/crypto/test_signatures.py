"""Pedersen, Schnorr, ECDSA, AES and points from x against recorded facts."""

from __future__ import annotations

import pytest

from aztecd.crypto.aes import (
    decrypt_cbc,
    decrypt_cbc_keep_padding,
    encrypt_cbc,
    encrypt_cbc_unpadded,
)
from aztecd.crypto.ecdsa import EcdsaCurve, ecdsa_public_key, ecdsa_sign, ecdsa_verify
from aztecd.crypto.field import FQ_MODULUS, FR_MODULUS, fr_from_hex, fr_hex
from aztecd.crypto.grumpkin import GENERATOR, INFINITY, Point, add, is_on_curve, multiply, negate
from aztecd.crypto.grumpkin_points import has_low_y, lift_x, square_root
from aztecd.crypto.pedersen import pedersen_hash
from aztecd.crypto.schnorr import schnorr_public_key, schnorr_sign, schnorr_verify
from tests.support.vectors import load

FACTS = load("schnorr.json.gz")


def point(value) -> Point:
    return Point(int(value["x"], 16), int(value["y"], 16))


@pytest.mark.parametrize("case", FACTS["schnorr"])
def test_schnorr(case):
    key, message = int(case["private_key"], 16), bytes.fromhex(case["message"])
    public = point(case["public_key"])
    assert schnorr_public_key(key) == public
    assert schnorr_verify(message, public, bytes.fromhex(case["signature"])) is case["verified"] is True
    assert schnorr_verify(message, public, bytes.fromhex(case["tampered"])) is case["tampered_verified"]
    ours = schnorr_sign(message, key)
    assert schnorr_verify(message, public, ours)
    assert not schnorr_verify(message + b"\0", public, ours)
    assert not schnorr_verify(message, negate(public), ours)
    assert schnorr_sign(message, key) != ours


def test_malformed_schnorr_signatures_are_none():
    key, message = 7, b"message"
    public, signature = schnorr_public_key(key), schnorr_sign(message, key)
    assert not schnorr_verify(message, public, signature[:-1])
    assert not schnorr_verify(message, public, bytes(32) + signature[32:])
    assert not schnorr_verify(message, public, signature[:32] + bytes(32))
    assert not schnorr_verify(message, public, FQ_MODULUS.to_bytes(32, "big") + signature[32:])
    assert not schnorr_verify(message, INFINITY, signature)
    assert not schnorr_verify(message, Point(1, 1), signature)


@pytest.mark.parametrize("key", [0, FQ_MODULUS, -1])
def test_schnorr_keys_have_a_range_and_stay_out_of_errors(key):
    with pytest.raises(ValueError, match="private key lies between") as caught:
        schnorr_sign(b"", key)
    assert str(FQ_MODULUS) not in str(caught.value)


@pytest.mark.parametrize("case", FACTS["pedersen"])
def test_pedersen(case):
    assert fr_hex(pedersen_hash([fr_from_hex(text) for text in case["inputs"]])) == case["hash"]


@pytest.mark.parametrize("count", [0, 4])
def test_pedersen_takes_one_to_three(count):
    with pytest.raises(ValueError, match=f"got {count}"):
        pedersen_hash([bytes(32)] * count)


@pytest.mark.parametrize("case", FACTS["grumpkin"])
def test_grumpkin(case):
    first = multiply(GENERATOR, int(case["scalar"], 16))
    second = multiply(first, int(case["scalar2"], 16))
    assert (first, second) == (point(case["point"]), point(case["point2"]))
    assert add(first, second) == point(case["sum"])


@pytest.mark.parametrize("case", FACTS["ecdsa"])
def test_ecdsa(case):
    curve = EcdsaCurve(case["curve"])
    key, message = bytes.fromhex(case["private_key"]), bytes.fromhex(case["message"])
    public = bytes.fromhex(case["public_key"])
    assert ecdsa_public_key(key, curve) == public
    r, s = bytes.fromhex(case["r"]), bytes.fromhex(case["s"])
    assert ecdsa_verify(message, public, r + s, curve)
    high = (curve.order - int.from_bytes(s, "big")).to_bytes(32, "big")
    assert not ecdsa_verify(message, public, r + high, curve)
    assert not ecdsa_verify(message, public, s + r, curve)
    assert not ecdsa_verify(message, bytes(64), r + s, curve)
    for _ in range(4):
        ours = ecdsa_sign(message, key, curve)
        assert ecdsa_verify(message, public, ours, curve)
        assert int.from_bytes(ours[32:], "big") <= curve.order // 2


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, b"\x01"])
@pytest.mark.parametrize("curve", list(EcdsaCurve))
def test_ecdsa_keys_have_a_range_and_stay_out_of_errors(key, curve):
    with pytest.raises(ValueError, match="private key of") as caught:
        ecdsa_sign(b"", key, curve)
    assert key.hex() not in str(caught.value)


def test_aes_of_the_standard():
    # NIST SP 800-38A, F.2.1: CBC-AES128, first two blocks.
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    iv = bytes(range(16))
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    cipher = bytes.fromhex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")
    assert encrypt_cbc_unpadded(plain, iv, key) == cipher
    assert decrypt_cbc_keep_padding(cipher, iv, key) == plain


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17])
def test_padding_is_added_and_removed(length):
    data, iv, key = bytes(range(length)), bytes(16), bytes(range(16))
    sealed = encrypt_cbc(data, iv, key)
    assert len(sealed) == (length // 16 + 1) * 16
    assert decrypt_cbc(sealed, iv, key) == data
    added = decrypt_cbc_keep_padding(sealed, iv, key)[length:]
    assert added == bytes([len(added)] * len(added))


def test_padding_that_lies_is_followed_like_the_reference_does():
    iv = key = bytes(16)
    for last, expected in ((0, 16), (16, 0), (20, 12), (32, 0), (200, 0)):
        plain = bytes(range(15)) + bytes([last])
        assert decrypt_cbc(encrypt_cbc_unpadded(plain, iv, key), iv, key) == plain[:expected]


def test_aes_refuses_parts_of_blocks():
    with pytest.raises(ValueError, match="got 15"):
        encrypt_cbc_unpadded(bytes(15), bytes(16), bytes(16))
    with pytest.raises(ValueError, match="16 bytes, got 16 and 24"):
        encrypt_cbc(b"", bytes(16), bytes(24))


def test_square_roots():
    for value in (0, 1, 4, FR_MODULUS - 1, 2**200):
        root = square_root(value * value)
        assert root in (value % FR_MODULUS, -value % FR_MODULUS)
        assert root is not None
    # 5 generates the group: its odd powers have no root.
    assert square_root(5) is None
    assert square_root(pow(5, 3, FR_MODULUS)) is None
    for exponent in range(2, 60, 2):
        root = square_root(pow(5, exponent, FR_MODULUS))
        assert root is not None
        assert root * root % FR_MODULUS == pow(5, exponent, FR_MODULUS)


def test_points_from_x_have_the_low_y():
    found = 0
    for x in range(1, 60):
        lifted = lift_x(x)
        if lifted is None:
            # Euler's criterion, an independent computation.
            assert pow(x**3 - 17, (FR_MODULUS - 1) // 2, FR_MODULUS) == FR_MODULUS - 1
        else:
            assert is_on_curve(lifted)
            assert has_low_y(lifted)
            assert not has_low_y(negate(lifted))
            found += 1
    assert 20 < found < 40
