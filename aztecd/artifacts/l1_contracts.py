"""Convert the L1 contracts' interfaces and creation codes to one small JSON file each.

Authority: @aztec/l1-artifacts dest/<Name>Abi.js, dest/<Name>Bytecode.js (4.1.2). Each exports constants
whose values are valid JSON. Out comes `<Name>.json`:

    {"abi": [...], "bytecode": "0x...", "linkReferences": {source file: {library: [{"start", "length"}]}}}

`start` and `length` are byte offsets in the creation code; only Rollup has link references.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aztecd.artifacts.archive import members
from aztecd.artifacts.errors import ArtifactsIntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["convert_l1_contracts"]


def convert_l1_contracts(archive: Path, target: Path, names: Sequence[str]) -> None:
    """Write `<Name>.json` for each contract into the target folder.

    Raises ArtifactsIntegrityError if the package has another form than the pinned version has.
    """
    texts = {}
    wanted = {f"dest/{name}{part}.js" for name in names for part in ("Abi", "Bytecode")}
    for path, stream in members(archive, wanted):
        texts[path] = stream.read().decode()
    for name in names:
        code = texts[f"dest/{name}Bytecode.js"]
        contract = {
            "abi": _exported(texts[f"dest/{name}Abi.js"], f"{name}Abi"),
            "bytecode": _exported(code, f"{name}Bytecode"),
            "linkReferences": _exported(code, f"{name}LinkReferences", default={}),
        }
        (target / f"{name}.json").write_text(json.dumps(contract, separators=(",", ":")), "utf-8")


def _exported(source: str, symbol: str, default: Any = None) -> Any:
    _, found, rest = source.partition(f"export const {symbol} = ")
    if not found:
        if default is None:
            raise ArtifactsIntegrityError(f"the L1 artifacts have no {symbol}")
        return default
    value, _ = json.JSONDecoder().raw_decode(rest)
    return value
