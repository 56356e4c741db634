"""What a client asks for: calls of functions, and the request to execute a transaction.

Pure data with the JSON forms in which clients and wallets exchange them; how an account's entrypoint is made
of calls is `aztecd.pxe.accounts`.

Authority: @aztec/stdlib src/abi/function_call.ts, src/auth_witness/auth_witness.ts, src/tx/capsule.ts,
src/tx/execution_payload.ts, src/tx/tx_execution_request.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from aztecd.crypto.field import Fr
from aztecd.errors import InvalidInputError
from aztecd.protocol.basic import (
    AztecAddress,
    AztecAddressMember,
    Flag,
    FrMember,
    FunctionSelector,
    SelectorMember,
    Text,
)
from aztecd.protocol.codec import (
    HEX,
    DecodeError,
    FrListCodec,
    JsonValue,
    ListCodec,
    OptionalCodec,
    Reader,
    SchemaError,
    json_kind,
)
from aztecd.protocol.hashes import var_args_hash
from aztecd.protocol.identifier_codecs import AztecAddressCodec
from aztecd.protocol.record import Record, RecordCodec, record
from aztecd.protocol.tx import HashedValues, calldata_hash
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.abi import AbiType, AbiTypeError, selector_field, type_from_json, type_to_json
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.kernel import TxRequest

__all__ = [
    "AbiTypeCodec",
    "AuthWitness",
    "Capsule",
    "ExecutionPayload",
    "FunctionCall",
    "JsonOnlyCodec",
    "MixedFeePayersError",
    "NullishCodec",
    "TxExecutionRequest",
    "hashed_arguments",
    "hashed_calldata",
    "merge_payloads",
]

_MAX_ITEMS: Final = 1 << 10
_MAX_FIELDS: Final = 1 << 16


class MixedFeePayersError(InvalidInputError):
    """Payloads that belong together name different fee payers."""

    code = "mixed_fee_payers"


class _HexCodec(RecordCodec):
    """An object that is one hexadecimal string in JSON: its bytes."""

    def to_json(self, value: Any) -> JsonValue:
        out = bytearray()
        self.write(value, out)
        return "0x" + out.hex()

    def from_json(self, value: JsonValue, path: str) -> Any:
        if not isinstance(value, str):
            raise SchemaError(
                f"Expected string, received {json_kind(value)}" if value is not None else "Required", path
            )
        digits = value.removeprefix("0x")
        if not HEX.fullmatch(value) or len(digits) % 2:
            raise SchemaError("Not a valid hex string", path)
        reader = Reader(bytes.fromhex(digits))
        try:
            # What follows is ignored, as in the reference.
            return self.read(reader)
        except DecodeError as error:
            raise DecodeError(error.reason, path) from error


@record
class AuthWitness(Record):
    """What an account's contract needs to see that a message was approved; not secret, but not public."""

    codec_type = _HexCodec

    request_hash: FrMember
    witness: Annotated[tuple[Fr, ...], FrListCodec(count_size=4, limit=_MAX_FIELDS)]


@record
class Capsule(Record):
    """Data for a contract, found under a slot during one execution."""

    codec_type = _HexCodec

    contract_address: AztecAddressMember
    storage_slot: FrMember
    data: Annotated[tuple[Fr, ...], FrListCodec(count_size=4, limit=_MAX_FIELDS)]


class NullishCodec(OptionalCodec):
    """A member that may be absent, and null in JSON as well."""

    __slots__ = ()

    def from_json(self, value: JsonValue, path: str) -> Any:
        """Read JSON data; null is as good as nothing."""
        return None if value is None else self.item.from_json(value, path)


class JsonOnlyCodec:
    """Base of codecs of members that travel as JSON alone."""

    __slots__ = ()

    def write(self, *_given: Any) -> None:
        """Refuse: there are no bytes."""
        raise TypeError(f"{type(self).__name__} has no bytes")

    def read(self, *_given: Any) -> Any:
        """Refuse: there are no bytes."""
        raise TypeError(f"{type(self).__name__} has no bytes")

    def fields(self, *_given: Any) -> None:
        """Refuse: there are no field elements."""
        raise TypeError(f"{type(self).__name__} has no field form")

    def zero(self) -> Any:
        """Refuse: nothing is empty."""
        raise TypeError(f"{type(self).__name__} has no empty value")


class _KindCodec(JsonOnlyCodec):
    """Where a function runs."""

    __slots__ = ()

    def to_json(self, value: FunctionKind) -> JsonValue:
        return value.value

    def from_json(self, value: JsonValue, path: str) -> FunctionKind:
        kinds = {kind.value: kind for kind in FunctionKind}
        if not isinstance(value, str) or value not in kinds:
            names = " | ".join(f"'{name}'" for name in kinds)
            raise SchemaError(f"Invalid enum value. Expected {names}, received {str(value)[:40]!r}", path)
        return kinds[value]


