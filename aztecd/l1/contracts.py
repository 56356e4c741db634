"""The compiled L1 contracts: ABI, creation code, and linking of external libraries.

Authority: @aztec/l1-artifacts dest/<Name>Abi.js, dest/<Name>Bytecode.js (4.1.2), kept by the artifact
cache as `<Name>.json` with the members `abi`, `bytecode` and `linkReferences`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from aztecd.crypto.keccak import keccak256
from aztecd.l1.abi import AbiError, ContractAbi, abi_encode
from aztecd.l1.errors import L1ArtifactError
from aztecd.l1.revert import ErrorTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ContractArtifact", "ContractSet", "library_placeholder"]

_PLACEHOLDER_DIGITS = 40


def library_placeholder(source: str, library: str) -> str:
    """The 40 characters that stand for a library's address in unlinked code."""
    return f"__${keccak256(f'{source}:{library}'.encode()).hex()[:34]}$__"


@dataclass(frozen=True, kw_only=True)
class ContractArtifact:
    """One contract as the compiler left it. `bytecode` is hexadecimal text without `0x`, maybe unlinked."""

    name: str
    abi: ContractAbi
    bytecode: str
    link_references: Mapping[str, Mapping[str, Sequence[Mapping[str, int]]]]

    def creation_code(self, libraries: Mapping[str, bytes] | None = None) -> bytes:
        """Give the code that creates the contract, without constructor arguments.

        `libraries` maps library names to 20-byte addresses. Raises L1ArtifactError when one is missing or
        a placeholder is not where the link references say.
        """
        code = self.bytecode
        for source, by_library in self.link_references.items():
            for library, references in by_library.items():
                address = (libraries or {}).get(library)
                if address is None:
                    raise L1ArtifactError(f"{self.name} must be linked with library {library}")
                placeholder = library_placeholder(source, library)
                for reference in references:
                    start = reference["start"] * 2
                    end = start + _PLACEHOLDER_DIGITS
                    if code[start:end] != placeholder:
                        raise L1ArtifactError(f"{self.name} has no placeholder of {library} at {start // 2}")
                    code = code[:start] + address.hex() + code[end:]
        try:
            return bytes.fromhex(code)
        except ValueError as error:
            raise L1ArtifactError(f"the bytecode of {self.name} is not hexadecimal or not linked") from error

    def deployment(self, *arguments: Any, libraries: Mapping[str, bytes] | None = None) -> bytes:
        """Give the whole creation data: code and encoded constructor arguments."""
        return self.creation_code(libraries) + abi_encode(self.abi.constructor_inputs, arguments)


class ContractSet:
    """The folder of contract artifacts. Files are read when they are first needed, then kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[str, ContractArtifact] = {}

    def artifact(self, name: str) -> ContractArtifact:
        """Load one contract. Raises L1ArtifactError."""
        found = self._loaded.get(name)
        if found is None:
            found = self._loaded[name] = self._load(name)
        return found

    def abi(self, name: str) -> ContractAbi:
        """The ABI of one contract. Raises L1ArtifactError."""
        return self.artifact(name).abi

    def forget_code(self) -> None:
        """Drop what has been read; the next use reads it again. Frees some MB after a deployment."""
        self._loaded.clear()

    @cached_property
    def errors(self) -> ErrorTable:
        """All custom errors; the compiler lists every one of them in each contract's ABI."""
        return ErrorTable(self._all_errors)

    def _all_errors(self) -> tuple[AbiError, ...]:
        return self.abi("Rollup").errors + self.abi("TestERC20").errors

    def _load(self, name: str) -> ContractArtifact:
        path = self.folder / f"{name}.json"
        try:
            content = orjson.loads(path.read_bytes())
            return ContractArtifact(
                name=name,
                abi=ContractAbi(name, content["abi"]),
                bytecode=content["bytecode"].removeprefix("0x"),
                link_references=content["linkReferences"],
            )
        except OSError as error:
            raise L1ArtifactError(
                f"contract artifact {name} can't be read ({error.strerror}); run `aztecd fetch`"
            ) from error
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise L1ArtifactError(f"contract artifact {name} is damaged; run `aztecd fetch`") from error
