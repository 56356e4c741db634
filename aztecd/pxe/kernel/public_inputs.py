"""What a private function says about its call: the 870 public inputs of its circuit.

Authority: @aztec/stdlib src/kernel/private_circuit_public_inputs.ts; arrays with a claimed length:
src/kernel/claimed_length_array.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aztecd.constants import (
    MAX_CONTRACT_CLASS_LOGS_PER_CALL,
    MAX_ENQUEUED_CALLS_PER_CALL,
    MAX_KEY_VALIDATION_REQUESTS_PER_CALL,
    MAX_L2_TO_L1_MSGS_PER_CALL,
    MAX_NOTE_HASH_READ_REQUESTS_PER_CALL,
    MAX_NOTE_HASHES_PER_CALL,
    MAX_NULLIFIER_READ_REQUESTS_PER_CALL,
    MAX_NULLIFIERS_PER_CALL,
    MAX_PRIVATE_CALL_STACK_LENGTH_PER_CALL,
    MAX_PRIVATE_LOGS_PER_CALL,
    PRIVATE_LOG_SIZE_IN_FIELDS,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr_int
from aztecd.errors import InvalidInputError

__all__ = [
    "CIRCUIT_INPUTS_LENGTH",
    "CallContext",
    "CircuitInputs",
    "CircuitInputsError",
    "ClassLogHash",
    "EnqueuedRequest",
    "KeyValidation",
    "L1Message",
    "NestedRequest",
    "NewNoteHash",
    "NewNullifier",
    "NewPrivateLog",
    "PublicRequest",
    "ReadRequest",
]

CIRCUIT_INPUTS_LENGTH: Final = 870
_HEADER_LENGTH: Final = 22
_TX_CONTEXT_LENGTH: Final = 10

T = TypeVar("T")


class CircuitInputsError(InvalidInputError):
    """The fields are no public inputs of a private function."""

    code = "circuit_inputs"


@dataclass(frozen=True, slots=True)
class CallContext:
    """Who calls which function of which contract."""

    msg_sender: Fr
    contract_address: Fr
    selector: Fr
    is_static: bool


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A claim that a note hash or nullifier exists; contract 0 means: in the tree at the anchor block."""

    value: Fr
    counter: int
    contract_address: Fr


@dataclass(frozen=True, slots=True)
class KeyValidation:
    """A claim that an app key belongs to a master public key; the separator says which kind of key."""

    public_key_x: Fr
    public_key_y: Fr
    app_secret: Fr = field(repr=False)
    separator: int


@dataclass(frozen=True, slots=True)
class NestedRequest:
    """A private call that the function made."""

    context: CallContext
    args_hash: Fr
    returns_hash: Fr
    start_counter: int
    end_counter: int


@dataclass(frozen=True, slots=True)
class EnqueuedRequest:
    """A public call: its calldata travels beside the transaction."""

    msg_sender: Fr
    contract_address: Fr
    is_static: bool
    calldata_hash: Fr


@dataclass(frozen=True, slots=True)
class PublicRequest:
    """An enqueued public call with its place in the transaction."""

    request: EnqueuedRequest
    counter: int


@dataclass(frozen=True, slots=True)
class NewNoteHash:
    """A note hash, not siloed."""

    value: Fr
    counter: int


@dataclass(frozen=True, slots=True)
class NewNullifier:
    """A nullifier, not siloed; `note_hash` is that of the note of this transaction that it consumes, or 0."""

    value: Fr
    note_hash: Fr
    counter: int


@dataclass(frozen=True, slots=True)
class L1Message:
    """A message to L1."""

    recipient: Fr
    content: Fr
    counter: int


@dataclass(frozen=True, slots=True)
class NewPrivateLog:
    """A private log; it vanishes with the note whose counter is `note_hash_counter`, if that is not 0."""

    fields: tuple[Fr, ...]
    length: int
    note_hash_counter: int
    counter: int


