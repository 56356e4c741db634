"""Messages between the chains, as programs see them: when one from L1 is usable, what proves one to L1.

Authority: @aztec/aztec.js src/utils/cross_chain.ts, @aztec/stdlib src/messaging/l2_to_l1_membership.ts
(4.1.2).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aztecd.client.errors import BridgeError
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import CheckpointNumber, EpochNumber, TxHash
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.pxe.node import PxeNode
from aztecd.trees import MessageWitness, message_witness
from aztecd.wallet.errors import WaitTimeoutError

__all__ = ["MessageNode", "MessageToL1", "find_message_to_l1", "wait_for_message_from_l1", "wait_until"]


class MessageNode(PxeNode, Protocol):
    """A node as bridges see it: errors and `None` as with the wallet's."""

    async def get_l1_to_l2_message_checkpoint(self, message: Fr) -> CheckpointNumber | None:
        """Give the checkpoint with which a message from L1 becomes available."""
        ...

    async def is_l1_to_l2_message_synced(self, message: Fr) -> bool:
        """Whether the node knows a message from L1."""
        ...

    async def get_l2_to_l1_messages(self, epoch: EpochNumber) -> Sequence[Sequence[Sequence[Sequence[Fr]]]]:
        """Give the messages of an epoch by checkpoint, block and transaction."""
        ...

    async def get_checkpoints_data_for_epoch(self, epoch: EpochNumber) -> Sequence[CheckpointData]:
        """List the checkpoints of an epoch, without their blocks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageToL1:
    """A message in its epoch, and what proves it to the Outbox once the epoch is settled."""

    message: Fr
    epoch: EpochNumber
    witness: MessageWitness


async def wait_until(
    is_done: Callable[[], Awaitable[bool]],
    what: str,
    *,
    timeout_s: float,
    interval_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Ask again and again. Raises WaitTimeoutError, which names what was waited for."""
    begin = clock()
    while not await is_done():
        if clock() - begin > timeout_s:
            raise WaitTimeoutError(f"Timeout awaiting {what} after {timeout_s:g} s")
        await sleep(interval_s)


async def wait_for_message_from_l1(
    node: PxeNode, message: Fr, *, timeout_s: float = 300, interval_s: float = 1
) -> None:
    """Wait until a message is in the tree. Raises WaitTimeoutError.

    It comes with a later block, and a network that builds no empty blocks wants transactions for that.
    """

    async def is_there() -> bool:
        return await node.get_l1_to_l2_message_membership_witness("latest", message) is not None

    what = f"L1 to L2 message 0x{message.hex()} ready"
    await wait_until(is_there, what, timeout_s=timeout_s, interval_s=interval_s)


async def find_message_to_l1(
    node: MessageNode, message: Fr, tx_hash: TxHash, *, index_in_tx: int | None = None
) -> MessageToL1 | None:
    """Prove a message that a transaction sent to L1; None while the transaction is in no checkpoint yet.

    `index_in_tx` is needed when the transaction sent the same message twice. The witness is of the epoch as
    it is now: when the epoch grows it is another, with the same leaf id. Raises BridgeError when the
    transaction sent no such message.
    """
    receipt = await node.get_tx_receipt(tx_hash)
    if receipt.epoch_number is None or receipt.block_number is None:
        return None
    epoch, number = EpochNumber(receipt.epoch_number), receipt.block_number
    messages, checkpoints, effect = await asyncio.gather(
        node.get_l2_to_l1_messages(epoch),
        node.get_checkpoints_data_for_epoch(epoch),
        node.get_tx_effect(tx_hash),
    )
    at = next(
        (at for at, data in enumerate(checkpoints) if data.start_block <= number <= data.end_block), None
    )
    if effect is None or at is None or at >= len(messages):
        return None
    block, tx = number - checkpoints[at].start_block, effect.tx_index_in_block
    index = _position(messages[at][block][tx], message, tx_hash, index_in_tx)
    witness = message_witness(messages, checkpoint=at, block=block, tx=tx, message=index)
    return MessageToL1(message=message, epoch=epoch, witness=witness)


def _position(sent: Sequence[Fr], message: Fr, tx_hash: TxHash, wanted: int | None) -> int:
    found = [index for index, other in enumerate(sent) if other == message]
    if wanted is not None:
        if wanted in found:
            return wanted
        raise BridgeError(f"message {wanted} of transaction 0x{tx_hash.hex()} is not 0x{message.hex()}")
    match found:
        case [index]:
            return index
        case []:
            raise BridgeError(f"transaction 0x{tx_hash.hex()} sent no message 0x{message.hex()} to L1")
        case _:
            raise BridgeError(
                f"transaction 0x{tx_hash.hex()} sent message 0x{message.hex()} {len(found)} times: "
                f"say which one, of {found}"
            )
