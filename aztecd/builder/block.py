"""Build one block: execute transactions on a fork, assemble the header.

Authority: @aztec/simulator src/public/public_processor/public_processor.ts, @aztec/prover-client
src/light/lightweight_checkpoint_builder.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aztecd.builder.limits import BlockLimits
from aztecd.builder.processing import FailedTx, TxCheck, TxProcessor
from aztecd.crypto.field import Fr
from aztecd.crypto.poseidon2 import Sponge
from aztecd.execution import ContractOverlay, ContractSource, Executor, ProcessedTx
from aztecd.protocol.basic import BlockHash
from aztecd.protocol.blobs import block_fields
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.tx import Tx
from aztecd.state.fork import Fork
from aztecd.state.tree_ids import TreeId

__all__ = ["BlockBuilder", "BuiltBlock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltBlock:
    """A block, the fork that holds its state, and what became of the candidates."""

    block: L2Block
    block_hash: BlockHash
    fork: Fork
    processed: tuple[ProcessedTx, ...]
    failed: tuple[FailedTx, ...]
    sponge: Sponge
    """The checkpoint's sponge after this block."""
    tx_field_count: int
    """Blob fields of the transactions, without the block's end."""
    was_interrupted: bool = False
    """Whether the time was up before all candidates had their turn."""


class BlockBuilder:
    """Builds blocks on forks; holds no state between them."""

    def __init__(self, *, executor: Executor, check: TxCheck, contracts: ContractSource) -> None:
        """Take the executor, the validators and the contracts of the chain."""
        self._executor = executor
        self._check = check
        self._contracts = contracts

    def build(
        self,
        *,
        fork: Fork,
        global_variables: GlobalVariables,
        candidates: Iterable[Tx],
        limits: BlockLimits,
        checkpoint_number: int,
        index_within_checkpoint: int,
        messages: tuple[Fr, ...],
        sponge: Sponge,
        is_proposal: bool = True,
        is_over: Callable[[], bool] | None = None,
    ) -> BuiltBlock:
        """Execute candidates in order and close the block, which may have no transactions.

        `messages` are the checkpoint's messages from L1; only its first block inserts them. `sponge` is the
        checkpoint's sponge before this block and stays untouched. The fork holds the block's state
        afterwards. `is_proposal` and `is_over` as in `TxProcessor`: whether the block is new, and whether
        its time is up.
        """
        is_first = index_within_checkpoint == 0
        last_archive = fork.snapshot(TreeId.ARCHIVE)
        if is_first:
            fork.append_l1_to_l2_messages(messages)
        progress = TxProcessor(
            executor=self._executor,
            check=self._check,
            fork=fork,
            global_variables=global_variables,
            contracts=ContractOverlay(self._contracts),
            limits=limits,
            is_proposal=is_proposal,
            is_over=is_over,
        ).process(candidates)
        header = BlockHeader(
            last_archive=last_archive,
            state=fork.state_reference(),
            sponge_blob_hash=Fr(bytes(32)),
            global_variables=global_variables,
            total_fees=progress.fees,
            total_mana_used=progress.mana,
        )
        effects = tuple(done.effect for done in progress.processed)
        absorbed = sponge.clone()
        absorbed.absorb(b"".join(block_fields(header, effects, is_first_in_checkpoint=is_first)))
        header = header.replace(sponge_blob_hash=absorbed.clone().squeeze())
        block_hash = header.hash()
        fork.append_block_header_hash(block_hash)
        block = L2Block(
            archive=fork.snapshot(TreeId.ARCHIVE),
            header=header,
            body=Body(tx_effects=effects),
            checkpoint_number=checkpoint_number,
            index_within_checkpoint=index_within_checkpoint,
        )
        return BuiltBlock(
            block=block,
            block_hash=block_hash,
            fork=fork,
            processed=tuple(progress.processed),
            failed=tuple(progress.failed),
            sponge=absorbed,
            tx_field_count=progress.fields,
            was_interrupted=progress.was_interrupted,
        )
