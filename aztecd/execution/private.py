"""From a transaction without public calls to its effect.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts (`processPrivateOnlyTx`),
@aztec/stdlib src/tx/processed_tx.ts (`makeProcessedTxFromPrivateOnlyTx`) (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aztecd.constants import MAX_NOTE_HASHES_PER_TX, MAX_NULLIFIERS_PER_TX, PRIVATE_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.execution.errors import FeePaymentError, PublicExecutionUnavailableError, TxExecutionError
from aztecd.execution.fees import transaction_fee
from aztecd.execution.published import PublishedContracts, contract_class_logs, published_in
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.effect import PublicDataWrite, RevertCode, TxEffect
from aztecd.protocol.gas import Gas, GasUsed
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot, l2_to_l1_message_hash
from aztecd.trees.errors import DuplicateKeyError, KeyPresentError

if TYPE_CHECKING:
    from aztecd.execution.views import StateFork
    from aztecd.protocol.basic import AztecAddress, TxHash
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.logs import ContractClassLog, PrivateLog
    from aztecd.protocol.tx import Tx
    from aztecd.protocol.tx_data import ScopedL2ToL1Message

__all__ = ["PUBLIC_CALLS_UNSUPPORTED", "Executor", "PrivateExecutor", "ProcessedTx", "pay_fee"]

PUBLIC_CALLS_UNSUPPORTED = "transactions with public calls are not supported by this node yet"

_NO_GAS = Gas(da_gas=0, l2_gas=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedTx:
    """What execution made of a transaction. `published` lists the contracts that later ones may call."""

    tx_hash: TxHash
    effect: TxEffect
    gas_used: GasUsed
    published: PublishedContracts


class Executor(Protocol):
    """Runs transactions on a fork."""

    def refusal(self, tx: Tx) -> str | None:
        """Say why this executor can never run the transaction, so that it is not even admitted."""
        ...

    def execute(self, tx: Tx, fork: StateFork, global_variables: GlobalVariables) -> ProcessedTx:
        """Run a transaction that has passed validation and leave its effect in the fork.

        Raises: TxExecutionError if it cannot be in the block; the fork is then as before.
        """
        ...


class PrivateExecutor:
    """Runs transactions without public calls."""

    __slots__ = ()

    def refusal(self, tx: Tx) -> str | None:
        """Say why this executor can never run the transaction."""
        return PUBLIC_CALLS_UNSUPPORTED if tx.has_public_calls else None

    def execute(self, tx: Tx, fork: StateFork, global_variables: GlobalVariables) -> ProcessedTx:
        """Pay the fee, then insert note hashes and nullifiers, each padded to 64.

        Raises: TxExecutionError; the fork is then as before.
        """
        refusal = self.refusal(tx)
        if refusal is not None:
            raise PublicExecutionUnavailableError(refusal)
        # The kernels promise one. Without real proofs a client can leave it out, and send the same again.
        if not tx.data.nullifiers():
            raise TxExecutionError(f"Transaction 0x{tx.tx_hash.hex()} has no nullifier")
        try:
            class_logs = contract_class_logs(tx)
            published = published_in(
                class_logs, tx.data.private_logs(), BlockNumber(global_variables.block_number)
            )
        except InvalidContractError as error:
            raise TxExecutionError(
                f"Transaction 0x{tx.tx_hash.hex()} publishes a contract that cannot be read: {error}"
            ) from error
        fork.create_checkpoint()
        try:
            effect = self._apply(tx, fork, global_variables, class_logs)
        except BaseException:
            fork.revert_checkpoint()
            raise
        fork.commit_checkpoint()
        gas = tx.data.gas_used
        return ProcessedTx(
            tx_hash=tx.tx_hash,
            effect=effect,
            gas_used=GasUsed(total_gas=gas, public_gas=_NO_GAS, teardown_gas=_NO_GAS, billed_gas=gas),
            published=published,
        )

    def _apply(
        self,
        tx: Tx,
        fork: StateFork,
        global_variables: GlobalVariables,
        class_logs: tuple[ContractClassLog, ...],
    ) -> TxEffect:
        data = tx.data
        settings = data.constants.tx_context.gas_settings
        fee = transaction_fee(global_variables.gas_fees, settings, data.gas_used)
        effect = TxEffect(
            revert_code=RevertCode.OK,
            tx_hash=tx.tx_hash,
            transaction_fee=fee,
            note_hashes=data.note_hashes(),
            nullifiers=data.nullifiers(),
            l2_to_l1_msgs=tuple(
                _message_hash(message, global_variables)
                for message in data.l2_to_l1_msgs()
                if message.contract_address != FR_ZERO
            ),
            public_data_writes=(pay_fee(fork, data.fee_payer, fee),),
            private_logs=tuple(_emitted_only(log) for log in data.private_logs()),
            public_logs=(),
            contract_class_logs=class_logs,
        )
        fork.append_note_hashes(_padded(effect.note_hashes, MAX_NOTE_HASHES_PER_TX))
        try:
            fork.insert_nullifiers_batch(_padded(effect.nullifiers, MAX_NULLIFIERS_PER_TX))
        except (DuplicateKeyError, KeyPresentError) as error:
            raise TxExecutionError(
                f"Transaction 0x{tx.tx_hash.hex()} failed with duplicate nullifiers: {error}"
            ) from error
        return effect


def pay_fee(fork: StateFork, fee_payer: AztecAddress, fee: int) -> PublicDataWrite:
    """Take the fee from the payer's balance and give the write. Raises FeePaymentError."""
    slot = fee_juice_balance_leaf_slot(fee_payer)
    balance = fr_int(fork.public_data_value(slot))
    if balance < fee:
        raise FeePaymentError(
            f"Not enough balance for fee payer to pay for transaction (got {balance} needs {fee})"
        )
    write = PublicDataWrite(leaf_slot=slot, value=fr(balance - fee))
    fork.write_public_data([(write.leaf_slot, write.value)])
    return write


def _message_hash(message: ScopedL2ToL1Message, global_variables: GlobalVariables) -> Fr:
    return l2_to_l1_message_hash(
        sender=message.contract_address,
        version=global_variables.version,
        recipient=message.recipient,
        chain_id=global_variables.chain_id,
        content=message.content,
    )


def _padded(leaves: tuple[Fr, ...], size: int) -> list[Fr]:
    return [*leaves, *(FR_ZERO,) * (size - len(leaves))]


def _emitted_only(log: PrivateLog) -> PrivateLog:
    """Clear the fields behind the emitted ones: blobs do not carry them, so a follower sees zeros."""
    rest = (FR_ZERO,) * (PRIVATE_LOG_SIZE_IN_FIELDS - log.emitted_length)
    return log.replace(fields=log.emitted + rest)
