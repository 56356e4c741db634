"""The answers to foreign calls, in the form that contracts declare them.

An answer is a list of slots, each a number or a list of numbers. Structs are spread over slots, arrays stay
lists, an optional value is a flag and the value or zeros.

Authority: @aztec/pxe src/contract_function_simulator/oracle/oracle.ts, and the `toNoirRepresentation` methods
of @aztec/stdlib src/trees/ and @aztec/foundation src/trees/ (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from aztecd.crypto.field import FR_ZERO, Fr, fr_int
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress, PublicKeys
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import MembershipWitness, NullifierMembershipWitness, PublicDataWitness
from aztecd.pxe.keys import KeyValidationRequest
from aztecd.pxe.oracles.errors import OracleError

__all__ = [
    "NO_ANSWER",
    "Answer",
    "bounded_bytes",
    "bounded_lists",
    "call_result",
    "capsule",
    "contract_instance",
    "field_list",
    "flag",
    "header",
    "header_and_address",
    "key_request",
    "membership_witness",
    "message_witness",
    "nullifier_witness",
    "optional_address",
    "optional_keys",
    "point",
    "public_data_witness",
    "scalar",
]

Answer: TypeAlias = Sequence[int | Sequence[int]]

NO_ANSWER: Final[Answer] = ()

_KEYS_AND_PARTIAL_ADDRESS_LENGTH: Final = 13
_MAX_VALUES: Final = 1 << 20
"""What the machine takes in one answer; contracts name sizes, and memory has an end."""


def _ints(fields: Iterable[Fr]) -> list[int]:
    return [fr_int(field) for field in fields]


def scalar(value: Fr) -> Answer:
    """One field element."""
    return [fr_int(value)]


def flag(value: bool) -> Answer:
    """0 or 1."""
    return [int(value)]


def field_list(values: Iterable[Fr]) -> Answer:
    """One list."""
    return [_ints(values)]


def point(value: Point) -> Answer:
    """Coordinates, and whether it is infinity."""
    return [value.x, value.y, int(value.is_infinite)]


def header(value: BlockHeader) -> Answer:
    """22 single values."""
    return _ints(value.to_fields())


def header_and_address(value: BlockHeader, address: AztecAddress) -> Answer:
    """The context of a utility function: 23 single values."""
    return [*_ints(value.to_fields()), fr_int(address)]


def key_request(value: KeyValidationRequest) -> Answer:
    """A public key and its secret for the asking contract: 4 single values."""
    return [*point(value.public_key), fr_int(value.app_secret)]


def _public_keys(keys: PublicKeys) -> list[int]:
    points = (
        keys.master_nullifier_public_key,
        keys.master_incoming_viewing_public_key,
        keys.master_outgoing_viewing_public_key,
        keys.master_tagging_public_key,
    )
    return [part for key in points for part in (fr_int(key[:32]), fr_int(key[32:]), 0)]


def contract_instance(value: ContractInstanceWithAddress) -> Answer:
    """16 single values; the class is the current one."""
    return [
        fr_int(value.salt),
        fr_int(value.deployer),
        fr_int(value.current_contract_class_id),
        fr_int(value.initialization_hash),
        *_public_keys(value.public_keys),
    ]


def optional_keys(value: tuple[PublicKeys, Fr] | None) -> Answer:
    """Whether there are keys, and a list of 12 values of keys and the partial address."""
    if value is None:
        return [0, [0] * _KEYS_AND_PARTIAL_ADDRESS_LENGTH]
    keys, partial_address = value
    return [1, [*_public_keys(keys), fr_int(partial_address)]]


def optional_address(value: AztecAddress | None) -> Answer:
    """Whether there is an address, and which."""
    return [int(value is not None), fr_int(value or FR_ZERO)]


def membership_witness(value: MembershipWitness) -> Answer:
    """Leaf index and siblings."""
    return [value.index, _ints(value.sibling_path)]


def message_witness(value: tuple[int, Sequence[Fr]]) -> Answer:
    """Leaf index and siblings of a message."""
    index, siblings = value
    return [index, _ints(siblings)]


def nullifier_witness(value: NullifierMembershipWitness) -> Answer:
    """Leaf index, the three values of the leaf, siblings."""
    leaf = value.leaf_preimage
    return [
        value.index,
        fr_int(leaf.leaf.nullifier),
        fr_int(leaf.next_key),
        leaf.next_index,
        _ints(value.sibling_path.elements),
    ]


def public_data_witness(value: PublicDataWitness) -> Answer:
    """Leaf index, the four values of the leaf, siblings."""
    leaf = value.leaf_preimage
    return [
        value.index,
        fr_int(leaf.leaf.slot),
        fr_int(leaf.leaf.value),
        fr_int(leaf.next_key),
        leaf.next_index,
        _ints(value.sibling_path.elements),
    ]


def capsule(value: Sequence[Fr] | None, size: int) -> Answer:
    """Whether there is a capsule, and its values; `size` zeros for none. Raises OracleError for too many."""
    _require_size(size)
    return [0, [0] * size] if value is None else [1, _ints(value)]


def bounded_bytes(value: bytes, size: int) -> Answer:
    """A vector of at most `size` bytes: the bytes and zeros, and how many count."""
    if len(value) > size:
        raise OracleError(f"Array of length {len(value)} larger than maxLen {size}")
    return [[*value, *bytes(size - len(value))], len(value)]


def bounded_lists(values: Sequence[Sequence[Fr]], size: int, item_size: int) -> Answer:
    """A vector of at most `size` lists, flat and filled with zeros, and how many count.

    Raises OracleError when there are more, or a list has another length than the contract expects.
    """
    if len(values) > size:
        raise OracleError(f"Array of length {len(values)} larger than maxLen {size}")
    if any(len(value) != item_size for value in values):
        raise OracleError(
            "Nested array length passed in from Noir does not correspond to the length obtained in TS: "
            f"{item_size} !== {len(values[0])}"
        )
    _require_size(size * item_size)
    flat = [fr_int(field) for value in values for field in value]
    return [flat + [0] * (size * item_size - len(flat)), len(values)]


def _require_size(count: int) -> None:
    if count > _MAX_VALUES:
        raise OracleError(f"an answer of {count} values is more than {_MAX_VALUES}")


def call_result(end_counter: int, returns_hash: Fr) -> Answer:
    """One list of two: where the counters of the caller go on, and the hash of the return values."""
    return [[end_counter, fr_int(returns_hash)]]
