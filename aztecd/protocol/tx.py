"""A transaction as a wallet sends it.

Authority: @aztec/stdlib src/tx/tx.ts, src/tx/hashed_values.ts, src/proofs/chonk_proof.ts (4.1.2).
"""

from __future__ import annotations

import base64
from typing import Annotated, Any

from aztecd.constants import (
    CHONK_PROOF_LENGTH,
    DOM_SEP_PUBLIC_CALLDATA,
    MAX_CONTRACT_CLASS_LOGS_PER_TX,
    MAX_PUBLIC_CALLDATA_FIELDS_PER_TX,
)
from aztecd.crypto.field import Fr
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.basic import FrMember, TxHash, TxHashMember
from aztecd.protocol.codec import (
    DecodeError,
    FrListCodec,
    JsonValue,
    ListCodec,
    Reader,
    SchemaError,
    json_kind,
    read_base64,
    split_elements,
)
from aztecd.protocol.logs import ContractClassLogFields
from aztecd.protocol.record import Record, RecordCodec, record
from aztecd.protocol.tx_data import PrivateKernelTailPublicInputs

__all__ = ["HashedValues", "Tx", "calldata_hash"]


def calldata_hash(calldata: tuple[Fr, ...]) -> Fr:
    """Hash the calldata of a public call; field 0 is the function selector."""
    return hash_with_separator(DOM_SEP_PUBLIC_CALLDATA, calldata)


@record
class HashedValues(Record):
    """The calldata of one public call and its claimed hash."""

    values: Annotated[tuple[Fr, ...], FrListCodec(count_size=4, limit=4 * MAX_PUBLIC_CALLDATA_FIELDS_PER_TX)]
    hash: FrMember


class _ProofCodec:
    """1935 field elements, kept packed; a node stores and returns them as they came."""

    def write(self, value: bytes, out: bytearray) -> None:
        out += CHONK_PROOF_LENGTH.to_bytes(4, "big") + value

    def read(self, reader: Reader) -> bytes:
        count = int.from_bytes(reader.take(4), "big")
        if count != CHONK_PROOF_LENGTH:
            raise DecodeError(f"Invalid ChonkProof length: {count}")
        data = reader.take(CHONK_PROOF_LENGTH * 32)
        split_elements(data)
        return data

    def fields(self, value: bytes, out: list[bytes]) -> None:
        raise TypeError("a proof has no field form")

    def to_json(self, value: bytes) -> JsonValue:
        return base64.b64encode(CHONK_PROOF_LENGTH.to_bytes(4, "big") + value).decode()

    def from_json(self, value: JsonValue, path: str) -> bytes:
        reader = Reader(read_base64(value, path))
        return self.read(reader)

    def zero(self) -> bytes:
        return bytes(CHONK_PROOF_LENGTH * 32)


class _DataCodec:
    """The kernel's public inputs: plain bytes inside a transaction's bytes, base64 in JSON.

    What follows them in the base64 is ignored, as the reference does; the same holds for the proof.
    """

    inner = PrivateKernelTailPublicInputs.codec

    def write(self, value: PrivateKernelTailPublicInputs, out: bytearray) -> None:
        self.inner.write(value, out)

    def read(self, reader: Reader) -> Any:
        return self.inner.read(reader)

    def fields(self, value: PrivateKernelTailPublicInputs, out: list[bytes]) -> None:
        raise TypeError("the field form is that of the transaction hash")

    def to_json(self, value: PrivateKernelTailPublicInputs) -> JsonValue:
        return base64.b64encode(value.encode()).decode()

    def from_json(self, value: JsonValue, path: str) -> Any:
        return self.inner.read(Reader(read_base64(value, path)))

    def zero(self) -> Any:
        return self.inner.zero()


class _TxCodec(RecordCodec):
    """In JSON the hash goes out but does not come in: it is computed from the data."""

    def from_json(self, value: JsonValue, path: str) -> Any:
        if not isinstance(value, dict):
            raise SchemaError(
                "Required" if value is None else f"Expected object, received {json_kind(value)}", path
            )
        values = {}
        for member in self.members[1:]:
            member_path = f"{path}.{member.json_name}" if path else member.json_name
            if member.json_name not in value:
                raise SchemaError("Required", member_path)
            values[member.name] = member.codec.from_json(value[member.json_name], member_path)
        return self.cls(tx_hash=values["data"].tx_hash(), **values)


@record
class Tx(Record):
    """`data` says what the transaction does; the other members are what its hashes stand for."""

    codec_type = _TxCodec

    tx_hash: TxHashMember
    data: Annotated[PrivateKernelTailPublicInputs, _DataCodec()]
    chonk_proof: Annotated[bytes, _ProofCodec()]
    contract_class_log_fields: Annotated[
        tuple[ContractClassLogFields, ...],
        ListCodec(ContractClassLogFields.codec, count_size=1, limit=16 * MAX_CONTRACT_CLASS_LOGS_PER_TX),
    ]
    public_function_calldata: Annotated[
        tuple[HashedValues, ...], ListCodec(HashedValues.codec, count_size=1, limit=255)
    ]

    @property
    def hash(self) -> TxHash:
        """The transaction's hash."""
        return self.tx_hash

    @property
    def has_public_calls(self) -> bool:
        """Whether the transaction must go through public execution."""
        return self.data.for_public is not None

    def first_nullifier(self) -> Fr:
        """Give the nullifier that makes the transaction unique and seeds its note nonces."""
        return self.data.phases[0].nullifiers[0]

    def calldata_by_hash(self) -> dict[Fr, tuple[Fr, ...]]:
        """Give the calldata that came with the transaction, keyed by the claimed hash."""
        return {entry.hash: entry.values for entry in self.public_function_calldata}
