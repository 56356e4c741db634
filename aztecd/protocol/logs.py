"""Private, public and contract class logs, and how clients ask for them.

Authority: @aztec/stdlib src/logs/*.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated, Any

from aztecd.constants import (
    CONTRACT_CLASS_LOG_SIZE_IN_FIELDS,
    PRIVATE_LOG_SIZE_IN_FIELDS,
    PUBLIC_LOGS_FIELDS_PER_TX,
)
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_fields
from aztecd.protocol.basic import (
    U32,
    U64,
    AztecAddressMember,
    BlockHashMember,
    Flag,
    FrMember,
    TxHashMember,
)
from aztecd.protocol.codec import (
    DecodeError,
    FrCodec,
    FrListCodec,
    ListCodec,
    OptionalCodec,
    Reader,
    UintCodec,
)
from aztecd.protocol.identifier_codecs import AztecAddressCodec, TxHashCodec
from aztecd.protocol.record import Record, RecordCodec, record

__all__ = [
    "ContractClassLog",
    "ContractClassLogFields",
    "ExtendedContractClassLog",
    "ExtendedPublicLog",
    "GetContractClassLogsResponse",
    "GetPublicLogsResponse",
    "LogFilter",
    "LogId",
    "PrivateLog",
    "PublicLog",
    "TxScopedL2Log",
]


@record
class PrivateLog(Record):
    """An encrypted log: always 16 fields, of which `emitted_length` count; field 0 is the siloed tag.

    Raises ValueError for a greater length: the reference takes it, and then encodes blobs that nobody
    can decode.
    """

    fields: Annotated[tuple[Fr, ...], FrListCodec(PRIVATE_LOG_SIZE_IN_FIELDS)]
    emitted_length: U32

    def __post_init__(self) -> None:
        """Hold the length."""
        if self.emitted_length > PRIVATE_LOG_SIZE_IN_FIELDS:
            raise ValueError(f"a private log of {self.emitted_length} fields")

    @property
    def emitted(self) -> tuple[Fr, ...]:
        """The fields that the contract emitted."""
        return self.fields[: self.emitted_length]


class _PublicLogCodec(RecordCodec):
    """In bytes the field count comes before the address, in JSON there is none."""

    def write(self, value: Any, out: bytearray) -> None:
        out += len(value.fields).to_bytes(4, "big") + value.contract_address + b"".join(value.fields)

    def read(self, reader: Reader) -> Any:
        count = int.from_bytes(reader.take(4), "big")
        if count > PUBLIC_LOGS_FIELDS_PER_TX:
            raise DecodeError(f"a public log of {count} fields")
        address, fields = self.members
        return self.cls(
            **{address.name: address.codec.read(reader), fields.name: FrListCodec(count).read(reader)},
        )


@record
class PublicLog(Record):
    """A log of a public function: only emitted fields."""

    codec_type = _PublicLogCodec

    contract_address: AztecAddressMember
    fields: Annotated[tuple[Fr, ...], FrListCodec(count_size=4, limit=PUBLIC_LOGS_FIELDS_PER_TX)]


@record
class ContractClassLogFields(Record):
    """The fields of a contract class log, zero padded to 3023."""

    fields: Annotated[tuple[Fr, ...], FrListCodec(CONTRACT_CLASS_LOG_SIZE_IN_FIELDS)]

    def hash(self) -> Fr:
        """Hash all 3023 fields, as the kernel's log hash does."""
        return hash_fields(self.fields)

    def length(self) -> int:
        """Count the fields up to the last that is not zero."""
        packed = b"".join(self.fields).rstrip(b"\0")
        return -(-len(packed) // 32)

    @classmethod
    def padded(cls, fields: tuple[Fr, ...]) -> ContractClassLogFields:
        """Pad emitted fields with zeros; there are at most 3023."""
        return cls(fields=fields + (FR_ZERO,) * (CONTRACT_CLASS_LOG_SIZE_IN_FIELDS - len(fields)))


@record
class ContractClassLog(Record):
    """The log that publishes a contract class. Raises ValueError for an impossible length."""

    contract_address: AztecAddressMember
    fields: ContractClassLogFields
    emitted_length: U32

    def __post_init__(self) -> None:
        """Hold the length."""
        if self.emitted_length > CONTRACT_CLASS_LOG_SIZE_IN_FIELDS:
            raise ValueError(f"a contract class log of {self.emitted_length} fields")

    @property
    def emitted(self) -> tuple[Fr, ...]:
        """The fields that the contract emitted."""
        return self.fields.fields[: self.emitted_length]


@record
class LogId(Record):
    """Where a log stands on the chain."""

    block_number: U32
    block_hash: BlockHashMember
    tx_hash: TxHashMember
    tx_index: U32
    log_index: U32


@record
class ExtendedPublicLog(Record):
    """A public log and its place."""

    id: LogId
    log: PublicLog


@record
class ExtendedContractClassLog(Record):
    """A contract class log and its place."""

    id: LogId
    log: ContractClassLog


@record
class GetPublicLogsResponse(Record):
    """One page of public logs; `max_logs_hit` says that the page is full."""

    logs: Annotated[tuple[ExtendedPublicLog, ...], ListCodec(ExtendedPublicLog.codec, count_size=4)]
    max_logs_hit: Flag


@record
class GetContractClassLogsResponse(Record):
    """One page of contract class logs; `max_logs_hit` says that the page is full."""

    logs: Annotated[
        tuple[ExtendedContractClassLog, ...], ListCodec(ExtendedContractClassLog.codec, count_size=4)
    ]
    max_logs_hit: Flag


@record
class LogFilter(Record):
    """Which public or contract class logs a client wants; `to_block` is exclusive."""

    tx_hash: Annotated[Fr | None, OptionalCodec(TxHashCodec())] = None
    from_block: Annotated[int | None, OptionalCodec(UintCodec(4))] = None
    to_block: Annotated[int | None, OptionalCodec(UintCodec(4))] = None
    after_log: Annotated[LogId | None, OptionalCodec(LogId.codec)] = None
    contract_address: Annotated[Fr | None, OptionalCodec(AztecAddressCodec())] = None
    tag: Annotated[Fr | None, OptionalCodec(FrCodec())] = None


@record
class TxScopedL2Log(Record):
    """A log found by its tag, with what a wallet needs to find the notes of its transaction."""

    tx_hash: TxHashMember
    block_number: U32
    block_timestamp: U64
    log_data: Annotated[tuple[Fr, ...], FrListCodec(count_size=4)]
    note_hashes: Annotated[tuple[Fr, ...], FrListCodec(count_size=4)]
    first_nullifier: FrMember
