"""What an application may do without being asked about it each time.

A grant keeps the JSON form in which applications declare and get it; `read_manifest` has checked its shape.
Sending and simulating are granted by contract and function, `*` for all.

Authority: @aztec/aztec.js src/wallet/{wallet,capabilities}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import FrCodec, JsonValue, SchemaError, json_kind
from aztecd.protocol.identifier_codecs import AztecAddressCodec
from aztecd.pxe.requests import FunctionCall

__all__ = ["ALL_CAPABILITIES", "Capability", "Grants", "Manifest", "read_manifest"]

Capability = Mapping[str, JsonValue]
"""One capability as JSON: `type` and what belongs to it."""

_ALL: Final = "*"
_MAX_ITEMS: Final = 1000
_ADDRESS: Final = AztecAddressCodec()
_CLASS: Final = FrCodec()

ALL_CAPABILITIES: Final[tuple[Capability, ...]] = (
    {"type": "accounts", "canGet": True, "canCreateAuthWit": True},
    {"type": "contracts", "contracts": _ALL, "canRegister": True, "canGetMetadata": True},
    {"type": "contractClasses", "classes": _ALL, "canGetMetadata": True},
    {"type": "simulation", "transactions": {"scope": _ALL}, "utilities": {"scope": _ALL}},
    {"type": "transaction", "scope": _ALL},
    {"type": "data", "addressBook": True, "privateEvents": {"contracts": _ALL}},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an application says of itself and wants."""

    name: str
    version: str
    capabilities: tuple[Capability, ...]
    expiration_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What was granted; `accounts` are those that the application may see and act for, None for all.

    `expires_ms` is a time, in milliseconds since 1970.
    """

    capabilities: tuple[Capability, ...] = ()
    accounts: frozenset[AztecAddress] | None = frozenset()
    expires_ms: float | None = None

    def sees(self, account: AztecAddress) -> bool:
        """Tell whether the application may know of an account."""
        return self.accounts is None or account in self.accounts

    def allows(self, kind: str, flag: str) -> bool:
        """Tell whether some capability of this type has the flag."""
        return any(item.get(flag) is True for item in self._of(kind))

    def allows_contract(self, flag: str, contract: AztecAddress) -> bool:
        """Tell whether something may be done with a contract: `canRegister` or `canGetMetadata`."""
        return any(
            item.get(flag) is True and _lists(item.get("contracts"), contract)
            for item in self._of("contracts")
        )

    def allows_class(self, class_id: bytes) -> bool:
        """Tell whether a class may be asked about."""
        return any(
            item.get("canGetMetadata") is True and _lists(item.get("classes"), class_id)
            for item in self._of("contractClasses")
        )

    def allows_events(self, contract: AztecAddress) -> bool:
        """Tell whether a contract's private events may be read."""
        return any(
            _lists((item.get("privateEvents") or {}).get("contracts"), contract) for item in self._of("data")
        )

    def allows_simulation(self, calls: Sequence[FunctionCall], *, is_utility: bool = False) -> bool:
        """Tell whether these calls may all be simulated."""
        part = "utilities" if is_utility else "transactions"
        return _cover([(item.get(part) or {}).get("scope") for item in self._of("simulation")], calls)

    def allows_sending(self, calls: Sequence[FunctionCall]) -> bool:
        """Tell whether these calls may all be sent."""
        return _cover([item.get("scope") for item in self._of("transaction")], calls)

    def _of(self, kind: str) -> Iterator[Capability]:
        return (item for item in self.capabilities if item["type"] == kind)


def read_manifest(value: JsonValue, path: str) -> Manifest:
    """Read what an application declares. Raises SchemaError, DecodeError."""
    manifest = _object(value, path)
    if manifest.get("version") != "1.0":
        raise SchemaError('Invalid literal value, expected "1.0"', f"{path}.version")
    about = _object(manifest.get("metadata"), f"{path}.metadata")
    wanted = _list(manifest.get("capabilities"), f"{path}.capabilities")
    behavior = manifest.get("behavior") or {}
    expiration = _object(behavior, f"{path}.behavior").get("expiration")
    if expiration is not None and (isinstance(expiration, bool) or not isinstance(expiration, int | float)):
        raise SchemaError(f"Expected number, received {json_kind(expiration)}", f"{path}.behavior.expiration")
    return Manifest(
        name=_text(about.get("name"), f"{path}.metadata.name"),
        version=_text(about.get("version"), f"{path}.metadata.version"),
        capabilities=tuple(
            _capability(item, f"{path}.capabilities.{index}") for index, item in enumerate(wanted)
        ),
        expiration_ms=expiration,
    )


def _capability(value: JsonValue, path: str) -> Capability:
    item = _object(value, path)
    kind = item.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        names = " | ".join(f"'{name}'" for name in _READERS)
        raise SchemaError(f"Invalid discriminator value. Expected {names}", f"{path}.type")
    return {"type": item["type"], **reader(item, path)}


