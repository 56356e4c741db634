"""The public inputs of the private kernel's tail: what a transaction says about itself (`Tx.data`).

Authority: @aztec/stdlib src/kernel/private_kernel_tail_circuit_public_inputs.ts,
private_to_{public,rollup}_accumulated_data.ts, public_call_request.ts, log_hash.ts;
src/tx/{tx_constant_data,tx_context}.ts; src/messaging/l2_to_l1_message.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated, Any

from aztecd.constants import (
    CONTRACT_CLASS_LOG_SIZE_IN_FIELDS,
    DOM_SEP_PRIVATE_TX_HASH,
    DOM_SEP_PUBLIC_TX_HASH,
    MAX_CONTRACT_CLASS_LOGS_PER_TX,
    MAX_ENQUEUED_CALLS_PER_TX,
    MAX_L2_TO_L1_MSGS_PER_TX,
    MAX_NOTE_HASHES_PER_TX,
    MAX_NULLIFIERS_PER_TX,
    MAX_PRIVATE_LOGS_PER_TX,
)
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.protocol.basic import (
    U32,
    U64,
    AztecAddressMember,
    EthAddressMember,
    Flag,
    FrMember,
    TxHash,
    Word,
)
from aztecd.protocol.codec import FrListCodec, ListCodec, OptionalCodec, Reader
from aztecd.protocol.gas import Gas, GasSettings
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.logs import PrivateLog
from aztecd.protocol.record import Record, RecordCodec, record

__all__ = [
    "AccumulatedData",
    "PartialForPublic",
    "PartialForRollup",
    "PrivateKernelTailPublicInputs",
    "PrivateToPublicAccumulatedData",
    "PrivateToRollupAccumulatedData",
    "PublicCallRequest",
    "ScopedL2ToL1Message",
    "ScopedLogHash",
    "TxConstantData",
    "TxContext",
]


@record
class TxContext(Record):
    """The chain that a transaction is made for, and what it may cost."""

    chain_id: Word
    version: Word
    gas_settings: GasSettings


@record
class TxConstantData(Record):
    """The block that private execution was anchored at, and the release it was made with."""

    anchor_block_header: BlockHeader
    tx_context: TxContext
    vk_tree_root: FrMember
    protocol_contracts_hash: FrMember


@record
class ScopedL2ToL1Message(Record):
    """A message to L1 and the contract that sent it: 84 bytes, three fields."""

    recipient: EthAddressMember
    content: FrMember
    contract_address: AztecAddressMember


@record
class ScopedLogHash(Record):
    """The hash of a contract class log's 3023 fields, its length in fields, and its contract.

    Raises ValueError for a length that no such log has. The kernels never make one; where proofs are not
    verified it would end in blobs that nobody can decode.
    """

    value: FrMember
    length: U32
    contract_address: AztecAddressMember

    def __post_init__(self) -> None:
        """Hold the length."""
        is_empty = self.value == FR_ZERO and self.contract_address == FR_ZERO
        if self.length > CONTRACT_CLASS_LOG_SIZE_IN_FIELDS or (self.length == 0 and not is_empty):
            raise ValueError(f"a contract class log of {self.length} fields")


@record
class PublicCallRequest(Record):
    """A public call that private execution enqueued; its calldata travels beside it."""

    msg_sender: AztecAddressMember
    contract_address: AztecAddressMember
    is_static_call: Flag
    calldata_hash: FrMember


_NOTE_HASHES = FrListCodec(MAX_NOTE_HASHES_PER_TX)
_NULLIFIERS = FrListCodec(MAX_NULLIFIERS_PER_TX)
_MESSAGES = ListCodec(ScopedL2ToL1Message.codec, MAX_L2_TO_L1_MSGS_PER_TX)
_PRIVATE_LOGS = ListCodec(PrivateLog.codec, MAX_PRIVATE_LOGS_PER_TX)
_CLASS_LOG_HASHES = ListCodec(ScopedLogHash.codec, MAX_CONTRACT_CLASS_LOGS_PER_TX)
_CALL_REQUESTS = ListCodec(PublicCallRequest.codec, MAX_ENQUEUED_CALLS_PER_TX)


@record
class PrivateToRollupAccumulatedData(Record):
    """Side effects of a transaction without public calls; arrays are zero padded."""

    note_hashes: Annotated[tuple[Fr, ...], _NOTE_HASHES]
    nullifiers: Annotated[tuple[Fr, ...], _NULLIFIERS]
    l2_to_l1_msgs: Annotated[tuple[ScopedL2ToL1Message, ...], _MESSAGES]
    private_logs: Annotated[tuple[PrivateLog, ...], _PRIVATE_LOGS]
    contract_class_logs_hashes: Annotated[tuple[ScopedLogHash, ...], _CLASS_LOG_HASHES]


@record
class PrivateToPublicAccumulatedData(Record):
    """Side effects of one phase of a transaction with public calls; arrays are zero padded."""

    note_hashes: Annotated[tuple[Fr, ...], _NOTE_HASHES]
    nullifiers: Annotated[tuple[Fr, ...], _NULLIFIERS]
    l2_to_l1_msgs: Annotated[tuple[ScopedL2ToL1Message, ...], _MESSAGES]
    private_logs: Annotated[tuple[PrivateLog, ...], _PRIVATE_LOGS]
    contract_class_logs_hashes: Annotated[tuple[ScopedLogHash, ...], _CLASS_LOG_HASHES]
    public_call_requests: Annotated[tuple[PublicCallRequest, ...], _CALL_REQUESTS]


@record
class PartialForRollup(Record):
    """The part of the inputs of a transaction without public calls."""

    end: PrivateToRollupAccumulatedData


@record
class PartialForPublic(Record):
    """The part of the inputs of a transaction with public calls."""

    non_revertible_accumulated_data: PrivateToPublicAccumulatedData
    revertible_accumulated_data: PrivateToPublicAccumulatedData
    public_teardown_call_request: PublicCallRequest


AccumulatedData = PrivateToRollupAccumulatedData | PrivateToPublicAccumulatedData


class _TailCodec(RecordCodec):
    """A flag tells which of two parts follows the common members; in bytes gas and payer come before it."""

    def write(self, value: Any, out: bytearray) -> None:
        out.append(1 if value.for_public is not None else 0)
        for member in self.members[:-2]:
            member.codec.write(getattr(value, member.name), out)
        part = value.for_public or value.for_rollup
        part.codec.write(part, out)

    def read(self, reader: Reader) -> Any:
        is_for_public = reader.take(1)[0] != 0
        values = {member.name: member.codec.read(reader) for member in self.members[:-2]}
        part: type[Record] = PartialForPublic if is_for_public else PartialForRollup
        values["for_public" if is_for_public else "for_rollup"] = part.codec.read(reader)
        return self.cls(**values)

    def zero(self) -> Any:
        common = {member.name: member.codec.zero() for member in self.members[:-2]}
        return self.cls(**common, for_rollup=PartialForRollup.empty())


@record
class PrivateKernelTailPublicInputs(Record):
    """Exactly one of `for_rollup` and `for_public` is there: 38,557 or 82,722 bytes."""

    codec_type = _TailCodec

    constants: TxConstantData
    gas_used: Gas
    fee_payer: AztecAddressMember
    expiration_timestamp: U64
    for_rollup: Annotated[PartialForRollup | None, OptionalCodec(PartialForRollup.codec)] = None
    for_public: Annotated[PartialForPublic | None, OptionalCodec(PartialForPublic.codec)] = None

    def __post_init__(self) -> None:
        """Hold that there is one part."""
        if (self.for_rollup is None) == (self.for_public is None):
            raise ValueError("a transaction has either a part for the rollup or a part for public calls")

    @property
    def phases(self) -> tuple[AccumulatedData, ...]:
        """The accumulated data: one part, or the non-revertible and the revertible part."""
        if self.for_public is not None:
            return (
                self.for_public.non_revertible_accumulated_data,
                self.for_public.revertible_accumulated_data,
            )
        assert self.for_rollup is not None
        return (self.for_rollup.end,)

    def tx_hash(self) -> TxHash:
        """Hash the fields; gas used, fee payer and expiration come last, unlike in the bytes."""
        out: list[bytes] = list(self.constants.to_fields())
        part = self.for_public or self.for_rollup
        assert part is not None
        part.codec.fields(part, out)
        self.gas_used.codec.fields(self.gas_used, out)
        out += [self.fee_payer, Fr(self.expiration_timestamp.to_bytes(32, "big"))]
        separator = DOM_SEP_PUBLIC_TX_HASH if self.for_public else DOM_SEP_PRIVATE_TX_HASH
        return TxHash(hash_with_separator(separator, out))

    def note_hashes(self) -> tuple[Fr, ...]:
        """All note hashes that are not empty, in order."""
        return tuple(value for phase in self.phases for value in phase.note_hashes if value != FR_ZERO)

    def nullifiers(self) -> tuple[Fr, ...]:
        """All nullifiers that are not empty, in order."""
        return tuple(value for phase in self.phases for value in phase.nullifiers if value != FR_ZERO)

    def l2_to_l1_msgs(self) -> tuple[ScopedL2ToL1Message, ...]:
        """All messages to L1 that are not empty, in order."""
        empty = ScopedL2ToL1Message.empty()
        return tuple(value for phase in self.phases for value in phase.l2_to_l1_msgs if value != empty)

    def private_logs(self) -> tuple[PrivateLog, ...]:
        """All private logs that are not empty, in order."""
        return tuple(log for phase in self.phases for log in phase.private_logs if log.emitted_length != 0)

    def contract_class_logs_hashes(self) -> tuple[ScopedLogHash, ...]:
        """All contract class log hashes that are not empty, in order."""
        empty = ScopedLogHash.empty()
        return tuple(
            value for phase in self.phases for value in phase.contract_class_logs_hashes if value != empty
        )

    def setup_calls(self) -> tuple[PublicCallRequest, ...]:
        """The public calls of the setup phase."""
        return _calls(self.for_public.non_revertible_accumulated_data) if self.for_public else ()

    def app_logic_calls(self) -> tuple[PublicCallRequest, ...]:
        """The public calls of the app logic phase."""
        return _calls(self.for_public.revertible_accumulated_data) if self.for_public else ()

    def teardown_call(self) -> PublicCallRequest | None:
        """The public call of the teardown phase, if there is one."""
        if (
            self.for_public is None
            or self.for_public.public_teardown_call_request == PublicCallRequest.empty()
        ):
            return None
        return self.for_public.public_teardown_call_request

    def public_calls(self) -> tuple[PublicCallRequest, ...]:
        """All public calls: setup, app logic, teardown."""
        teardown = self.teardown_call()
        return self.setup_calls() + self.app_logic_calls() + ((teardown,) if teardown else ())


def _calls(data: PrivateToPublicAccumulatedData) -> tuple[PublicCallRequest, ...]:
    empty = PublicCallRequest.empty()
    return tuple(call for call in data.public_call_requests if call != empty)
