"""Condense contract artifacts to what a wallet reads of them.

Authority: @aztec/{accounts,noir-contracts.js,protocol-contracts} artifacts/*.json (4.1.2); @aztec/stdlib
src/abi/contract_artifact.ts for what is dropped: the code of public functions runs through
`public_dispatch`, which has all of it, so readers forget the bytecode of the others; artifact hash and class
id do not cover it. The place in the source where a function fails is in the symbols of `public_dispatch` too.

Out comes `<Name>.json`, in the compiler's form.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson

from aztecd.artifacts.archive import members
from aztecd.artifacts.errors import ArtifactsIntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["convert_contracts", "write_contract"]

_DISPATCH = "public_dispatch"
_PUBLIC = "abi_public"


def convert_contracts(archive: Path, target: Path, paths: Sequence[str]) -> None:
    """Write `<Name>.json` for each artifact into the target folder.

    `paths` are `<name>.json` or `<crate>-<name>.json` inside the package. Raises ArtifactsIntegrityError if
    the package has another form than the pinned version has.
    """
    for path, stream in members(archive, paths):
        write_contract(target, PurePosixPath(path).stem.rpartition("-")[2], stream.read())


def write_contract(target: Path, name: str, text: bytes) -> None:
    """Write one artifact. Raises ArtifactsIntegrityError if it is none, or another contract's."""
    try:
        artifact = orjson.loads(text)
        if artifact["name"] != name:
            raise ArtifactsIntegrityError(f"the artifact of {name} is of contract {artifact['name']}")
        artifact["functions"] = [_condensed(function) for function in artifact["functions"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ArtifactsIntegrityError(f"the artifact of {name} has another form: {error!r}") from error
    (target / f"{name}.json").write_bytes(orjson.dumps(artifact))


def _condensed(function: dict[str, Any]) -> dict[str, Any]:
    if _PUBLIC in function["custom_attributes"] and function["name"] != _DISPATCH:
        return function | {"bytecode": "", "debug_symbols": ""}
    return function
