"""A contract artifact in memory.

Authority: @aztec/stdlib src/abi/abi.ts (4.1.2).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import FunctionSelector
from aztecd.protocol.codec import JsonValue
from aztecd.pxe.abi import (
    AbiParameter,
    AbiType,
    ErrorType,
    StructType,
    function_selector,
    signature_of,
    type_size,
)
from aztecd.pxe.artifacts.errors import UnknownFunctionError
from aztecd.pxe.artifacts.source_map import SourceFile, SourceMap

__all__ = ["ContractArtifact", "FunctionAbi", "FunctionArtifact", "FunctionKind", "SourceFile"]


class FunctionKind(enum.Enum):
    """Where a function runs."""

    PRIVATE = "private"
    PUBLIC = "public"
    UTILITY = "utility"


# Without slots: the selector is kept once it was computed.
@dataclass(frozen=True, kw_only=True)
class FunctionAbi:
    """How a function is called, and what comes back. `error_types` goes by the selector, in decimal."""

    name: str
    kind: FunctionKind
    is_only_self: bool
    is_static: bool
    is_initializer: bool
    parameters: tuple[AbiParameter, ...]
    return_types: tuple[AbiType, ...]
    error_types: Mapping[str, ErrorType]

    @cached_property
    def selector(self) -> FunctionSelector:
        """The selector. Raises AbiTypeError when a parameter has no signature."""
        return function_selector(self.name, self.parameters)

    @property
    def signature(self) -> str:
        """The signature that the selector is the hash of. Raises AbiTypeError."""
        return signature_of(self.name, self.parameters)

    @property
    def arguments_size(self) -> int:
        """The number of field elements of the arguments."""
        return sum(type_size(parameter.type) for parameter in self.parameters)


@dataclass(frozen=True, kw_only=True)
class FunctionArtifact(FunctionAbi):
    """A function that can be run: a private or utility one, or `public_dispatch`.

    `bytecode` is packed with gzip for private and utility functions; public bytecode lies bare.
    """

    bytecode: bytes = field(repr=False)
    verification_key: bytes | None = field(repr=False)
    debug_symbols: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ContractArtifact:
    """A contract as the compiler gives it.

    `functions` has what can be run; the ABI of the single public functions is in `public_functions`.
    `structs` are the exported types by group ("events", "functions"), in the order of the artifact hash;
    `globals` the exported values.
    """

    name: str
    functions: tuple[FunctionArtifact, ...]
    public_functions: tuple[FunctionAbi, ...]
    structs: Mapping[str, tuple[AbiType, ...]] = field(repr=False)
    globals: Mapping[str, JsonValue] = field(repr=False)
    storage_layout: Mapping[str, Fr]
    file_map: Mapping[int, SourceFile] = field(repr=False)

    @property
    def abis(self) -> tuple[FunctionAbi, ...]:
        """Every function's ABI."""
        return (*self.functions, *self.public_functions)

    @property
    def events(self) -> tuple[StructType, ...]:
        """The exported events."""
        return tuple(item for item in self.structs.get("events", ()) if isinstance(item, StructType))

    def function(self, name: str) -> FunctionArtifact:
        """Find a function that can be run. Raises UnknownFunctionError."""
        for found in self.functions:
            if found.name == name:
                return found
        raise UnknownFunctionError(f"Unknown function {name}")

    def function_by_selector(self, selector: FunctionSelector) -> FunctionArtifact:
        """Find a function that can be run. Raises UnknownFunctionError."""
        for found in self.functions:
            if found.selector == selector:
                return found
        raise UnknownFunctionError(f"Unknown function 0x{selector.hex()}")

    def abi(self, name: str) -> FunctionAbi:
        """Find the ABI of any function, single public ones included. Raises UnknownFunctionError."""
        for found in self.abis:
            if found.name == name:
                return found
        raise UnknownFunctionError(f"Unknown function {name}")

    def abi_by_selector(self, selector: FunctionSelector) -> FunctionAbi | None:
        """Find the ABI of any function."""
        return next((found for found in self.abis if found.selector == selector), None)

    def initializer(self, name: str | None = None) -> FunctionAbi | None:
        """Find the initializer of that name, or the one that is called by default; none if there is none.

        Rule: @aztec/stdlib src/abi/abi.ts (`getDefaultInitializer`). Raises UnknownFunctionError.
        """
        if name is not None:
            named = next((found for found in self.abis if found.name == name), None)
            if named is None:
                raise UnknownFunctionError(f"Constructor method {name} not found in contract artifact")
            if not named.is_initializer:
                raise UnknownFunctionError(f"Method {name} is not an initializer")
            return named
        found = [abi for abi in self.abis if abi.is_initializer]
        if len(found) < 2:
            return found[0] if found else None
        rules: tuple[Callable[[FunctionAbi], bool], ...] = (
            lambda abi: abi.name == "constructor",
            lambda abi: abi.name == "initializer",
            lambda abi: not abi.parameters,
            lambda abi: abi.kind is FunctionKind.PRIVATE,
        )
        matches = (abi for rule in rules for abi in found if rule(abi))
        return next(matches, found[0])

    def source_map(self, function: FunctionArtifact) -> SourceMap:
        """Give the map from a function's opcodes to the source; nothing is read before it is asked."""
        return SourceMap(function.debug_symbols, self.file_map)
