"""Execute again what a block says that it executed, as far as the transactions are here in full.

L1 has only effects, so a follower believes them. A node that was also sent the transactions can look: each is
run on the state that it met, and its effect must be the one that the block has.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from aztecd.archiver.errors import ExecutionMismatchError
from aztecd.chain import ChainStore
from aztecd.crypto.field import Fr, fr_hex
from aztecd.execution import ContractOverlay, Executor, TxExecutionError, published_in
from aztecd.mempool import Mempool
from aztecd.protocol.basic import BlockNumber, TxHash
from aztecd.protocol.block import L2Block
from aztecd.protocol.contracts import InvalidContractError
from aztecd.protocol.effect import TxEffect
from aztecd.protocol.tx import Tx
from aztecd.state import Fork, StateError, TxChanges, apply_tx
from aztecd.trees import TreeError

__all__ = ["ExecutionVerifier"]

_log = structlog.get_logger("aztecd.archiver")


class ExecutionVerifier:
    """Satisfies `BlockVerifier`; `verified` counts transactions. For the writer's thread."""

    def __init__(self, *, executor: Executor, chain: ChainStore, mempool: Mempool) -> None:
        self._executor = executor
        self._chain = chain
        self._mempool = mempool
        self.verified = 0

    def verify(self, block: L2Block, messages: Sequence[Fr], fork: Fork) -> None:
        """Compare the effects of a block; the fork is as before afterwards. Raises ExecutionMismatchError."""
        effects = block.body.tx_effects
        txs = {effect.tx_hash: self._tx(effect.tx_hash) for effect in effects}
        if not any(txs.values()):
            return
        depth = fork.create_checkpoint() - 1
        try:
            if block.is_first_in_checkpoint:
                fork.append_l1_to_l2_messages(messages)
            contracts = ContractOverlay(self._chain)
            for effect in effects:
                tx = txs[effect.tx_hash]
                if tx is not None:
                    self._execute(tx, effect, block, fork, contracts)
                _follow(effect, block, fork, contracts)
        except (StateError, TreeError):
            return  # what is wrong with the block is said when it is applied
        finally:
            fork.revert_all_to(depth)
        _log.debug("block_executed_again", block=block.number, txs=sum(tx is not None for tx in txs.values()))

    def _tx(self, tx_hash: TxHash) -> Tx | None:
        return self._mempool.get(tx_hash) or self._mempool.archived(tx_hash)

    def _execute(
        self, tx: Tx, effect: TxEffect, block: L2Block, fork: Fork, contracts: ContractOverlay
    ) -> None:
        depth = fork.create_checkpoint() - 1
        try:
            ours = self._executor.execute(tx, fork, block.header.global_variables, contracts.copy()).effect
        except TxExecutionError as error:
            difference = f"cannot be executed here: {error}"
        else:
            different = [name for name in _MEMBERS if getattr(ours, name) != getattr(effect, name)]
            difference = f"has other {', '.join(different)} here" if different else ""
        finally:
            fork.revert_all_to(depth)
        if difference:
            raise ExecutionMismatchError(
                f"transaction {fr_hex(effect.tx_hash)} of block {block.number} {difference}"
            )
        self.verified += 1


_MEMBERS = tuple(TxEffect.__dataclass_fields__)


def _follow(effect: TxEffect, block: L2Block, fork: Fork, contracts: ContractOverlay) -> None:
    """Let the next transaction meet what this one left."""
    apply_tx(fork, TxChanges.of(effect))
    try:
        contracts.add(
            published_in(effect.contract_class_logs, effect.private_logs, BlockNumber(block.number))
        )
    except InvalidContractError as error:
        _log.debug("publication_ignored", block=block.number, reason=str(error))