@dataclass(frozen=True, slots=True)
class ClassLogHash:
    """The hash of a contract class log, and its length in fields."""

    value: Fr
    length: int
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitInputs:
    """The public inputs of one private call; arrays hold the claimed items only.

    `header` and `tx_context` stay fields: they are compared and passed on. Counters count the side effects
    of the whole transaction; times are seconds.
    """

    context: CallContext
    args_hash: Fr
    returns_hash: Fr
    header: tuple[Fr, ...]
    tx_context: tuple[Fr, ...]
    min_revertible_counter: int
    is_fee_payer: bool
    expiration_timestamp: int
    start_counter: int
    end_counter: int
    expected_non_revertible_counter: int
    expected_revertible_counter: int
    note_hash_reads: tuple[ReadRequest, ...]
    nullifier_reads: tuple[ReadRequest, ...]
    key_validations: tuple[KeyValidation, ...]
    nested_calls: tuple[NestedRequest, ...]
    public_calls: tuple[PublicRequest, ...]
    teardown_call: EnqueuedRequest | None
    note_hashes: tuple[NewNoteHash, ...]
    nullifiers: tuple[NewNullifier, ...]
    messages: tuple[L1Message, ...]
    private_logs: tuple[NewPrivateLog, ...]
    class_logs: tuple[ClassLogHash, ...]

    @classmethod
    def from_fields(cls, fields: Sequence[Fr]) -> CircuitInputs:
        """Read the public inputs. Raises CircuitInputsError."""
        if len(fields) != CIRCUIT_INPUTS_LENGTH:
            raise CircuitInputsError(
                f"a private function has {CIRCUIT_INPUTS_LENGTH} public inputs, got {len(fields)}"
            )
        reader = _Reader(fields)
        return cls(
            context=reader.call_context(),
            args_hash=reader.field(),
            returns_hash=reader.field(),
            header=reader.fields(_HEADER_LENGTH),
            tx_context=reader.fields(_TX_CONTEXT_LENGTH),
            min_revertible_counter=reader.counter(),
            is_fee_payer=reader.flag(),
            expiration_timestamp=reader.number(64),
            start_counter=reader.counter(),
            end_counter=reader.counter(),
            expected_non_revertible_counter=reader.counter(),
            expected_revertible_counter=reader.counter(),
            note_hash_reads=reader.array(MAX_NOTE_HASH_READ_REQUESTS_PER_CALL, reader.read_request),
            nullifier_reads=reader.array(MAX_NULLIFIER_READ_REQUESTS_PER_CALL, reader.read_request),
            key_validations=reader.array(MAX_KEY_VALIDATION_REQUESTS_PER_CALL, reader.key_validation),
            nested_calls=reader.array(MAX_PRIVATE_CALL_STACK_LENGTH_PER_CALL, reader.nested_request),
            public_calls=reader.array(
                MAX_ENQUEUED_CALLS_PER_CALL,
                lambda: PublicRequest(reader.enqueued_request(), reader.counter()),
            ),
            teardown_call=reader.teardown(),
            note_hashes=reader.array(
                MAX_NOTE_HASHES_PER_CALL, lambda: NewNoteHash(reader.field(), reader.counter())
            ),
            nullifiers=reader.array(
                MAX_NULLIFIERS_PER_CALL,
                lambda: NewNullifier(reader.field(), reader.field(), reader.counter()),
            ),
            messages=reader.array(
                MAX_L2_TO_L1_MSGS_PER_CALL,
                lambda: L1Message(reader.field(), reader.field(), reader.counter()),
            ),
            private_logs=reader.array(MAX_PRIVATE_LOGS_PER_CALL, reader.private_log),
            class_logs=reader.array(
                MAX_CONTRACT_CLASS_LOGS_PER_CALL,
                lambda: ClassLogHash(reader.field(), reader.number(32), reader.counter()),
            ),
        )


class _Reader:
    """Takes fields one after the other; refuses numbers that do not fit."""

    def __init__(self, fields: Sequence[Fr]) -> None:
        self._fields = fields
        self._position = 0

    def field(self) -> Fr:
        self._position += 1
        return self._fields[self._position - 1]

    def fields(self, count: int) -> tuple[Fr, ...]:
        return tuple(self.field() for _ in range(count))

    def number(self, bits: int) -> int:
        value = fr_int(self.field())
        if value >> bits:
            raise CircuitInputsError(
                f"public input {self._position - 1} does not fit {bits} bits: 0x{value:x}"
            )
        return value

    def counter(self) -> int:
        return self.number(32)

    def flag(self) -> bool:
        return bool(self.number(1))

    def array(self, size: int, item: Callable[[], T]) -> tuple[T, ...]:
        """Read an array of `size` items and its claimed length; only the claimed ones count."""
        items = tuple(item() for _ in range(size))
        length = self.number(32)
        if length > size:
            raise CircuitInputsError(f"an array of {size} items claims to hold {length}")
        return items[:length]

    def call_context(self) -> CallContext:
        return CallContext(self.field(), self.field(), self.field(), self.flag())

    def read_request(self) -> ReadRequest:
        return ReadRequest(self.field(), self.counter(), self.field())

    def key_validation(self) -> KeyValidation:
        x, y, is_infinite, app_secret = self.field(), self.field(), self.flag(), self.field()
        if is_infinite:
            raise CircuitInputsError("a key validation request for the point at infinity")
        return KeyValidation(x, y, app_secret, self.number(32))

    def nested_request(self) -> NestedRequest:
        return NestedRequest(self.call_context(), self.field(), self.field(), self.counter(), self.counter())

    def enqueued_request(self) -> EnqueuedRequest:
        return EnqueuedRequest(self.field(), self.field(), self.flag(), self.field())

    def teardown(self) -> EnqueuedRequest | None:
        request = self.enqueued_request()
        return None if request == EnqueuedRequest(FR_ZERO, FR_ZERO, False, FR_ZERO) else request

    def private_log(self) -> NewPrivateLog:
        return NewPrivateLog(
            self.fields(PRIVATE_LOG_SIZE_IN_FIELDS), self.number(32), self.counter(), self.counter()
        )
