"""Siloing, storage slots and message hashes: the identifiers that a node derives.

Authority: @aztec/stdlib src/hash/hash.ts, src/hash/map_slot.ts; L1 twin
l1-contracts/src/core/libraries/crypto/Hash.sol (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from aztecd.constants import (
    DOM_SEP_FUNCTION_ARGS,
    DOM_SEP_MESSAGE_NULLIFIER,
    DOM_SEP_NOTE_HASH_NONCE,
    DOM_SEP_PRIVATE_LOG_FIRST_FIELD,
    DOM_SEP_PUBLIC_LEAF_SLOT,
    DOM_SEP_PUBLIC_STORAGE_MAP_SLOT,
    DOM_SEP_SECRET_HASH,
    DOM_SEP_SILOED_NOTE_HASH,
    DOM_SEP_SILOED_NULLIFIER,
    DOM_SEP_UNIQUE_NOTE_HASH,
    FEE_JUICE_ADDRESS,
    FEE_JUICE_BALANCES_SLOT,
    NULL_MSG_SENDER_ADDRESS,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.crypto.poseidon2 import hash_bytes, hash_with_separator
from aztecd.crypto.sha256 import sha256_trunc
from aztecd.protocol.basic import EthAddress

__all__ = [
    "fee_juice_balance_leaf_slot",
    "function_selector",
    "l1_to_l2_message_hash",
    "l1_to_l2_message_nullifier",
    "l2_to_l1_message_hash",
    "map_slot",
    "note_hash_nonce",
    "protocol_nullifier",
    "public_leaf_slot",
    "secret_hash",
    "silo_note_hash",
    "silo_nullifier",
    "silo_private_log_tag",
    "unique_note_hash",
    "var_args_hash",
]


def silo_note_hash(contract: Fr, note_hash: Fr) -> Fr:
    """Bind a note hash to its contract."""
    return hash_with_separator(DOM_SEP_SILOED_NOTE_HASH, [contract, note_hash])


def note_hash_nonce(first_nullifier: Fr, index: int) -> Fr:
    """Give the nonce of the note hash at `index` in its transaction."""
    return hash_with_separator(DOM_SEP_NOTE_HASH_NONCE, [first_nullifier, fr(index)])


def unique_note_hash(nonce: Fr, siloed_note_hash: Fr) -> Fr:
    """Give the leaf of the note hash tree."""
    return hash_with_separator(DOM_SEP_UNIQUE_NOTE_HASH, [nonce, siloed_note_hash])


def silo_nullifier(contract: Fr, nullifier: Fr) -> Fr:
    """Bind a nullifier to its contract: the key of the nullifier tree."""
    return hash_with_separator(DOM_SEP_SILOED_NULLIFIER, [contract, nullifier])


def protocol_nullifier(tx_request_hash: Fr) -> Fr:
    """Give the nullifier that the kernels add when the wallet names no first nullifier."""
    return silo_nullifier(NULL_MSG_SENDER_ADDRESS, tx_request_hash)


def silo_private_log_tag(contract: Fr, tag: Fr) -> Fr:
    """Bind a private log's first field to its contract: the tag as it appears on chain."""
    return hash_with_separator(DOM_SEP_PRIVATE_LOG_FIRST_FIELD, [contract, tag])


def public_leaf_slot(contract: Fr, storage_slot: Fr) -> Fr:
    """Give the key of the public data tree for a contract's storage slot."""
    return hash_with_separator(DOM_SEP_PUBLIC_LEAF_SLOT, [contract, storage_slot])


def map_slot(slot: Fr, key: Fr) -> Fr:
    """Give the storage slot of a map's entry."""
    return hash_with_separator(DOM_SEP_PUBLIC_STORAGE_MAP_SLOT, [slot, key])


def fee_juice_balance_leaf_slot(account: Fr) -> Fr:
    """Give the public data leaf that holds an account's fee juice."""
    return public_leaf_slot(FEE_JUICE_ADDRESS, map_slot(FEE_JUICE_BALANCES_SLOT, account))


def secret_hash(secret: Fr) -> Fr:
    """Hash the secret of a message from L1."""
    return hash_with_separator(DOM_SEP_SECRET_HASH, [secret])


def var_args_hash(arguments: Iterable[Fr]) -> Fr:
    """Hash arguments or return values; none at all hash to zero."""
    elements = list(arguments)
    return hash_with_separator(DOM_SEP_FUNCTION_ARGS, elements) if elements else FR_ZERO


def function_selector(signature: str) -> int:
    """Give the u32 selector of a signature without spaces, such as `transfer(Field,Field)`."""
    return fr_int(hash_bytes(signature.encode())) & 0xFFFF_FFFF


def l1_to_l2_message_hash(
    *, sender: EthAddress, chain_id: int, recipient: Fr, version: int, content: Fr, secret: Fr, index: int
) -> Fr:
    """Hash a message from L1: its leaf in the message tree. `secret` is the secret's hash, `index` global."""
    words = [sender.rjust(32, b"\0"), fr(chain_id), recipient, fr(version), content, secret, fr(index)]
    return sha256_trunc(b"".join(words))


def l1_to_l2_message_nullifier(contract: Fr, message_hash: Fr, secret: Fr) -> Fr:
    """Give the siloed nullifier that consuming a message emits."""
    return silo_nullifier(contract, hash_with_separator(DOM_SEP_MESSAGE_NULLIFIER, [message_hash, secret]))


def l2_to_l1_message_hash(
    *, sender: Fr, version: int, recipient: EthAddress, chain_id: int, content: Fr
) -> Fr:
    """Hash a message to L1 as the Outbox does: the recipient has 20 bytes."""
    return sha256_trunc(b"".join([sender, fr(version), recipient, fr(chain_id), content]))
