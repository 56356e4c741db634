"""Run the public calls of a transaction, phase by phase, and pay its fee.

Nothing reaches the fork before everything is done: a transaction that is thrown out leaves no trace.

Authority: @aztec/simulator src/public/public_tx_simulator/public_tx_simulator.ts, public_tx_context.ts
(4.1.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aztecd.avm.compiler import CompilationBudget
from aztecd.avm.errors import NullifierCollisionError, SideEffectLimitError, SimulationFailedError
from aztecd.avm.frame import Environment, Halt
from aztecd.avm.machine import Machine
from aztecd.avm.records import CallRequest
from aztecd.avm.world import Globals
from aztecd.constants import MAX_PUBLIC_DATA_WRITES_PER_TX
from aztecd.crypto.field import FR_ZERO, fr, fr_int
from aztecd.execution.fees import effective_gas_fees
from aztecd.execution.public.calls import EnqueuedCall, TxPhase, pseudo_call
from aztecd.execution.published import contract_class_logs, published_in
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.effect import RevertCode
from aztecd.protocol.gas import Gas, GasUsed
from aztecd.protocol.hashes import fee_juice_balance_leaf_slot
from aztecd.protocol.tx_data import ScopedL2ToL1Message, ScopedLogHash

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.avm.records import CollectionLimits
    from aztecd.avm.world import World
    from aztecd.execution.public.contracts import TxContracts
    from aztecd.execution.public.tracing import ExecutionObserver
    from aztecd.execution.public.world import TxWorld
    from aztecd.execution.views import StateFork
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.tx import Tx
    from aztecd.protocol.tx_data import AccumulatedData, PublicCallRequest

__all__ = ["PhaseRunner"]

_NO_GAS: Final = Gas(da_gas=0, l2_gas=0)


class _RevertedError(Exception):
    """A phase is to be rolled back."""


class PhaseRunner:
    """One transaction in execution: its gas, its started calls, its revert code. Use once: `run`.

    The effects are left in the world's journal, the contracts in `contracts`.
    """

    def __init__(
        self,
        *,
        tx: Tx,
        fork: StateFork,
        world: TxWorld,
        contracts: TxContracts,
        global_variables: GlobalVariables,
        limits: CollectionLimits | None,
        uses_fast_form: bool,
        skips_fee_enforcement: bool,
        is_over: Callable[[], bool] | None,
        observer: ExecutionObserver | None = None,
    ) -> None:
        """Take the surroundings. Raises FeePaymentError when the fees allow no price."""
        self._tx = tx
        self._fork = fork
        self._world = world
        self._contracts = contracts
        self._block = BlockNumber(global_variables.block_number)
        self._globals = _globals(global_variables)
        self._limits = limits
        self._uses_fast_form = uses_fast_form
        self._skips_fee_enforcement = skips_fee_enforcement
        self._is_over = is_over
        self._observer = observer
        # What is inserted for the transaction itself does not go through the observer, calls do.
        self._world_of_calls: World = world if observer is None else observer.watched(world)
        self._calldata_of = tx.calldata_by_hash()
        self._settings = tx.data.constants.tx_context.gas_settings
        self._fees = effective_gas_fees(global_variables.gas_fees, self._settings)
        self._used = _NO_GAS
        self._teardown_used = _NO_GAS
        self._recorded = 0
        self._budget = CompilationBudget()
        self.calls: list[EnqueuedCall] = []
        self.revert_code = RevertCode.OK

    def run(self) -> None:
        """Run all phases and pay the fee. Raises SimulationFailedError when the transaction is thrown out."""
        data = self._tx.data
        first, second = data.phases
        try:
            self._insert(first, is_revertible=False)
        except (NullifierCollisionError, SideEffectLimitError) as error:
            raise SimulationFailedError(str(error)) from error
        for call in data.setup_calls():
            if self._call(TxPhase.SETUP, call).has_reverted:
                raise SimulationFailedError(
                    f"[SETUP] UNRECOVERABLE ERROR! Enqueued call to 0x{call.contract_address.hex()} failed"
                )
        self._checkpoint()
        try:
            self._app_logic(second)
        except _RevertedError:
            self.revert_code = RevertCode.APP_LOGIC_REVERTED
            self._rollback()
            self._checkpoint()
        teardown = data.teardown_call()
        if teardown is not None and self._call(TxPhase.TEARDOWN, teardown).has_reverted:
            self.revert_code += RevertCode.TEARDOWN_REVERTED
            # What app logic did is undone as well.
            self._rollback()
        else:
            self._commit()
        self._pay_fee()

    @property
    def transaction_fee(self) -> int:
        """The fee in base units of fee juice: teardown is billed at its limit."""
        return self._fees.cost(self._billed())

    def gas_used(self) -> GasUsed:
        """Give the four figures."""
        billed = self._billed()
        total = billed
        if self._tx.data.teardown_call() is not None:
            total = _minus(billed.plus(self._teardown_used), self._settings.teardown_gas_limits)
        return GasUsed(
            total_gas=total,
            public_gas=self._used.plus(self._teardown_used),
            teardown_gas=self._teardown_used,
            billed_gas=billed,
        )

    # Phases.

    def _app_logic(self, effects: AccumulatedData) -> None:
        try:
            self._insert(effects, is_revertible=True)
        except (NullifierCollisionError, SideEffectLimitError) as error:
            self._keep(pseudo_call(str(error)))
            raise _RevertedError from error
        for call in self._tx.data.app_logic_calls():
            if self._call(TxPhase.APP_LOGIC, call).has_reverted:
                raise _RevertedError

    def _insert(self, effects: AccumulatedData, *, is_revertible: bool) -> None:
        """Take over what private execution did: nullifiers, note hashes, messages, contracts."""
        world = self._world
        for nullifier in effects.nullifiers:
            if nullifier != FR_ZERO:
                world.emit_siloed_nullifier(nullifier)
        add_note_hash = (
            world.effects.add_siloed_note_hash if is_revertible else world.effects.add_unique_note_hash
        )
        for note_hash in effects.note_hashes:
            if note_hash != FR_ZERO:
                add_note_hash(note_hash)
        nothing = ScopedL2ToL1Message.empty()
        for message in effects.l2_to_l1_msgs:
            if message != nothing:
                world.effects.add_message(message)
        self._publish(is_revertible=is_revertible)

    def _publish(self, *, is_revertible: bool) -> None:
        first, second = self._tx.data.phases
        phase = second if is_revertible else first
        nothing = ScopedLogHash.empty()
        non_revertible = sum(1 for log in first.contract_class_logs_hashes if log != nothing)
        try:
            logs = contract_class_logs(self._tx)
            published = published_in(
                logs[non_revertible:] if is_revertible else logs[:non_revertible],
                [log for log in phase.private_logs if log.emitted_length],
                self._block,
            )
        except InvalidContractError as error:
            raise SimulationFailedError(
                f"Failed to add contracts: Error from TypeScript callback: {error}"
            ) from error
        self._contracts.add(published)

    def _call(self, phase: TxPhase, request: PublicCallRequest) -> EnqueuedCall:
        is_teardown = phase is TxPhase.TEARDOWN
        limits = self._settings.teardown_gas_limits if is_teardown else self._settings.gas_limits
        before = _NO_GAS if is_teardown else self._billed()
        allocated = _minus(limits, before)
        fee = self.transaction_fee if is_teardown else 0
        machine = Machine(
            environment=Environment(
                world=self._world_of_calls,
                globals=self._globals,
                transaction_fee=fee,
                l2_gas_used=before.l2_gas,
                da_gas_used=before.da_gas,
            ),
            is_over=self._is_over,
            limits=self._limits,
            uses_fast_form=self._uses_fast_form,
            collected=self._recorded,
            budget=self._budget,
        )
        result = machine.run(
            CallRequest(
                address=fr_int(request.contract_address),
                sender=fr_int(request.msg_sender),
                calldata=[fr_int(value) for value in self._calldata_of.get(request.calldata_hash, ())],
                is_static=request.is_static_call,
                l2_gas=allocated.l2_gas,
                da_gas=allocated.da_gas,
            )
        )
        self._recorded = machine.collected
        if result.record is not None:
            # Clients know enqueued calls by the transaction's limits.
            result.record.l2_gas_limit, result.record.da_gas_limit = limits.l2_gas, limits.da_gas
        call = EnqueuedCall(
            phase=phase,
            allocated=allocated,
            left=Gas(da_gas=result.da_gas_left, l2_gas=result.l2_gas_left),
            transaction_fee=fee,
            instructions=result.instructions,
            has_reverted=result.halt is not Halt.RETURN,
            output=result.output,
            message=result.message,
            record=result.record,
        )
        self._keep(call)
        if is_teardown:
            self._teardown_used = call.used
        else:
            self._used = self._used.plus(call.used)
        return call

    def _keep(self, call: EnqueuedCall) -> None:
        self.calls.append(call)
        if self._observer is not None:
            self._observer.call_ended(call)

    def _pay_fee(self) -> None:
        """Take the fee from the payer's balance, as the transaction's last write."""
        effects, payer, fee = self._world.effects, self._tx.data.fee_payer, self.transaction_fee
        if payer == FR_ZERO:
            if not self._skips_fee_enforcement:
                raise SimulationFailedError(
                    "Fee payer cannot be 0 unless skipping fee enforcement for simulation"
                )
        else:
            slot = fee_juice_balance_leaf_slot(payer)
            balance = fr_int(effects.writes.get(slot) or self._fork.public_data_value(slot))
            if balance < fee:
                if not self._skips_fee_enforcement:
                    raise SimulationFailedError("Not enough balance for fee payer to pay for transaction")
                balance = fee
            effects.write(slot, fr(balance - fee), is_protocol=True)
        if len(effects.writes) >= MAX_PUBLIC_DATA_WRITES_PER_TX:
            raise SimulationFailedError(
                f"Too many side effects. Note hashes: {len(effects.note_hashes)}, "
                f"Nullifiers: {len(effects.nullifiers)}, L2 to L1 messages: {len(effects.messages)}, "
                f"Storage writes: {len(effects.writes)}"
            )

    # Gas and checkpoints.

    def _billed(self) -> Gas:
        return self._tx.data.gas_used.plus(self._used)

    def _checkpoint(self) -> None:
        self._world.checkpoint()
        self._contracts.checkpoint()

    def _commit(self) -> None:
        self._world.commit()
        self._contracts.commit()

    def _rollback(self) -> None:
        self._world.rollback()
        self._contracts.rollback()


def _minus(whole: Gas, part: Gas) -> Gas:
    """Subtract; a part that is too great (the kernels exclude it) leaves nothing."""
    return Gas(da_gas=max(0, whole.da_gas - part.da_gas), l2_gas=max(0, whole.l2_gas - part.l2_gas))


def _globals(values: GlobalVariables) -> Globals:
    return Globals(
        chain_id=values.chain_id,
        version=values.version,
        block_number=values.block_number,
        timestamp=values.timestamp,
        fee_per_da_gas=values.gas_fees.fee_per_da_gas,
        fee_per_l2_gas=values.gas_fees.fee_per_l2_gas,
    )
