"""Contracts for tests of the wallet's engine, whose functions are Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aztecd.constants import CONTRACT_INSTANCE_REGISTRY_ADDRESS
from aztecd.crypto.field import Fr, fr
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractInstanceWithAddress,
    contract_address,
)
from aztecd.pxe.artifacts import (
    ContractArtifact,
    FunctionArtifact,
    FunctionKind,
    contract_class_of,
)
from aztecd.pxe.sync.class_check import class_update_slots


def function(name: str, kind: FunctionKind = FunctionKind.UTILITY) -> FunctionArtifact:
    """Make a function without parameters; its bytecode is its name."""
    return FunctionArtifact(
        name=name,
        kind=kind,
        is_only_self=False,
        is_static=False,
        is_initializer=False,
        parameters=(),
        return_types=(),
        error_types={},
        bytecode=name.encode(),
        verification_key=None,
        debug_symbols="",
    )


def artifact(*functions: FunctionArtifact, name: str = "Test") -> ContractArtifact:
    """Make an artifact with `sync_state` and other functions."""
    return ContractArtifact(
        name=name,
        functions=(function("sync_state"), *functions),
        public_functions=(),
        structs={},
        globals={},
        storage_layout={},
        file_map={},
    )


def instance(of: ContractArtifact, salt: int = 0) -> ContractInstanceWithAddress:
    """Make an instance of an artifact."""
    class_id = contract_class_of(of).id
    made = ContractInstanceWithAddress.empty().replace(
        version=1,
        salt=fr(salt),
        current_contract_class_id=class_id,
        original_contract_class_id=class_id,
        public_keys=DEFAULT_PUBLIC_KEYS,
    )
    return made.replace(address=contract_address(made))


def schedule_class(chain: Any, contract: Fr, class_id: Fr) -> None:
    """Let a contract have another class from the beginning of time."""
    slots = class_update_slots(contract)
    for slot, value in zip(slots, (fr(0), fr(0), class_id), strict=True):
        chain.storage[CONTRACT_INSTANCE_REGISTRY_ADDRESS, slot] = value


@dataclass
class PythonCircuits:
    """Runs `functions[bytecode]`; satisfies Circuits. What they give are the return values."""

    functions: dict[bytes, Callable[..., Sequence[int]]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    def execute(self, bytecode: bytes, initial_witness: Sequence[int], foreign_call: Any) -> Any:
        self.runs.append(bytecode.decode())
        returned = self.functions.get(bytecode, lambda *_: [])(initial_witness, foreign_call)
        return _Solved(list(returned))


@dataclass
class _Solved:
    return_values: list[int]

    def range(self, start: int, count: int) -> Sequence[int]:
        raise AssertionError("only utility functions are Python")
