"""Contract classes and instances: what they are made of, their identifiers and addresses.

Authority: @aztec/stdlib src/contract/contract_class_id.ts, contract_address.ts, private_function.ts,
src/keys/public_keys.ts, src/keys/derivation.ts, src/abi/buffer.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.constants import (
    DOM_SEP_CONTRACT_ADDRESS_V1,
    DOM_SEP_CONTRACT_CLASS_ID,
    DOM_SEP_INITIALIZER,
    DOM_SEP_PARTIAL_ADDRESS,
    DOM_SEP_PRIVATE_FUNCTION_LEAF,
    DOM_SEP_PROTOCOL_CONTRACTS,
    DOM_SEP_PUBLIC_BYTECODE,
    DOM_SEP_PUBLIC_KEYS_HASH,
    MAX_PUBLIC_BYTECODE_FIELDS,
)
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.crypto.grumpkin import GENERATOR, Point, add, is_on_curve, multiply
from aztecd.crypto.poseidon2 import hash_pair, hash_pairs, hash_with_separator
from aztecd.errors import InvalidInputError
from aztecd.protocol.basic import U8, U32, AztecAddress, AztecAddressMember, FrMember
from aztecd.protocol.codec import BytesCodec, JsonValue, ListCodec, Reader, TextCodec, read_base64
from aztecd.protocol.hashes import var_args_hash
from aztecd.protocol.identifier_codecs import PointCodec
from aztecd.protocol.record import Record, record

__all__ = [
    "DEFAULT_PUBLIC_KEYS",
    "ContractClassPublic",
    "ContractInstanceWithAddress",
    "InvalidContractError",
    "PublicKeys",
    "address_from_keys",
    "contract_address",
    "contract_class_id",
    "initialization_hash",
    "partial_address",
    "preaddress",
    "private_functions_root",
    "protocol_contracts_hash",
    "public_bytecode_commitment",
    "salted_initialization_hash",
]

_FUNCTION_TREE_HEIGHT = 7
_CHUNK = 31
_POINT = PointCodec()


class InvalidContractError(InvalidInputError):
    """A contract's data contradict its identifier, or make no valid address."""

    code = "invalid_contract"


@record
class PublicKeys(Record):
    """The four master public keys of an address: Grumpkin points, 64 bytes x and y each."""

    master_nullifier_public_key: Annotated[bytes, _POINT]
    master_incoming_viewing_public_key: Annotated[bytes, _POINT]
    master_outgoing_viewing_public_key: Annotated[bytes, _POINT]
    master_tagging_public_key: Annotated[bytes, _POINT]

    def hash(self) -> Fr:
        """Hash the keys; no keys at all hash to zero. Each point is three fields, the last `is_infinite`."""
        points = (
            self.master_nullifier_public_key,
            self.master_incoming_viewing_public_key,
            self.master_outgoing_viewing_public_key,
            self.master_tagging_public_key,
        )
        if not any(any(point) for point in points):
            return FR_ZERO
        elements = [part for point in points for part in (point[:32], point[32:], FR_ZERO)]
        return hash_with_separator(DOM_SEP_PUBLIC_KEYS_HASH, elements)


DEFAULT_PUBLIC_KEYS = PublicKeys(
    master_nullifier_public_key=bytes.fromhex(
        "01498945581e0eb9f8427ad6021184c700ef091d570892c437d12c7d90364bbd"
        "170ae506787c5c43d6ca9255d571c10fa9ffa9d141666e290c347c5c9ab7e344"
    ),
    master_incoming_viewing_public_key=bytes.fromhex(
        "00c044b05b6ca83b9c2dbae79cc1135155956a64e136819136e9947fe5e5866c"
        "1c1f0ca244c7cd46b682552bff8ae77dea40b966a71de076ec3b7678f2bdb151"
    ),
    master_outgoing_viewing_public_key=bytes.fromhex(
        "1b00316144359e9a3ec8e49c1cdb7eeb0cedd190dfd9dc90eea5115aa779e287"
        "080ffc74d7a8b0bccb88ac11f45874172f3847eb8b92654aaa58a3d2b8dc7833"
    ),
    master_tagging_public_key=bytes.fromhex(
        "019c111f36ad3fc1d9b7a7a14344314d2864b94f030594cd67f753ef774a1efb"
        "2039907fe37f08d10739255141bb066c506a12f7d1e8dfec21abc58494705b6f"
    ),
)
"""The keys of instances that have none of their own (@aztec/constants, DEFAULT_NPK_M_X and so on)."""


class _BytecodeCodec:
    """Bytes of any length behind a u32 count; base64 in JSON."""

    def write(self, value: bytes, out: bytearray) -> None:
        out += len(value).to_bytes(4, "big") + value

    def read(self, reader: Reader) -> bytes:
        return reader.take(int.from_bytes(reader.take(4), "big"))

    def fields(self, value: bytes, out: list[bytes]) -> None:
        raise TypeError("bytecode has no field form of its own")

    def to_json(self, value: bytes) -> JsonValue:
        return BytesCodec(len(value), "base64").to_json(value)

    def from_json(self, value: JsonValue, path: str) -> bytes:
        return read_base64(value, path)

    def zero(self) -> bytes:
        return b""


_NO_FUNCTIONS = ListCodec(TextCodec(), count_size=1, limit=0)


