from __future__ import annotations

import rlp
from eth_keys.datatypes import Signature

from aztecd.crypto.keccak import keccak256
from aztecd.l1.blob_tx import BLOB_BYTES, BlobSidecar, BlobTransaction, SidecarForm, versioned_hash
from aztecd.l1.transaction import (
    Fees,
    L1Account,
    L1Transaction,
    create2_address,
    create_address,
)
from aztecd.protocol.basic import EthAddress
from tests.support.vectors import load

ACCOUNT = L1Account(bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"))
FEES = Fees(max_fee=100, max_priority_fee=3, max_blob_fee=7)
COMMITMENT = b"\xc0" + bytes(47)


def test_the_development_account_has_its_well_known_address_and_hides_its_key():
    deployer = load("l1.json.gz")["deployment"]["deployer"]
    assert f"0x{ACCOUNT.address.hex()}" == deployer.lower()
    assert "ac0974" not in repr(ACCOUNT)


def test_contract_addresses():
    addresses = load("l1.json.gz")["deployment"]["addresses"]
    rollup = bytes.fromhex(addresses["rollupAddress"][2:])
    assert create_address(ACCOUNT.address, 23) == rollup
    assert create_address(ACCOUNT.address, 0) == bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
    assert create_address(rollup, 2) == bytes.fromhex(addresses["inboxAddress"][2:])
    # The fourth example of EIP-1014.
    assert create2_address(bytes(20), bytes(32), b"\xde\xad\xbe\xef") == bytes.fromhex(
        "70f2b2914a2a4b783faefb75f459a580616fcb5e"
    )


def test_a_plain_transaction_carries_its_fields_and_recovers_to_its_sender():
    transaction = L1Transaction(to=EthAddress(b"\x11" * 20), data=b"hello", gas=21_000, value=5)
    signed = transaction.sign(ACCOUNT, chain_id=31337, nonce=9, fees=FEES)
    assert signed.raw[0] == 2
    fields = rlp.decode(signed.raw[1:])
    assert [int.from_bytes(field, "big") for field in fields[:5]] == [31337, 9, 3, 100, 21_000]
    assert fields[5:9] == [b"\x11" * 20, b"\x05", b"hello", []]
    assert _sender(2, fields[:9], fields[9:]) == ACCOUNT.address
    assert signed.tx_hash == keccak256(signed.raw)


def test_a_creation_has_no_recipient():
    signed = L1Transaction(to=None, data=b"code", gas=1).sign(ACCOUNT, chain_id=1, nonce=0, fees=FEES)
    assert rlp.decode(signed.raw[1:])[5] == b""


def _blob_transaction(form: SidecarForm, proofs: int) -> BlobTransaction:
    blobs = (bytes(BLOB_BYTES), b"\x01" * BLOB_BYTES)
    sidecar = BlobSidecar(
        form=form, blobs=blobs, commitments=(COMMITMENT, COMMITMENT), proofs=(COMMITMENT,) * proofs
    )
    return BlobTransaction(to=EthAddress(b"\x22" * 20), data=b"call", gas=5, sidecar=sidecar)


def test_the_two_envelopes_carry_the_same_signed_transaction():
    older = _blob_transaction(SidecarForm.EIP4844, 2)
    newer = _blob_transaction(SidecarForm.EIP7594, 256)
    first = older.sign(ACCOUNT, chain_id=31337, nonce=1, fees=FEES)
    second = newer.sign(ACCOUNT, chain_id=31337, nonce=1, fees=FEES)
    body, blobs, commitments, proofs = rlp.decode(first.raw[1:])
    body_again, version, *_, cell_proofs = rlp.decode(second.raw[1:])
    assert first.raw[0] == second.raw[0] == 3
    assert (body, version) == (body_again, b"\x01")
    assert blobs == list(older.sidecar.blobs)
    assert commitments == [COMMITMENT, COMMITMENT]
    assert (len(proofs), len(cell_proofs)) == (2, 256)
    assert first.tx_hash == second.tx_hash == keccak256(b"\x03" + rlp.encode(body))
    assert int.from_bytes(body[9], "big") == 7
    assert body[10] == [versioned_hash(COMMITMENT)] * 2
    assert _sender(3, body[:11], body[11:]) == ACCOUNT.address


def test_the_hash_of_the_empty_blob_is_the_recorded_one():
    recorded = load("l1.json.gz")["epochSettlement"]["blobInputsForMockVerifier"]
    assert versioned_hash(COMMITMENT).hex() == recorded[2:66]


def _sender(kind: int, body, signature) -> bytes:
    parity, r, s = (int.from_bytes(part, "big") for part in signature)
    digest = keccak256(bytes([kind]) + rlp.encode(body))
    return Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest).to_canonical_address()
