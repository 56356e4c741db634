"""Ordered key-value stores: the interface, LevelDB, a store in memory, and the key prefixes.

Responsible for atomic batches, clear errors and the layout version. Not for what is stored: the packages
above own their records. Authority: our own layout, `docs/storage.md`.
"""

from aztecd.storage.errors import (
    StorageError,
    StoreClosedError,
    StoreCorruptError,
    StoreFullError,
    StoreIoError,
    StoreLockedError,
    StoreVersionError,
)
from aztecd.storage.kv import KeyValueStore, WriteBatch, prefix_end
from aztecd.storage.leveldb import LevelStore
from aztecd.storage.memory import MemoryStore
from aztecd.storage.schema import SCHEMA_VERSION, Prefix, check_schema

__all__ = [
    "SCHEMA_VERSION",
    "KeyValueStore",
    "LevelStore",
    "MemoryStore",
    "Prefix",
    "StorageError",
    "StoreClosedError",
    "StoreCorruptError",
    "StoreFullError",
    "StoreIoError",
    "StoreLockedError",
    "StoreVersionError",
    "WriteBatch",
    "check_schema",
    "prefix_end",
]