@record
class ContractClassPublic(Record):
    """A contract class as the chain knows it; the function lists are always empty."""

    l2_block_number: U32
    version: U8
    artifact_hash: FrMember
    private_functions: Annotated[tuple[str, ...], _NO_FUNCTIONS] = ()
    utility_functions: Annotated[tuple[str, ...], _NO_FUNCTIONS] = ()
    packed_bytecode: Annotated[bytes, _BytecodeCodec()]
    private_functions_root: FrMember
    id: FrMember


@record
class ContractInstanceWithAddress(Record):
    """A contract instance; an update changes `current_contract_class_id`, never the address."""

    version: U8
    salt: FrMember
    deployer: AztecAddressMember
    current_contract_class_id: FrMember
    original_contract_class_id: FrMember
    initialization_hash: FrMember
    public_keys: PublicKeys
    address: AztecAddressMember


def public_bytecode_commitment(packed_bytecode: bytes) -> Fr:
    """Commit to public bytecode: 31-byte chunks, big-endian, the last padded on the right.

    Raises InvalidContractError at 3000 chunks and more.
    """
    count = -(-len(packed_bytecode) // _CHUNK)
    if count >= MAX_PUBLIC_BYTECODE_FIELDS:
        raise InvalidContractError("Bytecode exceeds maximum deployable size")
    chunks = [
        b"\0" + packed_bytecode[start : start + _CHUNK].ljust(_CHUNK, b"\0")
        for start in range(0, len(packed_bytecode), _CHUNK)
    ]
    return hash_with_separator(DOM_SEP_PUBLIC_BYTECODE + (len(packed_bytecode) << 32), chunks)


def private_functions_root(functions: list[tuple[int, Fr]]) -> Fr:
    """Give the root over (selector, verification key hash) by selector; missing leaves hash (0, 0).

    Raises InvalidContractError beyond 128 functions.
    """
    if len(functions) > 1 << _FUNCTION_TREE_HEIGHT:
        raise InvalidContractError(f"a class has at most 128 private functions, got {len(functions)}")
    leaves = [
        hash_with_separator(DOM_SEP_PRIVATE_FUNCTION_LEAF, [fr(selector), vk_hash])
        for selector, vk_hash in sorted(functions)
    ]
    leaves += [hash_pair(FR_ZERO, FR_ZERO)] * ((1 << _FUNCTION_TREE_HEIGHT) - len(leaves))
    level = b"".join(leaves)
    for _ in range(_FUNCTION_TREE_HEIGHT):
        level = hash_pairs(level)
    return Fr(level)


def contract_class_id(artifact_hash: Fr, functions_root: Fr, bytecode_commitment: Fr) -> Fr:
    """Give a class's identifier."""
    return hash_with_separator(
        DOM_SEP_CONTRACT_CLASS_ID, [artifact_hash, functions_root, bytecode_commitment]
    )


def initialization_hash(selector: int, arguments: tuple[Fr, ...]) -> Fr:
    """Hash the call of an instance's initializer."""
    return hash_with_separator(DOM_SEP_INITIALIZER, [fr(selector), var_args_hash(arguments)])


def contract_address(instance: ContractInstanceWithAddress) -> AztecAddress:
    """Derive the address from the original class, salt, initialization hash, deployer and keys.

    Raises InvalidContractError when the incoming viewing key is no point of the curve, or the sum has none.
    """
    return address_from_keys(instance.public_keys, partial_address(instance))


def salted_initialization_hash(instance: ContractInstanceWithAddress) -> Fr:
    """Hash an instance's salt, initialization hash and deployer."""
    return hash_with_separator(
        DOM_SEP_PARTIAL_ADDRESS, [instance.salt, instance.initialization_hash, instance.deployer]
    )


def partial_address(instance: ContractInstanceWithAddress) -> Fr:
    """Hash everything of an instance's address but the public keys."""
    return hash_with_separator(
        DOM_SEP_PARTIAL_ADDRESS, [instance.original_contract_class_id, salted_initialization_hash(instance)]
    )


def preaddress(public_keys_hash: Fr, partial: Fr) -> Fr:
    """Hash the keys' hash and the partial address: the scalar that joins them in the address point."""
    return hash_with_separator(DOM_SEP_CONTRACT_ADDRESS_V1, [public_keys_hash, partial])


def address_from_keys(public_keys: PublicKeys, partial: Fr) -> AztecAddress:
    """Derive an address from public keys and the partial address.

    Raises InvalidContractError when the incoming viewing key is no point of the curve, or the sum has none.
    """
    key = public_keys.master_incoming_viewing_public_key
    viewing = Point(fr_int(key[:32]), fr_int(key[32:]))
    if not is_on_curve(viewing):
        raise InvalidContractError("the incoming viewing public key is not on the curve")
    total = add(multiply(GENERATOR, fr_int(preaddress(public_keys.hash(), partial))), viewing)
    if total.is_infinite:
        raise InvalidContractError("the address point is at infinity")
    return AztecAddress(fr(total.x))


def protocol_contracts_hash(derived_addresses: list[Fr]) -> Fr:
    """Hash the 11 derived addresses of the protocol contracts, zero padded."""
    return hash_with_separator(DOM_SEP_PROTOCOL_CONTRACTS, derived_addresses)
