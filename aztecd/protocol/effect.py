"""What a transaction did to the chain: the effect that blocks, blobs and trees are made of.

Authority: @aztec/stdlib src/tx/tx_effect.ts, src/tx/indexed_tx_effect.ts (4.1.2).
"""

from __future__ import annotations

from typing import Annotated

from aztecd.constants import (
    MAX_CONTRACT_CLASS_LOGS_PER_TX,
    MAX_L2_TO_L1_MSGS_PER_TX,
    MAX_NOTE_HASHES_PER_TX,
    MAX_NULLIFIERS_PER_TX,
    MAX_PRIVATE_LOGS_PER_TX,
    MAX_PUBLIC_DATA_WRITES_PER_TX,
    PUBLIC_LOG_HEADER_FIELDS,
    PUBLIC_LOGS_FIELDS_PER_TX,
)
from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.basic import U8, U32, BlockHashMember, FrMember, TxHashMember, Word
from aztecd.protocol.codec import FrListCodec, ListCodec
from aztecd.protocol.logs import ContractClassLog, PrivateLog, PublicLog
from aztecd.protocol.record import Record, record

__all__ = ["IndexedTxEffect", "PublicDataWrite", "RevertCode", "TxEffect"]


class RevertCode:
    """Which phases of a transaction were rolled back."""

    OK = 0
    APP_LOGIC_REVERTED = 1
    TEARDOWN_REVERTED = 2
    BOTH_REVERTED = 3


@record
class PublicDataWrite(Record):
    """The new value of one public data leaf; `leaf_slot` is siloed with the contract."""

    leaf_slot: FrMember
    value: FrMember


@record
class TxEffect(Record):
    """The final effects of one transaction; only items that are not empty. Raises ValueError otherwise."""

    revert_code: U8
    tx_hash: TxHashMember
    transaction_fee: Word
    note_hashes: Annotated[tuple[Fr, ...], FrListCodec(count_size=1)]
    nullifiers: Annotated[tuple[Fr, ...], FrListCodec(count_size=1)]
    l2_to_l1_msgs: Annotated[tuple[Fr, ...], FrListCodec(count_size=1)]
    public_data_writes: Annotated[tuple[PublicDataWrite, ...], ListCodec(PublicDataWrite.codec, count_size=1)]
    private_logs: Annotated[tuple[PrivateLog, ...], ListCodec(PrivateLog.codec, count_size=1)]
    public_logs: Annotated[
        tuple[PublicLog, ...], ListCodec(PublicLog.codec, count_size=4, limit=PUBLIC_LOGS_FIELDS_PER_TX)
    ]
    contract_class_logs: Annotated[
        tuple[ContractClassLog, ...], ListCodec(ContractClassLog.codec, count_size=1)
    ]

    def __post_init__(self) -> None:
        """Hold the limits of one transaction."""
        if not RevertCode.OK <= self.revert_code <= RevertCode.BOTH_REVERTED:
            raise ValueError(f"Invalid RevertCode: {self.revert_code}")
        for name, items, limit in (
            ("note hashes", self.note_hashes, MAX_NOTE_HASHES_PER_TX),
            ("nullifiers", self.nullifiers, MAX_NULLIFIERS_PER_TX),
            ("l2 to l1 messages", self.l2_to_l1_msgs, MAX_L2_TO_L1_MSGS_PER_TX),
            ("public data writes", self.public_data_writes, MAX_PUBLIC_DATA_WRITES_PER_TX),
            ("private logs", self.private_logs, MAX_PRIVATE_LOGS_PER_TX),
            ("contract class logs", self.contract_class_logs, MAX_CONTRACT_CLASS_LOGS_PER_TX),
        ):
            if len(items) > limit:
                raise ValueError(f"Too many {name}: {len(items)}, max: {limit}")
        if (
            sum(len(log.fields) + PUBLIC_LOG_HEADER_FIELDS for log in self.public_logs)
            > PUBLIC_LOGS_FIELDS_PER_TX
        ):
            raise ValueError("Too many public log fields")
        if FR_ZERO in self.note_hashes:
            raise ValueError("Note hash is zero")
        if FR_ZERO in self.nullifiers:
            raise ValueError("Nullifier is zero")
        if FR_ZERO in self.l2_to_l1_msgs:
            raise ValueError("L2 to L1 message is zero")
        if any(write.leaf_slot == FR_ZERO and write.value == FR_ZERO for write in self.public_data_writes):
            raise ValueError("Public data write is empty")
        if any(log.emitted_length == 0 for log in self.private_logs):
            raise ValueError("Private log is empty")
        # Not in the reference's constructor; its blob encoding of such a log cannot be decoded.
        if any(log.emitted_length == 0 for log in self.contract_class_logs):
            raise ValueError("Contract class log is empty")


@record
class IndexedTxEffect(Record):
    """An effect and its place on the chain."""

    l2_block_hash: BlockHashMember
    l2_block_number: U32
    tx_index_in_block: U32
    data: TxEffect
