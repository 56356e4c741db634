"""What a client learns about a transaction.

Authority: @aztec/stdlib src/tx/tx_receipt.ts, src/logs/debug_log.ts, src/tx/validator (4.1.2).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import U32, AztecAddressMember, BlockHashMember, Text, TxHashMember
from aztecd.protocol.codec import FrCodec, FrListCodec, ListCodec, OptionalCodec, TextCodec, UintCodec
from aztecd.protocol.effect import RevertCode
from aztecd.protocol.record import Record, record

__all__ = ["EXECUTION_RESULTS", "DataInBlock", "DebugLog", "TxReceipt", "TxStatus", "TxValidationResult"]


class TxStatus(StrEnum):
    """How far a transaction has come."""

    DROPPED = "dropped"
    PENDING = "pending"
    PROPOSED = "proposed"
    CHECKPOINTED = "checkpointed"
    PROVEN = "proven"
    FINALIZED = "finalized"


EXECUTION_RESULTS = {
    RevertCode.OK: "success",
    RevertCode.APP_LOGIC_REVERTED: "app_logic_reverted",
    RevertCode.TEARDOWN_REVERTED: "teardown_reverted",
    RevertCode.BOTH_REVERTED: "both_reverted",
}


@record
class DebugLog(Record):
    """A message that a public function printed."""

    contract_address: AztecAddressMember
    level: Text
    message: Text
    fields: Annotated[tuple[Fr, ...], FrListCodec(count_size=4)]


@record
class TxReceipt(Record):
    """`transaction_fee` in base units of fee juice. Members after `status` depend on it."""

    tx_hash: TxHashMember
    status: Text
    execution_result: Annotated[str | None, OptionalCodec(TextCodec())] = None
    error: Annotated[str | None, OptionalCodec(TextCodec())] = None
    transaction_fee: Annotated[int | None, OptionalCodec(UintCodec(32, "decimal"))] = None
    block_hash: Annotated[Fr | None, OptionalCodec(FrCodec())] = None
    block_number: Annotated[int | None, OptionalCodec(UintCodec(4))] = None
    epoch_number: Annotated[int | None, OptionalCodec(UintCodec(4))] = None
    debug_logs: Annotated[
        tuple[DebugLog, ...] | None, OptionalCodec(ListCodec(DebugLog.codec, count_size=4))
    ] = None


@record
class TxValidationResult(Record):
    """`result` is `valid`, `invalid` or `skipped`; the reasons of the last two in order."""

    result: Text
    reason: Annotated[tuple[str, ...] | None, OptionalCodec(ListCodec(TextCodec(), count_size=4))] = None


@record
class DataInBlock(Record):
    """A leaf's index and the block that inserted it."""

    l2_block_number: U32
    l2_block_hash: BlockHashMember
    data: Annotated[int, UintCodec(8, "decimal")]
