"""Public bytecode of real contracts, by commitment.

The bytecodes are others' work and not in this project: they are read from the contract packages of the
installed JavaScript client, where each artifact's function `public_dispatch` carries the packed bytecode of
its class. Reading the artifacts takes seconds, so what was found lies in the user's cache under its
commitment, which is computed again at each reading.
"""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from aztecd.artifacts.cache import cache_root
from aztecd.crypto.field import Fr
from aztecd.protocol.contracts import public_bytecode_commitment
from tests.support.client_install import install

PACKAGES = ("@aztec/noir-contracts.js", "@aztec/noir-test-contracts.js", "@aztec/protocol-contracts")


class UnknownBytecodeError(LookupError):
    """No contract of the packages has bytecode with this commitment."""


def bytecode(commitment: Fr, modules: Callable[[], Path] = lambda: install().modules) -> bytes:
    """Give the packed bytecode with this commitment.

    `modules` gives the folder of installed packages and is asked only if the cache lacks the bytecode.
    Raises: UnknownBytecodeError, ClientInstallError.
    """
    folder = cache_root() / "contract-bytecodes"
    try:
        return _cached(folder, commitment)
    except UnknownBytecodeError:
        collect(modules(), folder)
    return _cached(folder, commitment)


def collect(modules: Path, folder: Path) -> int:
    """Write the bytecode of every contract below `modules` into the cache folder; give their number."""
    folder.mkdir(parents=True, exist_ok=True)
    written: set[Fr] = set()
    for package in PACKAGES:
        for path in sorted((modules / package / "artifacts").glob("*.json")):
            packed = dispatch_bytecode(orjson.loads(path.read_bytes()))
            if packed:
                commitment = public_bytecode_commitment(packed)
                if commitment not in written:
                    _write(folder / f"{commitment.hex()}.bin", packed)
                    written.add(commitment)
    return len(written)


def dispatch_bytecode(artifact: Any) -> bytes:
    """Give the packed public bytecode of a contract artifact; none if it has no `public_dispatch`."""
    found = (entry["bytecode"] for entry in artifact["functions"] if entry["name"] == "public_dispatch")
    return base64.b64decode(next(found, ""))


@lru_cache(maxsize=128)
def _cached(folder: Path, commitment: Fr) -> bytes:
    path = folder / f"{commitment.hex()}.bin"
    packed = path.read_bytes() if path.exists() else b""
    # A file that someone damaged is as good as none: it is collected again.
    if not packed or public_bytecode_commitment(packed) != commitment:
        raise UnknownBytecodeError(
            f"no artifact of {', '.join(PACKAGES)} has bytecode with commitment 0x{commitment.hex()}"
        )
    return packed


def _write(path: Path, data: bytes) -> None:
    descriptor, scratch = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(scratch).replace(path)