class AbiTypeCodec(JsonOnlyCodec):
    """A type of the ABI."""

    __slots__ = ()

    def to_json(self, value: AbiType) -> JsonValue:
        """Give the type as artifacts have it."""
        return type_to_json(value)

    def from_json(self, value: JsonValue, path: str) -> AbiType:
        """Read a type. Raises SchemaError."""
        try:
            return type_from_json(value)
        except AbiTypeError as error:
            raise SchemaError(str(error), path) from error


@record
class FunctionCall(Record):
    """A call of a contract's function; `args` are encoded.

    `hide_msg_sender` has a meaning for enqueued public calls only: nobody learns which contract called.
    """

    name: Text
    to: AztecAddressMember
    selector: SelectorMember
    type: Annotated[FunctionKind, _KindCodec()]
    hide_msg_sender: Flag
    is_static: Flag
    args: Annotated[tuple[Fr, ...], FrListCodec(count_size=4, limit=_MAX_FIELDS)]
    return_types: Annotated[tuple[AbiType, ...], ListCodec(AbiTypeCodec(), count_size=4, limit=_MAX_ITEMS)]

    @property
    def is_public_static(self) -> bool:
        """Whether the call can be answered by the node without an account."""
        return self.type is FunctionKind.PUBLIC and self.is_static

    def hashed(self) -> HashedValues:
        """Give what the entrypoint commits to: the calldata of a public call, else the arguments."""
        if self.type is FunctionKind.PUBLIC:
            return hashed_calldata((selector_field(self.selector), *self.args))
        return hashed_arguments(self.args)


def hashed_arguments(arguments: Sequence[Fr]) -> HashedValues:
    """Give the arguments of a private call with their hash; no arguments hash to zero."""
    values = tuple(arguments)
    return HashedValues(values=values, hash=var_args_hash(values))


def hashed_calldata(calldata: Sequence[Fr]) -> HashedValues:
    """Give the calldata of a public call, the selector first, with their hash."""
    values = tuple(calldata)
    return HashedValues(values=values, hash=calldata_hash(values))


@record
class ExecutionPayload(Record):
    """Calls that go into one transaction, and what they need; `fee_payer` when somebody else's calls pay."""

    calls: Annotated[tuple[FunctionCall, ...], ListCodec(FunctionCall.codec, count_size=4, limit=_MAX_ITEMS)]
    auth_witnesses: Annotated[
        tuple[AuthWitness, ...], ListCodec(AuthWitness.codec, count_size=4, limit=_MAX_ITEMS)
    ] = ()
    capsules: Annotated[tuple[Capsule, ...], ListCodec(Capsule.codec, count_size=4, limit=_MAX_ITEMS)] = ()
    extra_hashed_args: Annotated[
        tuple[HashedValues, ...], ListCodec(HashedValues.codec, count_size=4, limit=_MAX_ITEMS)
    ] = ()
    fee_payer: Annotated[AztecAddress | None, NullishCodec(AztecAddressCodec())] = None


def merge_payloads(payloads: Sequence[ExecutionPayload]) -> ExecutionPayload:
    """Join payloads in order. Raises MixedFeePayersError."""
    payers = dict.fromkeys(payload.fee_payer for payload in payloads if payload.fee_payer is not None)
    if len(payers) > 1:
        found = ", ".join(f"0x{payer.hex()}" for payer in payers)
        raise MixedFeePayersError(
            f"Cannot merge execution payloads with different fee payers. Found: {found}"
        )
    return ExecutionPayload(
        calls=tuple(call for payload in payloads for call in payload.calls),
        auth_witnesses=tuple(item for payload in payloads for item in payload.auth_witnesses),
        capsules=tuple(item for payload in payloads for item in payload.capsules),
        extra_hashed_args=tuple(item for payload in payloads for item in payload.extra_hashed_args),
        fee_payer=next(iter(payers), None),
    )


@record
class TxExecutionRequest(Record):
    """The first call of a transaction, and all that its execution is given.

    `first_call_args_hash` is the hash of one of `args_of_calls`; the salt makes equal requests different.
    """

    origin: AztecAddressMember
    function_selector: SelectorMember
    first_call_args_hash: FrMember
    tx_context: TxContext
    args_of_calls: Annotated[
        tuple[HashedValues, ...], ListCodec(HashedValues.codec, count_size=4, limit=_MAX_ITEMS)
    ]
    auth_witnesses: Annotated[
        tuple[AuthWitness, ...], ListCodec(AuthWitness.codec, count_size=4, limit=_MAX_ITEMS)
    ] = ()
    capsules: Annotated[tuple[Capsule, ...], ListCodec(Capsule.codec, count_size=4, limit=_MAX_ITEMS)] = ()
    salt: FrMember

    def to_tx_request(self) -> TxRequest:
        """Give the part that is hashed into the transaction."""
        return TxRequest(
            origin=self.origin,
            args_hash=self.first_call_args_hash,
            tx_context=self.tx_context,
            selector=selector_field(FunctionSelector(self.function_selector)),
            salt=self.salt,
        )
