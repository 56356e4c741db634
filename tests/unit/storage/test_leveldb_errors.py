from __future__ import annotations

from pathlib import Path

import plyvel
import pytest

from aztecd.storage import StorageError, StoreCorruptError, StoreFullError, StoreIoError, StoreLockedError
from aztecd.storage.leveldb import _translate


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (plyvel.IOError(b"IO error: /data/000003.log: No space left on device"), StoreFullError),
        (plyvel.IOError(b"IO error: /data/000003.log: Disk quota exceeded"), StoreFullError),
        (OSError(28, "No space left on device"), StoreFullError),
        (plyvel.IOError(b"IO error: lock /data/LOCK: Resource temporarily unavailable"), StoreLockedError),
        (plyvel.IOError(b"IO error: lock /data/LOCK: already held by process"), StoreLockedError),
        (plyvel.CorruptionError(b"Corruption: block checksum mismatch"), StoreCorruptError),
        (plyvel.IOError(b"IO error: /data/000005.ldb: No such file or directory"), StoreCorruptError),
        (plyvel.IOError(b"IO error: /data/000005.ldb: Input/output error"), StoreIoError),
        (PermissionError(13, "Permission denied"), StoreIoError),
        (RuntimeError("something else"), StorageError),
    ],
)
def test_native_errors_get_a_class_and_name_the_folder(error, expected):
    found = _translate(error, Path("/some/data"))
    assert type(found) is expected
    assert "/some/data" in str(found)
