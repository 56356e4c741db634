"""The way from a job's thread to the node, whose methods run on the event loop.

A job that needs several answers asks for all of them at once: the node's client sends them in one request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, BlockHash
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import MembershipWitness, NullifierMembershipWitness, PublicDataWitness
from aztecd.pxe.execution.views import BlockParameter
from aztecd.pxe.node import NULLIFIER_TREE, PxeNode
from aztecd.pxe.sync.errors import NodeChangedError

__all__ = ["NodeBridge"]

T = TypeVar("T")


class NodeBridge:
    """Blocking calls of a node for one worker thread. Satisfies NodeView; mutable.

    `check` is asked before each question and raises when the job is over: a node that always has one more
    answer must not keep it for ever.
    """

    def __init__(
        self, node: PxeNode, loop: asyncio.AbstractEventLoop, check: Callable[[], None] = lambda: None
    ) -> None:
        self.node = node
        self.call_count = 0
        self._loop = loop
        self._check = check
        self._waiting: Future[Any] | None = None
        self._is_closed = False

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for one coroutine. Raises what it and `check` raise, and NodeChangedError after `close`."""
        return self.run_all([call])[0]

    def run_all(self, calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """Wait for coroutines that run at the same time; their results are in the same order."""
        self.call_count += len(calls)
        try:
            self._require_going_on()
        except BaseException:
            for call in calls:
                call.close()
            raise
        waiting = asyncio.run_coroutine_threadsafe(_gather(calls), self._loop)
        self._waiting = waiting
        try:
            # The loop may have ended this after the look above, when there was nothing to cancel yet.
            self._require_going_on()
            return waiting.result()
        except CancelledError:
            self._require_going_on()
            raise NodeChangedError("the node's client was closed") from None
        finally:
            self._waiting = None
            waiting.cancel()

    def interrupt(self) -> None:
        """Wake the thread that waits, so that it asks `check`."""
        waiting = self._waiting
        if waiting is not None:
            waiting.cancel()

    def close(self) -> None:
        """Make the thread that waits, and everyone who asks later, fail."""
        self._is_closed = True
        self.interrupt()

    def _require_going_on(self) -> None:
        if self._is_closed:
            raise NodeChangedError("the wallet was closed")
        self._check()

    # What functions ask in the course of their execution.

    def get_note_hash_membership_witness(
        self, block: BlockParameter, note_hash: Fr
    ) -> MembershipWitness | None:
        """Give the path of a note hash (the unique one)."""
        return self.run(self.node.get_note_hash_membership_witness(block, note_hash))

    def get_block_hash_membership_witness(
        self, block: BlockParameter, block_hash: BlockHash
    ) -> MembershipWitness | None:
        """Give the path of a block hash in the archive."""
        return self.run(self.node.get_block_hash_membership_witness(block, block_hash))

    def get_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf and path of a siloed nullifier."""
        return self.run(self.node.get_nullifier_membership_witness(block, nullifier))

    def get_low_nullifier_membership_witness(
        self, block: BlockParameter, nullifier: Fr
    ) -> NullifierMembershipWitness | None:
        """Give the leaf and path that prove that a siloed nullifier is absent."""
        return self.run(self.node.get_low_nullifier_membership_witness(block, nullifier))

    def get_public_data_witness(self, block: BlockParameter, leaf_slot: Fr) -> PublicDataWitness | None:
        """Give the leaf of a slot, or the one before it, and its path."""
        return self.run(self.node.get_public_data_witness(block, leaf_slot))

    def get_block_header(self, block: BlockParameter) -> BlockHeader | None:
        """Give the header of a block."""
        return self.run(self.node.get_block_header(block))

    def get_l1_to_l2_message_membership_witness(
        self, block: BlockParameter, message: Fr
    ) -> tuple[int, Sequence[Fr]] | None:
        """Give the leaf index of a message and its siblings."""
        found = self.run(self.node.get_l1_to_l2_message_membership_witness(block, message))
        return None if found is None else (found[0], found[1].elements)

    def has_nullifier(self, block: BlockParameter, siloed_nullifier: Fr) -> bool:
        """Tell whether the nullifier tree has a leaf."""
        found = self.run(self.node.find_leaves_indexes(block, NULLIFIER_TREE, [siloed_nullifier]))
        return found[0] is not None

    def get_public_storage(
        self, block: BlockParameter, contract: AztecAddress, slots: Sequence[Fr]
    ) -> list[Fr]:
        """Read several slots of a contract."""
        return self.run_all([self.node.get_public_storage_at(block, contract, slot) for slot in slots])


async def _gather(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    return await asyncio.gather(*calls)
