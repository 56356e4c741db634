"""What execution makes of a transaction, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from aztecd.constants import PRIVATE_LOG_SIZE_IN_FIELDS
from aztecd.crypto.field import FR_ZERO
from aztecd.protocol.hashes import l2_to_l1_message_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aztecd.crypto.field import Fr
    from aztecd.execution.public.calls import PublicOutcome
    from aztecd.execution.published import PublishedContracts
    from aztecd.execution.views import ContractSource, StateFork
    from aztecd.protocol.basic import TxHash
    from aztecd.protocol.effect import TxEffect
    from aztecd.protocol.gas import GasUsed
    from aztecd.protocol.header import GlobalVariables
    from aztecd.protocol.logs import PrivateLog
    from aztecd.protocol.tx import Tx
    from aztecd.protocol.tx_data import ScopedL2ToL1Message

__all__ = ["LEAVES_PER_TX", "Executor", "ProcessedTx", "emitted_only", "message_hashes", "padded"]

LEAVES_PER_TX: Final = 64
"""Leaves that each transaction takes in the note hash tree and in the nullifier tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedTx:
    """What execution made of a transaction.

    `published` lists the contracts that later transactions may call. `public` tells of its public calls; a
    transaction without any has none.
    """

    tx_hash: TxHash
    effect: TxEffect
    gas_used: GasUsed
    published: PublishedContracts
    public: PublicOutcome | None = None


class Executor(Protocol):
    """Runs transactions on a fork."""

    def execute(
        self,
        tx: Tx,
        fork: StateFork,
        global_variables: GlobalVariables,
        contracts: ContractSource,
        *,
        is_over: Callable[[], bool] | None = None,
    ) -> ProcessedTx:
        """Run a transaction that has passed validation and leave its effect in the fork.

        `contracts` are those that the chain and earlier transactions of the block published; `is_over` is
        asked now and then whether to give up.

        Raises: TxExecutionError if it cannot be in the block, InterruptedExecutionError when it was given up;
        the fork is then as before.
        """
        ...


def message_hashes(
    messages: Iterable[ScopedL2ToL1Message], global_variables: GlobalVariables
) -> tuple[Fr, ...]:
    """Hash messages to L1 as the effect lists them; those of no contract are left out."""
    return tuple(
        l2_to_l1_message_hash(
            sender=message.contract_address,
            version=global_variables.version,
            recipient=message.recipient,
            chain_id=global_variables.chain_id,
            content=message.content,
        )
        for message in messages
        if message.contract_address != FR_ZERO
    )


def padded(leaves: Sequence[Fr]) -> list[Fr]:
    """Fill up with empty leaves to what each transaction takes."""
    return [*leaves, *(FR_ZERO,) * (LEAVES_PER_TX - len(leaves))]


def emitted_only(log: PrivateLog) -> PrivateLog:
    """Clear the fields behind the emitted ones: blobs do not carry them, so a follower sees zeros."""
    rest = (FR_ZERO,) * (PRIVATE_LOG_SIZE_IN_FIELDS - log.emitted_length)
    return log.replace(fields=log.emitted + rest)
