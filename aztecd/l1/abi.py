"""Solidity's ABI: functions, events and custom errors of a contract, with their codecs.

Addresses are 20 bytes on our side, everything else is what eth-abi makes of it (ints, bytes, tuples).

Authority: the Solidity ABI specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import AddressDecoder
from eth_abi.encoding import AddressEncoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals, registry

from aztecd.crypto.keccak import keccak256
from aztecd.l1.errors import L1ArtifactError, L1DecodeError

__all__ = ["AbiError", "AbiEvent", "AbiFunction", "ContractAbi", "abi_decode", "abi_encode", "canonical_type"]

AbiItem = Mapping[str, Any]


class _AddressBytesDecoder(AddressDecoder):
    decoder_fn = staticmethod(bytes)  # type: ignore[assignment]  # the base class gives text


def _codec() -> ABICodec:
    own = registry.copy()  # type: ignore[no-untyped-call]  # eth-abi leaves it unannotated
    own.unregister("address")
    is_address = BaseEquals("address")  # type: ignore[no-untyped-call]  # same
    own.register(is_address, AddressEncoder, _AddressBytesDecoder, label="address")
    return ABICodec(own)


_CODEC = _codec()


def abi_encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Encode values of the given types, head and tail."""
    return _CODEC.encode(types, values)


def abi_decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode values of the given types. Raises L1DecodeError."""
    try:
        return _CODEC.decode(types, data)
    except (DecodingError, OverflowError, ValueError) as error:
        raise L1DecodeError(f"{len(data)} bytes are not ({','.join(types)}): {error}") from error


def canonical_type(parameter: AbiItem) -> str:
    """The type of a parameter as it stands in a signature: tuples are written out."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical_type(component) for component in parameter["components"])
    return f"({inner}){kind[5:]}"


@dataclass(frozen=True, kw_only=True)
class AbiFunction:
    """A function of a contract. `encode` gives calldata, `decode` takes what a call returned."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    signature: str
    selector: bytes = field(repr=False)

    @classmethod
    def from_item(cls, item: AbiItem) -> AbiFunction:
        """Read an ABI entry of type `function`."""
        inputs = tuple(canonical_type(parameter) for parameter in item["inputs"])
        signature = f"{item['name']}({','.join(inputs)})"
        return cls(
            name=item["name"],
            inputs=inputs,
            outputs=tuple(canonical_type(parameter) for parameter in item["outputs"]),
            signature=signature,
            selector=keccak256(signature.encode())[:4],
        )

    def encode(self, *arguments: Any) -> bytes:
        """Make the calldata of a call."""
        return self.selector + abi_encode(self.inputs, arguments)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Read what a call returned. Raises L1DecodeError."""
        return abi_decode(self.outputs, data)


@dataclass(frozen=True, kw_only=True)
class AbiEvent:
    """An event of a contract."""

    name: str
    signature: str
    topic: bytes = field(repr=False)
    parameters: tuple[tuple[str, str, bool], ...]
    """Name, type and whether it is indexed, in order."""

    @classmethod
    def from_item(cls, item: AbiItem) -> AbiEvent:
        """Read an ABI entry of type `event`."""
        parameters = tuple((p["name"], canonical_type(p), bool(p["indexed"])) for p in item["inputs"])
        signature = f"{item['name']}({','.join(kind for _, kind, _ in parameters)})"
        return cls(
            name=item["name"],
            signature=signature,
            topic=keccak256(signature.encode()),
            parameters=parameters,
        )

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Read a log's values by name. Raises L1DecodeError.

        Indexed parameters must have value types (all of this protocol's have): others are hashes in topics.
        """
        indexed = [kind for _, kind, is_indexed in self.parameters if is_indexed]
        if not topics or topics[0] != self.topic or len(topics) != len(indexed) + 1:
            raise L1DecodeError(f"the log is no {self.name}")
        from_topics = iter([abi_decode([kind], t)[0] for kind, t in zip(indexed, topics[1:], strict=True)])
        plain = [kind for _, kind, is_indexed in self.parameters if not is_indexed]
        from_data = iter(abi_decode(plain, data))
        return {
            name: next(from_topics if is_indexed else from_data) for name, _, is_indexed in self.parameters
        }


@dataclass(frozen=True, kw_only=True)
class AbiError:
    """A custom error of a contract."""

    name: str
    signature: str
    selector: bytes = field(repr=False)
    parameters: tuple[tuple[str, str], ...]

    @classmethod
    def from_item(cls, item: AbiItem) -> AbiError:
        """Read an ABI entry of type `error`."""
        parameters = tuple((p["name"], canonical_type(p)) for p in item["inputs"])
        signature = f"{item['name']}({','.join(kind for _, kind in parameters)})"
        return cls(
            name=item["name"],
            signature=signature,
            selector=keccak256(signature.encode())[:4],
            parameters=parameters,
        )


class ContractAbi:
    """What one contract offers, by name. Codecs are made when they are first asked for."""

    def __init__(self, name: str, items: Sequence[AbiItem]) -> None:
        self.name = name
        self._items = items
        self._functions: dict[str, AbiFunction] = {}
        self._events: dict[str, AbiEvent] = {}

    def function(self, signature: str) -> AbiFunction:
        """Find a function by its name, or by its whole signature where a name is used twice."""
        found = self._functions.get(signature)
        if found is None:
            name = signature.partition("(")[0]
            candidates = [AbiFunction.from_item(item) for item in self._select("function", name)]
            if "(" in signature:
                candidates = [function for function in candidates if function.signature == signature]
            if len(candidates) != 1:
                raise L1ArtifactError(
                    f"{self.name} has {len(candidates)} functions {signature}, expected one"
                )
            found = self._functions[signature] = candidates[0]
        return found

    def event(self, name: str) -> AbiEvent:
        """Find an event by its name."""
        found = self._events.get(name)
        if found is None:
            candidates = [AbiEvent.from_item(item) for item in self._select("event", name)]
            if len(candidates) != 1:
                raise L1ArtifactError(f"{self.name} has {len(candidates)} events {name}, expected one")
            found = self._events[name] = candidates[0]
        return found

    @cached_property
    def constructor_inputs(self) -> tuple[str, ...]:
        """The types of the constructor's arguments."""
        for item in self._items:
            if item["type"] == "constructor":
                return tuple(canonical_type(parameter) for parameter in item["inputs"])
        return ()

    @cached_property
    def errors(self) -> tuple[AbiError, ...]:
        """All custom errors that the contract's ABI lists."""
        return tuple(AbiError.from_item(item) for item in self._items if item["type"] == "error")

    def _select(self, kind: str, name: str) -> Iterable[AbiItem]:
        return [item for item in self._items if item["type"] == kind and item["name"] == name]
