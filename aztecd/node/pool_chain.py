"""The chain as the pool sees it."""

from __future__ import annotations

from aztecd.chain import ChainStore
from aztecd.execution import TreeStateReader, TxMeta, Validation, fee_juice_balance
from aztecd.node.admission import TxRules
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, TxHash
from aztecd.state import WorldState

__all__ = ["PoolChainView"]


class PoolChainView:
    """Answers the pool's questions at the tip. Satisfies `aztecd.mempool.PoolChain`."""

    def __init__(self, *, rules: TxRules, chain: ChainStore, world_state: WorldState) -> None:
        self._rules = rules
        self._chain = chain
        self._world_state = world_state

    def validate_for_pool(self, meta: TxMeta) -> Validation:
        """Judge what becomes pending, for the next block."""
        return self._rules.for_pool(meta)

    def fee_juice_balance(self, account: AztecAddress) -> int:
        """Give an account's fee juice, in base units."""
        return fee_juice_balance(self._state(), account)

    def archive_contains(self, block_hash: BlockHash) -> bool:
        """Tell whether a block is an ancestor of the next one."""
        return self._state().archive_contains(block_hash)

    def mined_block(self, tx_hash: TxHash) -> BlockNumber | None:
        """Give the block that holds a transaction."""
        location = self._chain.tx_location(tx_hash)
        return None if location is None else location.block_number

    def finalized_block(self) -> BlockNumber:
        """Give the last block that can not be rewound any more."""
        return self._chain.tips().finalized.number

    def _state(self) -> TreeStateReader:
        return TreeStateReader(self._world_state.at(self._chain.tips().proposed.number))
