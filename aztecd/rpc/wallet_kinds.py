"""The parameters of the wallet's methods.

Members that are null count as absent, unknown ones are dropped. Of the fee options the schema says
`maxFeePerGas`, the clients send `maxFeesPerGas`: both are read.

Authority: @aztec/aztec.js src/wallet/wallet.ts (4.1.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aztecd.protocol.codec import BytesCodec, Codec, DecodeError, JsonValue, SchemaError
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.gas import Gas, GasFees
from aztecd.pxe.abi import AbiTypeError, type_from_json
from aztecd.pxe.artifacts import ContractArtifact, load_artifact
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from aztecd.rpc.kinds import (
    AZTEC_ADDRESS,
    BOOLEAN,
    FIELD,
    MISSING,
    TX_HASH,
    ArrayKind,
    CoercedNumber,
    Issues,
    Kind,
    MemberKind,
    TextKind,
    expected,
)
from aztecd.rpc.objects import Member, read_members
from aztecd.wallet.api import EventDefinition, PrivateEventQuery
from aztecd.wallet.capabilities import read_manifest
from aztecd.wallet.gas import GasOptions
from aztecd.wallet.intents import CallIntent, InnerHashIntent, Intent
from aztecd.wallet.options import ProfileOptions, SendOptions, SimulateOptions, WaitOptions

__all__ = [
    "ARTIFACT",
    "EVENT_DEFINITION",
    "EVENT_QUERY",
    "FUNCTION_CALL",
    "INSTANCE",
    "INTENT",
    "MANIFEST",
    "PAYLOAD",
    "PROFILE_OPTIONS",
    "RAW_LIST",
    "SECRET",
    "SEND_OPTIONS",
    "SIMULATE_OPTIONS",
    "UTILITY_OPTIONS",
]

_MAX_ITEMS: Final = 1000
_MAX_SECONDS: Final = 86_400.0
_NO_WAIT: Final = "NO_WAIT"


def _record(codec: Codec) -> Kind:
    return MemberKind(codec, {"type": "object"})


@dataclass(frozen=True, slots=True)
class _MadeKind:
    """An object that becomes something else; `make` gets the members that are there."""

    members: tuple[Member, ...]
    make: Callable[..., Any]

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {item.json_name: item.kind.schema for item in self.members}}

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        read = read_members(self.members, value, path, issues)
        return None if read is None else self.make(**read)


@dataclass(frozen=True, slots=True)
class _ParsedKind:
    """A value that a function reads; what it refuses by SchemaError is an issue."""

    parse: Callable[[JsonValue, str], Any]
    schema: dict[str, Any]

    def read(self, value: JsonValue, path: str, issues: Issues) -> Any:
        if value is MISSING:
            issues.add("Required", path)
            return None
        try:
            return self.parse(value, path)
        except SchemaError as error:
            issues.add(error.reason, error.path)
            return None


class _SecondsKind:
    """A number of seconds, not negative."""

    __slots__ = ()

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": 0, "maximum": _MAX_SECONDS}

    def read(self, value: JsonValue, path: str, issues: Issues) -> float:
        if type(value) not in {int, float} or not math.isfinite(value):
            issues.add(expected("number", value), path)
            return 0.0
        if not 0 <= value <= _MAX_SECONDS:
            issues.add(f"Number must be between 0 and {_MAX_SECONDS:g}", path)
        return float(value)


class _WaitKind:
    """How to wait: an object, or `NO_WAIT`; read as WaitOptions or None."""

    __slots__ = ()
    options = _MadeKind(
        (
            Member(
                json_name="ignoreDroppedReceiptsFor",
                name="ignore_dropped_for_s",
                kind=_SecondsKind(),
                or_null=True,
            ),
            Member(json_name="timeout", name="timeout_s", kind=_SecondsKind(), or_null=True),
            Member(json_name="interval", name="interval_s", kind=_SecondsKind(), or_null=True),
            Member(json_name="dontThrowOnRevert", name="accepts_revert", kind=BOOLEAN, or_null=True),
        ),
        WaitOptions,
    )

    @property
    def schema(self) -> dict[str, Any]:
        return {"oneOf": [{"const": _NO_WAIT}, self.options.schema]}

    def read(self, value: JsonValue, path: str, issues: Issues) -> WaitOptions | None:
        if value == _NO_WAIT:
            return None
        if type(value) is not dict:
            issues.add_late("Invalid input", path)
            return None
        read: WaitOptions | None = self.options.read(value, path, issues)
        return read


def _optional(json_name: str, name: str, kind: Kind) -> Member:
    return Member(json_name=json_name, name=name, kind=kind, or_null=True)


def _required(json_name: str, name: str, kind: Kind) -> Member:
    return Member(json_name=json_name, name=name, kind=kind, optional=False)


_SELECTOR: Final = MemberKind(BytesCodec(4), {"type": "string"})
_FEES: Final = _record(GasFees.codec)


def _gas_options(
    max_fee: GasFees | None = None, max_priority_fee: GasFees | None = None, **members: Any
) -> GasOptions:
    members.setdefault("max_fees_per_gas", max_fee)
    members.setdefault("max_priority_fees_per_gas", max_priority_fee)
    return GasOptions(**members)


_GAS_SETTINGS: Final = _MadeKind(
    (
        _optional("gasLimits", "gas_limits", _record(Gas.codec)),
        _optional("teardownGasLimits", "teardown_gas_limits", _record(Gas.codec)),
        _optional("maxFeesPerGas", "max_fees_per_gas", _FEES),
        _optional("maxPriorityFeesPerGas", "max_priority_fees_per_gas", _FEES),
        _optional("maxFeePerGas", "max_fee", _FEES),
        _optional("maxPriorityFeePerGas", "max_priority_fee", _FEES),
    ),
    _gas_options,
)
_FEE: Final = _MadeKind(
    (
        _optional("gasSettings", "gas", _GAS_SETTINGS),
        _optional("estimateGas", "estimates_gas", BOOLEAN),
        _optional("estimatedGasPadding", "estimate_padding", _SecondsKind()),
    ),
    dict,
)
_WITNESSES: Final = ArrayKind(_record(AuthWitness.codec), _MAX_ITEMS)
_SCOPES: Final = ArrayKind(AZTEC_ADDRESS, _MAX_ITEMS)
_COMMON: Final = (
    _required("from", "sender", AZTEC_ADDRESS),
    _optional("fee", "fee", _FEE),
    _optional("additionalScopes", "additional_scopes", _SCOPES),
)
_SIMULATION: Final = (
    *_COMMON,
    _optional("skipTxValidation", "skips_validation", BOOLEAN),
    _optional("skipFeeEnforcement", "skips_fee_enforcement", BOOLEAN),
)


def _send_options(fee: dict[str, Any] | None = None, **members: Any) -> SendOptions:
    return SendOptions(gas=(fee or {}).get("gas") or GasOptions(), **members)


def _simulate_options(fee: dict[str, Any] | None = None, **members: Any) -> SimulateOptions:
    given = fee or {}
    return SimulateOptions(
        gas=given.get("gas") or GasOptions(), estimates_gas=given.get("estimates_gas", False), **members
    )


def _profile_options(
    fee: dict[str, Any] | None = None,
    skips_validation: bool = False,  # noqa: ARG001 - of the schema, without a meaning here
    skips_fee_enforcement: bool = False,  # noqa: ARG001 - same
    **members: Any,
) -> ProfileOptions:
    return ProfileOptions(gas=(fee or {}).get("gas") or GasOptions(), **members)


def _mode(value: JsonValue, path: str) -> str:
    if value not in {"gates", "execution-steps", "full"}:
        raise SchemaError("Invalid enum value. Expected 'gates' | 'execution-steps' | 'full'", path)
    return str(value)


def _artifact(value: JsonValue, _path: str) -> ContractArtifact:
    return load_artifact(value)


def _secret(value: JsonValue, path: str) -> Secret:
    try:
        read = FIELD.read(value, path, Issues())
    except DecodeError:
        read = None
    if read is None:
        # Neither the text nor the cause, which shows it: it may be a secret with a slip.
        raise SchemaError("Expected a field element", path) from None
    return Secret(read)


def _abi_type(value: JsonValue, path: str) -> Any:
    try:
        return type_from_json(value, path)
    except AbiTypeError as error:
        raise SchemaError(str(error), path) from error


def _intent(value: JsonValue, path: str) -> Intent:
    issues = Issues()
    for kind in (_INNER_HASH, _CALL):
        issues = Issues()
        read: Intent | None = kind.read(value, path, issues)
        if read is not None and not issues.text():
            return read
    raise SchemaError("Invalid input", path)


def _list(value: JsonValue, path: str) -> list[Any]:
    if type(value) is not list:
        raise SchemaError(expected("array", value), path)
    return value


PAYLOAD: Final = _record(ExecutionPayload.codec)
FUNCTION_CALL: Final = _record(FunctionCall.codec)
INSTANCE: Final = _record(ContractInstanceWithAddress.codec)
ARTIFACT: Final[Kind] = _ParsedKind(_artifact, {"type": "object"})
SECRET: Final[Kind] = _ParsedKind(_secret, {"type": "string"})
RAW_LIST: Final[Kind] = _ParsedKind(_list, {"type": "array"})
MANIFEST: Final[Kind] = _ParsedKind(read_manifest, {"type": "object"})
SEND_OPTIONS: Final[Kind] = _MadeKind((*_COMMON, _optional("wait", "wait", _WaitKind())), _send_options)
SIMULATE_OPTIONS: Final[Kind] = _MadeKind(_SIMULATION, _simulate_options)
PROFILE_OPTIONS: Final[Kind] = _MadeKind(
    (
        *_SIMULATION,
        _required("profileMode", "mode", _ParsedKind(_mode, {"type": "string"})),
        _optional("skipProofGeneration", "skips_proof", BOOLEAN),
    ),
    _profile_options,
)
UTILITY_OPTIONS: Final[Kind] = _MadeKind(
    (_required("scope", "scope", AZTEC_ADDRESS), _optional("authWitnesses", "auth_witnesses", _WITNESSES)),
    dict,
)
_CALL: Final = _MadeKind(
    (_required("caller", "caller", AZTEC_ADDRESS), _required("call", "call", FUNCTION_CALL)), CallIntent
)
_INNER_HASH: Final = _MadeKind(
    (_required("consumer", "consumer", AZTEC_ADDRESS), _required("innerHash", "inner_hash", FIELD)),
    InnerHashIntent,
)
INTENT: Final[Kind] = _ParsedKind(_intent, {"oneOf": [_CALL.schema, _INNER_HASH.schema]})
EVENT_DEFINITION: Final[Kind] = _MadeKind(
    (
        _required("eventSelector", "selector", _SELECTOR),
        _required("abiType", "type", _ParsedKind(_abi_type, {"type": "object"})),
        _required("fieldNames", "field_names", ArrayKind(TextKind(_MAX_ITEMS), _MAX_ITEMS)),
    ),
    EventDefinition,
)
EVENT_QUERY: Final[Kind] = _MadeKind(
    (
        _required("contractAddress", "contract_address", AZTEC_ADDRESS),
        _required("scopes", "scopes", _SCOPES),
        _optional("txHash", "tx_hash", TX_HASH),
        _optional("fromBlock", "from_block", CoercedNumber(least=1)),
        _optional("toBlock", "to_block", CoercedNumber(least=1)),
    ),
    PrivateEventQuery,
)