def _accounts(item: dict[str, Any], path: str) -> dict[str, Any]:
    return _flags(item, path, "canGet", "canCreateAuthWit")


def _contracts(item: dict[str, Any], path: str) -> dict[str, Any]:
    contracts = _addresses(item.get("contracts"), f"{path}.contracts")
    return {"contracts": contracts, **_flags(item, path, "canRegister", "canGetMetadata")}


def _classes(item: dict[str, Any], path: str) -> dict[str, Any]:
    classes = _all_or(item.get("classes"), f"{path}.classes", _class_id)
    if not isinstance(item.get("canGetMetadata"), bool):
        raise SchemaError("Required", f"{path}.canGetMetadata")
    return {"classes": classes, "canGetMetadata": item["canGetMetadata"]}


def _simulation(item: dict[str, Any], path: str) -> dict[str, Any]:
    read = {}
    for part in ("transactions", "utilities"):
        if item.get(part) is not None:
            scope = _object(item[part], f"{path}.{part}").get("scope")
            read[part] = {"scope": _patterns(scope, f"{path}.{part}.scope")}
    return read


def _transaction(item: dict[str, Any], path: str) -> dict[str, Any]:
    return {"scope": _patterns(item.get("scope"), f"{path}.scope")}


def _data(item: dict[str, Any], path: str) -> dict[str, Any]:
    read = _flags(item, path, "addressBook")
    if item.get("privateEvents") is not None:
        contracts = _object(item["privateEvents"], f"{path}.privateEvents").get("contracts")
        read["privateEvents"] = {"contracts": _addresses(contracts, f"{path}.privateEvents.contracts")}
    return read


_READERS: Final[dict[str, Callable[[dict[str, Any], str], dict[str, Any]]]] = {
    "accounts": _accounts,
    "contracts": _contracts,
    "contractClasses": _classes,
    "simulation": _simulation,
    "transaction": _transaction,
    "data": _data,
}


def _patterns(value: JsonValue, path: str) -> JsonValue:
    return _all_or(value, path, _pattern)


def _pattern(value: JsonValue, path: str) -> JsonValue:
    item = _object(value, path)
    contract = item.get("contract")
    read: dict[str, Any] = {
        "contract": contract if contract == _ALL else _address(contract, f"{path}.contract"),
        "function": _text(item.get("function"), f"{path}.function"),
    }
    if item.get("additionalScopes") is not None:
        read["additionalScopes"] = _addresses(item["additionalScopes"], f"{path}.additionalScopes")
    return read


def _addresses(value: JsonValue, path: str) -> JsonValue:
    return _all_or(value, path, _address)


def _all_or(value: JsonValue, path: str, item: Callable[[JsonValue, str], JsonValue]) -> JsonValue:
    if value == _ALL:
        return value
    return [item(given, f"{path}.{index}") for index, given in enumerate(_list(value, path))]


def _address(value: JsonValue, path: str) -> JsonValue:
    return "0x" + _ADDRESS.from_json(value, path).hex()


def _class_id(value: JsonValue, path: str) -> JsonValue:
    return "0x" + _CLASS.from_json(value, path).hex()


def _flags(item: dict[str, Any], path: str, *names: str) -> dict[str, Any]:
    read = {}
    for name in names:
        if item.get(name) is not None:
            if not isinstance(item[name], bool):
                raise SchemaError(f"Expected boolean, received {json_kind(item[name])}", f"{path}.{name}")
            read[name] = item[name]
    return read


def _object(value: JsonValue, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("object", value, path)
    return value


def _list(value: JsonValue, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong("array", value, path)
    if len(value) > _MAX_ITEMS:
        raise SchemaError(f"Array must contain at most {_MAX_ITEMS} element(s)", path)
    return value


def _text(value: JsonValue, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong("string", value, path)
    return value


def _wrong(kind: str, value: JsonValue, path: str) -> SchemaError:
    return SchemaError("Required" if value is None else f"Expected {kind}, received {json_kind(value)}", path)


def _lists(given: JsonValue, wanted: bytes) -> bool:
    return given == _ALL or (isinstance(given, list) and "0x" + wanted.hex() in given)


def _cover(scopes: Sequence[JsonValue], calls: Sequence[FunctionCall]) -> bool:
    """Tell whether scopes together cover calls."""
    # A transaction without calls costs a fee too, and no pattern means it.
    if not calls:
        return _ALL in scopes
    return all(any(_covers(scope, call) for scope in scopes) for call in calls)


def _covers(scope: JsonValue, call: FunctionCall) -> bool:
    if scope == _ALL:
        return True
    # A function without a name is one that the wallet does not know: no pattern but `*` means it.
    contracts, functions = {_ALL, "0x" + call.to.hex()}, {_ALL, call.name or _ALL}
    return any(item["contract"] in contracts and item["function"] in functions for item in scope or ())
