"""From a transaction without public calls to its effect.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts (`processPrivateOnlyTx`),
@aztec/stdlib src/tx/processed_tx.ts (`makeProcessedTxFromPrivateOnlyTx`) (4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.crypto.field import fr, fr_int
from aztecd.execution.errors import FeePaymentError, TxExecutionError
from aztecd.execution.fees import transaction_fee
from aztecd.execution.processed import ProcessedTx, emitted_only, message_hashes, padded
from aztecd.execution.published import contract_class_logs, published_in
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.effect import PublicDataWrite, RevertCode, TxEffect
from aztecd.protocol.gas import Gas, GasUsed
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.trees.errors import DuplicateKeyError, KeyPresentError

if TYPE_CHECKING:
    from aztecd.execution.views import StateFork
    from aztecd.protocol.basic import AztecAddress
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.logs import ContractClassLog
    from aztecd.protocol.tx import Tx

__all__ = ["PrivateExecutor", "pay_fee"]

_NO_GAS = Gas(da_gas=0, l2_gas=0)


class PrivateExecutor:
    """Runs transactions without public calls."""

    __slots__ = ()

    def execute(self, tx: Tx, fork: StateFork, global_variables: GlobalVariables) -> ProcessedTx:
        """Pay the fee, then insert note hashes and nullifiers, each padded to 64.

        Raises: TxExecutionError; the fork is then as before.
        """
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
            l2_to_l1_msgs=message_hashes(data.l2_to_l1_msgs(), global_variables),
            public_data_writes=(pay_fee(fork, data.fee_payer, fee),),
            private_logs=tuple(emitted_only(log) for log in data.private_logs()),
            public_logs=(),
            contract_class_logs=class_logs,
        )
        fork.append_note_hashes(padded(effect.note_hashes))
        try:
            fork.insert_nullifiers_batch(padded(effect.nullifiers))
        except (DuplicateKeyError, KeyPresentError) as error:
            raise TxExecutionError(
                f"Transaction 0x{tx.tx_hash.hex()} failed with duplicate nullifiers"
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
