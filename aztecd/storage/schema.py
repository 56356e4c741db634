"""The key space of the store: one byte of prefix per kind of record, and the version of the layout.

The layout of each record stands in `docs/storage.md`. Numbers are never used twice: a prefix that is no
longer written keeps its line there. A change that an older or newer build would misread raises
SCHEMA_VERSION.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING

from aztecd.storage.errors import StoreVersionError

if TYPE_CHECKING:
    from aztecd.storage.kv import KeyValueStore

__all__ = ["SCHEMA_VERSION", "Prefix", "check_schema"]

SCHEMA_VERSION = 1


@unique
class Prefix(IntEnum):
    """First byte of a key.

    Ranges: 0x01 the store itself, 0x10-0x1f world state, 0x20-0x4f chain, 0x50-0x5f mempool, 0x60-0x6f l1,
    0x70-0x8f pxe and wallet (a store of its own).
    """

    STORE = 0x01

    STATE_STATUS = 0x10
    STATE_NODE = 0x11
    STATE_PREIMAGE = 0x12
    STATE_KEY = 0x13
    STATE_LEAF = 0x14
    STATE_SIZE = 0x15
    STATE_BLOCK = 0x16
    STATE_UNDO = 0x17

    CHAIN_TIPS = 0x20
    CHAIN_BLOCK = 0x21
    CHAIN_BLOCK_BY_HASH = 0x22
    CHAIN_BLOCK_BY_ARCHIVE = 0x23
    CHAIN_EFFECT = 0x24
    CHAIN_TX = 0x25
    CHAIN_REWINDS = 0x26
    CHAIN_PUBLIC_LOG = 0x28
    CHAIN_PUBLIC_LOG_BY_CONTRACT = 0x29
    CHAIN_CLASS_LOG = 0x2A
    CHAIN_PRIVATE_TAG = 0x2B
    CHAIN_PUBLIC_TAG = 0x2C
    CHAIN_CHECKPOINT = 0x30
    CHAIN_CHECKPOINT_BY_SLOT = 0x31
    CHAIN_MESSAGE = 0x34
    CHAIN_MESSAGE_BY_LEAF = 0x35
    CHAIN_CLASS = 0x38
    CHAIN_INSTANCE = 0x39
    CHAIN_UPDATE = 0x3A

    MEMPOOL_TX = 0x50
    MEMPOOL_RETAINED = 0x51
    MEMPOOL_DROPPED = 0x52
    MEMPOOL_ARCHIVED = 0x53

    L1_INBOX = 0x60
    L1_MESSAGE = 0x61

    PXE_NETWORK = 0x70
    PXE_ANCHOR = 0x71
    PXE_KNOWN_BLOCK = 0x72
    PXE_VAULT = 0x73
    PXE_SENDER = 0x74
    PXE_CLASS = 0x75
    PXE_INSTANCE = 0x76
    PXE_NOTE = 0x77
    PXE_NOTE_ACTIVE = 0x78
    PXE_NOTE_NULLIFIED = 0x79
    PXE_NOTE_BY_BLOCK = 0x7A
    PXE_NULLIFIED_BY_BLOCK = 0x7B
    PXE_EVENT = 0x7C
    PXE_EVENT_BY_CONTRACT = 0x7D
    PXE_EVENT_BY_BLOCK = 0x7E
    PXE_CAPSULE = 0x7F
    PXE_SENDER_PENDING = 0x80
    PXE_SENDER_FINALIZED = 0x81
    PXE_RECIPIENT_TAG = 0x82
    PXE_KEY = 0x83
    WALLET_ACCOUNT = 0x84
    WALLET_CONTACT = 0x85
    PXE_DELIVERED = 0x86
    WALLET_APP = 0x87

    @property
    def key(self) -> bytes:
        """The prefix as bytes."""
        return bytes([self])


_VERSION_KEY = Prefix.STORE.key + b"version"


def check_schema(store: KeyValueStore) -> None:
    """Check the layout version of a store, or write it into an empty one.

    Raises: StoreVersionError if the store has another version, or has content and no version.
    """
    found = store.get(_VERSION_KEY)
    if found is None:
        if store.first(b"", b"\xff") is not None:
            raise StoreVersionError(
                "the store holds data that aztecd did not write: choose another data directory"
            )
        batch = store.batch()
        batch.put(_VERSION_KEY, SCHEMA_VERSION.to_bytes(4, "big"))
        store.write(batch, sync=True)
        return
    version = int.from_bytes(found, "big")
    if version != SCHEMA_VERSION:
        raise StoreVersionError(
            f"the store has layout version {version}, this build reads version {SCHEMA_VERSION}: "
            "use the build that wrote it, or remove the data directory and sync again"
        )
