"""The way of a transaction from a client into the pool.

Authority: @aztec/aztec-node src/aztec-node/server.ts (sendTx, isValidTx), @aztec/p2p
src/client/p2p_client.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aztecd.chain import ChainStore
from aztecd.execution import (
    ENTRY_RULES,
    EntryPoint,
    GasCeilings,
    Sources,
    TreeStateReader,
    TxMeta,
    ValidationContext,
    rpc_rules,
    validate,
    validate_for_pool,
)
from aztecd.execution.validation import Rule, Validation
from aztecd.mempool import AddOutcome, Mempool
from aztecd.node.errors import InvalidTxError
from aztecd.node.outlook import L1Outlook
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import GlobalVariables
from aztecd.protocol.node_types import AllowedElement
from aztecd.protocol.receipt import TxValidationResult
from aztecd.protocol.tx import Tx
from aztecd.state import Fork, WorldState
from aztecd.storage import StorageError, StoreClosedError

__all__ = ["NetworkRules", "TxAdmission", "TxRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRules:
    """What transactions are validated against and does not change."""

    chain_id: int
    rollup_version: int
    gas_ceilings: GasCeilings
    allow_list: tuple[AllowedElement, ...]


class TxRules:
    """Applies the validators at each entry point, with the circumstances of the moment."""

    def __init__(
        self,
        *,
        network: NetworkRules,
        chain: ChainStore,
        world_state: WorldState,
        outlook: L1Outlook,
    ) -> None:
        """Take what the rules look things up in; `outlook` knows the next block's time and fees."""
        self._network = network
        self._chain = chain
        self._world_state = world_state
        self._outlook = outlook

    def context(self) -> ValidationContext:
        """Give the circumstances for the next block."""
        return self._context(
            block_number=BlockNumber(self._chain.tips().proposed.number + 1),
            timestamp=self._outlook.next_slot_timestamp(),
            min_fees=self._outlook.min_fees(),
        )

    def for_client(self, tx: Tx, rules: tuple[Rule, ...], *, meta: TxMeta | None = None) -> Validation:
        """Judge a transaction that a client sent."""
        state = TreeStateReader(self._world_state.at(self._chain.tips().proposed.number))
        return validate(tx, rules, self.context(), Sources(state=state, contracts=self._chain), meta=meta)

    def for_pool(self, meta: TxMeta) -> Validation:
        """Judge what becomes pending, for the first time or again."""
        state = TreeStateReader(self._world_state.at(self._chain.tips().proposed.number))
        return validate_for_pool(meta, self.context(), state)

    def for_block(self, tx: Tx, fork: Fork, global_variables: GlobalVariables) -> Validation:
        """Judge a transaction that is about to be executed in a block."""
        context = self._context(
            block_number=BlockNumber(global_variables.block_number),
            timestamp=global_variables.timestamp,
            min_fees=global_variables.gas_fees,
        )
        sources = Sources(state=TreeStateReader(fork), contracts=self._chain)
        return validate(tx, ENTRY_RULES[EntryPoint.BLOCK_BUILDING], context, sources)

    def _context(self, *, block_number: BlockNumber, timestamp: int, min_fees: GasFees) -> ValidationContext:
        return ValidationContext(
            chain_id=self._network.chain_id,
            rollup_version=self._network.rollup_version,
            block_number=block_number,
            timestamp=timestamp,
            min_fees=min_fees,
            gas_ceilings=self._network.gas_ceilings,
            allow_list=self._network.allow_list,
        )


class TxAdmission:
    """Validates transactions off the event loop and puts the valid ones in the pool."""

    def __init__(
        self,
        *,
        rules: TxRules,
        mempool: Mempool,
        on_store_failure: Callable[[StorageError], None] | None = None,
    ) -> None:
        """`on_store_failure` is told, in any thread, when the store takes no more: a full disk."""
        self._on_store_failure = on_store_failure
        self._rules = rules
        self._mempool = mempool

    async def send(self, tx: Tx) -> None:
        """Validate and keep a transaction; when this returns it survives a crash.

        Raises InvalidTxError with the reasons, or the pool's rejection.
        """
        await asyncio.to_thread(self._send, tx)

    async def validate(
        self, tx: Tx, *, is_simulation: bool = False, skip_fee_enforcement: bool = False
    ) -> TxValidationResult:
        """Judge a transaction without keeping it."""
        rules = rpc_rules(is_simulation=is_simulation, skip_fee_enforcement=skip_fee_enforcement)
        verdict = await asyncio.to_thread(self._rules.for_client, tx, rules)
        return verdict.to_result()

    def _send(self, tx: Tx) -> None:
        meta = TxMeta.of(tx)
        verdict = self._rules.for_client(tx, ENTRY_RULES[EntryPoint.RPC], meta=meta)
        if not verdict.is_valid:
            raise InvalidTxError(f"Invalid tx: {', '.join(verdict.reasons)}")
        try:
            added = self._mempool.add(tx, meta=meta)
        except StorageError as error:
            # A store that is closed is no failure: the daemon stops.
            if self._on_store_failure is not None and not isinstance(error, StoreClosedError):
                self._on_store_failure(error)
            raise
        if added.outcome is AddOutcome.REFUSED:
            # The chain moved on between the two looks. The reference says nothing here and forgets the
            # transaction; a client is better served with the reasons.
            raise InvalidTxError(f"Invalid tx: {', '.join(added.reasons)}")
