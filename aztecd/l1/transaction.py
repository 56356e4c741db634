"""Ethereum transactions: keys, signing, contract addresses.

Signatures are made with eth-keys and rlp, web3.py's own parts; eth-account is left out because importing it
costs half a second and because it makes blob transactions only in the newer of the two sidecar forms.

Authority: EIP-155, EIP-1559, EIP-2718, EIP-1014.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import rlp
from eth_keys.datatypes import PrivateKey

from aztecd.crypto.keccak import keccak256
from aztecd.protocol.basic import EthAddress

__all__ = [
    "Fees",
    "L1Account",
    "L1Transaction",
    "RlpItem",
    "Signable",
    "SignedTransaction",
    "create2_address",
    "create_address",
]

RlpItem = int | bytes | Sequence["RlpItem"]


def create_address(sender: bytes, nonce: int) -> EthAddress:
    """The address of a contract that `sender` creates with its transaction (or creation) number `nonce`."""
    return EthAddress(keccak256(rlp.encode([sender, nonce]))[12:])


def create2_address(factory: bytes, salt: bytes, creation_code: bytes) -> EthAddress:
    """The address of a contract that `factory` creates with CREATE2."""
    return EthAddress(keccak256(b"\xff" + factory + salt + keccak256(creation_code))[12:])


class L1Account:
    """A key and its address. The key never shows in `repr`."""

    __slots__ = ("_key", "address")

    def __init__(self, private_key: bytes) -> None:
        self._key = PrivateKey(private_key)
        self.address = EthAddress(self._key.public_key.to_canonical_address())

    def __repr__(self) -> str:
        return f"L1Account(0x{self.address.hex()})"

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """Sign 32 bytes: (y parity, r, s), deterministic."""
        signature = self._key.sign_msg_hash(digest)
        return signature.v, signature.r, signature.s


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a transaction offers, in wei per gas."""

    max_fee: int
    max_priority_fee: int
    max_blob_fee: int = 0

    def doubled(self) -> Fees:
        """Offer twice as much: enough to replace a pending transaction, blob transactions included."""
        return Fees(
            max_fee=self.max_fee * 2,
            max_priority_fee=self.max_priority_fee * 2,
            max_blob_fee=self.max_blob_fee * 2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """What goes to a node, and the hash under which it will be known."""

    raw: bytes = field(repr=False)
    tx_hash: bytes


class Signable(Protocol):
    """A transaction that can be signed again with other fees."""

    def sign(self, account: L1Account, *, chain_id: int, nonce: int, fees: Fees) -> SignedTransaction:
        """Make the raw transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Transaction:
    """A call (or creation, without `to`) before it has a nonce and fees."""

    to: EthAddress | None
    data: bytes
    gas: int
    value: int = 0

    def sign(self, account: L1Account, *, chain_id: int, nonce: int, fees: Fees) -> SignedTransaction:
        """Make the raw type-2 transaction."""
        body: list[RlpItem] = [
            chain_id,
            nonce,
            fees.max_priority_fee,
            fees.max_fee,
            self.gas,
            self.to or b"",
            self.value,
            self.data,
            [],
        ]
        signature = account.sign(keccak256(b"\x02" + rlp.encode(body)))
        raw = b"\x02" + rlp.encode([*body, *signature])
        return SignedTransaction(raw=raw, tx_hash=keccak256(raw))
