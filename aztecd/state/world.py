"""The world state: the five trees after every retained block, over a key-value store.

One thread writes. It stages a change into a batch together with whatever else belongs to the block, writes
the batch, and then says so with `applied`; only that moves the tip which readers see. Readers in other
threads hold a `StateView` at a named block.

Authority: @aztec/world-state src/native/native_world_state.ts and the native module behind @aztec/native
(rules, error texts) (4.1.2). Deviation: block 0 means genesis, in the reference it means the tip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from aztecd.state.errors import GenesisError, HistoryError, StateOrderError, UnknownBlockError
from aztecd.state.fork import Fork
from aztecd.state.genesis import build_genesis
from aztecd.state.history import History, StateView
from aztecd.state.layout import STATUS_KEY, Status
from aztecd.state.staging import StagedBlock, load_record, stage_history_removal, stage_removal, stage_state
from aztecd.state.tree_ids import TreeId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.crypto.field import Fr
    from aztecd.storage import KeyValueStore, WriteBatch

__all__ = ["WorldState"]

_NULLIFIER_TREE = TreeId.NULLIFIER.native_name
_PUBLIC_DATA_TREE = TreeId.PUBLIC_DATA.native_name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """A change that is in a batch but not known to be written."""

    status: Status
    block: StagedBlock | None = None
    """Set for a commit."""

    is_rewind: bool = False


class WorldState:
    """The five trees with their history. Mutable; see the module for who may call what."""

    __slots__ = ("_history", "_lock", "_range", "_staged", "_status", "_store", "_tip_view", "_views")

    def __init__(self, store: KeyValueStore, status: Status) -> None:
        self._store = store
        self._status = status
        self._range = (status.oldest, status.tip)
        """The blocks that can be read; narrower than the status while blocks are being removed."""

        self._staged: _Staged | None = None
        self._history = History(store, status.tip)
        self._lock = Lock()
        self._views: WeakValueDictionary[int, StateView] = WeakValueDictionary()
        self._tip_view = self._view(status.tip)

    @classmethod
    def open(cls, store: KeyValueStore, prefilled: Sequence[tuple[Fr, Fr]] = ()) -> WorldState:
        """Open the state in a store; an empty store gets the genesis state.

        `prefilled` is the public data of genesis: (slot, value) pairs sorted by slot.
        Raises: GenesisError if they break a rule, or the store began with others; StorageError.
        """
        genesis = build_genesis(prefilled)
        data = store.get(STATUS_KEY)
        if data is None:
            status = Status(tip=0, finalized=0, oldest=0, genesis_archive_root=genesis.archive_root)
            batch = store.batch()
            stage_state(batch, genesis.state, 0)
            batch.put(STATUS_KEY, status.encode())
            store.write(batch, sync=True)
        else:
            status = Status.decode(data)
            if status.genesis_archive_root != genesis.archive_root:
                raise GenesisError(
                    f"the data directory belongs to a chain with genesis archive root "
                    f"0x{status.genesis_archive_root.hex()}, this chain has 0x{genesis.archive_root.hex()}: "
                    "use the same prefunded accounts, or another data directory"
                )
        return cls(store, status)

    # For any thread.

    @property
    def tip(self) -> int:
        """The newest block."""
        return self._range[1]

    @property
    def finalized(self) -> int:
        """The newest block that cannot be rewound; 0 if there is none."""
        return self._status.finalized

    @property
    def oldest_historical_block(self) -> int:
        """The oldest block that is kept: 0 before the first block, 1 from then until pruning."""
        oldest, tip = self._range
        return min(max(oldest, 1), tip)

    @property
    def genesis_archive_root(self) -> Fr:
        """The archive root of block 0."""
        return self._status.genesis_archive_root

    def at(self, block: int | None = None, *, purpose: str = "get meta data") -> StateView:
        """Give the state after a block, by default the newest one.

        Genesis (0) can be read until pruning. `purpose` goes into the error text of an unknown block, where
        the reference has several: `find low leaf`, `find leaf from index 0`.
        Raises: UnknownBlockError.
        """
        with self._lock:
            oldest, tip = self._range
            wanted = tip if block is None else block
            if wanted == self._tip_view.block_number and not self._tip_view.is_revoked:
                return self._tip_view
            if not oldest <= wanted <= tip:
                raise UnknownBlockError.in_query(wanted, purpose)
            return self._view(wanted)

    def fork(self, block: int | None = None) -> Fork:
        """Give a fork of the state after a block, by default the newest one. Raises: UnknownBlockError."""
        if block is not None:
            oldest, tip = self._range
            if block > tip:
                raise UnknownBlockError(
                    f"Unable to initialize from future block: {block} unfinalizedBlockHeight: {tip}. "
                    f"Tree name: {_NULLIFIER_TREE}",
                    block,
                )
            if block < oldest:
                raise UnknownBlockError(
                    f"Unable to fork from expired historical block: {block} "
                    f"unfinalizedBlockHeight: {oldest}. Tree name: {_NULLIFIER_TREE}",
                    block,
                )
        return Fork(self.at(block))

    # For the writer.

    def stage_commit(self, batch: WriteBatch, fork: Fork, block_number: int) -> None:
        """Put the state of a new block into `batch`: the state of a fork of the tip.

        Raises: StateOrderError if the fork does not lie over the tip, has open checkpoints, or does not add
        exactly one block to the archive.
        """
        self._expect_nothing_staged()
        status = self._status
        if block_number != status.tip + 1 or fork.base is not self._tip_view:
            raise StateOrderError(
                f"cannot commit block {block_number} from a fork of block {fork.block_number}: "
                f"the tip is {status.tip}"
            )
        if fork.depth:
            raise StateOrderError(f"cannot commit a fork with {fork.depth} open checkpoints")
        if fork.size(TreeId.ARCHIVE) != block_number + 1:
            raise StateOrderError(
                f"the archive of block {block_number} has {fork.size(TreeId.ARCHIVE)} leaves"
            )
        block = stage_state(batch, fork, block_number)
        status = replace(status, tip=block_number)
        batch.put(STATUS_KEY, status.encode())
        self._staged = _Staged(status=status, block=block)

    def stage_rewind(self, batch: WriteBatch, to_block: int) -> None:
        """Put the removal of all blocks above `to_block` into `batch`.

        From now on these blocks are unknown to readers.
        Raises: HistoryError if `to_block` is not below the tip, or below the finalized block; in the second
        case the rewind to the finalized block is staged, as `staged_to` says.
        """
        self._expect_nothing_staged()
        status = self._status
        if not 0 <= to_block < status.tip:
            raise HistoryError(
                f"Unable to unwind blocks to block number {to_block}, current pending block {status.tip}"
            )
        target = max(to_block, status.finalized)
        if target < status.tip:
            self._narrow(self._range[0], target)
            for block in range(status.tip, target, -1):
                stage_removal(batch, self._store, block)
            staged = replace(status, tip=target)
            batch.put(STATUS_KEY, staged.encode())
            self._staged = _Staged(status=staged, is_rewind=True)
        if target > to_block:
            raise HistoryError(
                f"Unable to unwind block: {target} finalizedBlockHeight: {target}. "
                f"Tree name: {_NULLIFIER_TREE}",
                target if self._staged else None,
            )

    def stage_finalize(self, batch: WriteBatch, block_number: int) -> None:
        """Put a new finalized block into `batch`; a lower one than the present is ignored.

        May follow `stage_commit` in the same batch. Raises: HistoryError if the block is beyond the tip.
        """
        staged = self._staged or _Staged(status=self._status)
        if block_number > staged.status.tip:
            raise HistoryError(
                f"Unable to advance finalized block: {block_number}. Failed to read block data. "
                f"Tree name: {_NULLIFIER_TREE}"
            )
        status = replace(staged.status, finalized=max(block_number, staged.status.finalized))
        batch.put(STATUS_KEY, status.encode())
        self._staged = replace(staged, status=status)

    def stage_prune(self, batch: WriteBatch, below: int) -> None:
        """Put the removal of the history of all blocks below `below`, genesis included, into `batch`.

        From now on these blocks are unknown to readers. Only blocks below the finalized one can go.
        Raises: HistoryError if there are none, or `below` is above the finalized block; in the second case
        the part up to the finalized block is staged, as `staged_to` says.
        """
        self._expect_nothing_staged()
        status = self._status
        oldest = self.oldest_historical_block
        if below <= oldest:
            raise HistoryError(
                f"Unable to remove historical blocks to block number {below}, blocks not found. "
                f"Current oldest block: {oldest}"
            )
        target = min(below, status.finalized)
        if target > oldest:
            self._narrow(target, self._range[1])
            for block in range(status.oldest + 1, target + 1):
                stage_history_removal(batch, self._store, block)
            staged = replace(status, oldest=target)
            batch.put(STATUS_KEY, staged.encode())
            self._staged = _Staged(status=staged)
        if target < below:
            raise HistoryError(
                f"Unable to remove historical block: {max(target, oldest)} "
                f"finalizedBlockHeight: {status.finalized}. Tree name: {_PUBLIC_DATA_TREE}",
                target if self._staged else None,
            )

    def applied(self, block_number: int) -> None:
        """Take over what was staged, after its batch was written; `block_number` is the tip now.

        Raises: StateOrderError if nothing was staged, or with another tip.
        """
        staged = self._staged
        if staged is None or staged.status.tip != block_number:
            raise StateOrderError(f"no change is staged that leads to block {block_number}")
        self._staged = None
        if staged.block is not None:
            view = StateView(self._history, block_number, staged.block.record)
            self._history.advance(block_number, staged.block.changes)
            with self._lock:
                self._views[block_number] = view
                self._tip_view = view
                self._status, self._range = staged.status, (staged.status.oldest, block_number)
            return
        if staged.is_rewind:
            self._history.retreat(block_number)
        with self._lock:
            self._status, self._range = staged.status, (staged.status.oldest, block_number)
            self._tip_view = self._view(block_number)

    def discard(self) -> None:
        """Forget what was staged: its batch was not written."""
        self._staged = None
        with self._lock:
            self._range = (self._status.oldest, self._status.tip)
            self._tip_view = self._view(self._status.tip)

    def commit(self, fork: Fork) -> None:
        """Commit a fork as the next block, in a batch of its own."""
        number = self._status.tip + 1
        batch = self._store.batch()
        self.stage_commit(batch, fork, number)
        self._write(batch, number)

    def rewind(self, to_block: int) -> None:
        """Rewind in a batch of its own. Raises: HistoryError, after the part that was possible."""
        batch = self._store.batch()
        try:
            self.stage_rewind(batch, to_block)
        finally:
            self._write_staged(batch)

    def finalize(self, block_number: int) -> None:
        """Advance the finalized block in a batch of its own. Raises: HistoryError."""
        batch = self._store.batch()
        self.stage_finalize(batch, block_number)
        self._write_staged(batch)

    def prune(self, below: int) -> None:
        """Prune in a batch of its own. Raises: HistoryError, after the part that was possible."""
        batch = self._store.batch()
        try:
            self.stage_prune(batch, below)
        finally:
            self._write_staged(batch)

    def _write_staged(self, batch: WriteBatch) -> None:
        if self._staged is not None:
            self._write(batch, self._staged.status.tip)

    def _write(self, batch: WriteBatch, tip: int) -> None:
        try:
            self._store.write(batch, sync=True)
        except BaseException:
            self.discard()
            raise
        self.applied(tip)

    def _view(self, block: int) -> StateView:
        view = self._views.get(block)
        if view is None or view.is_revoked:
            view = StateView(self._history, block, load_record(self._store, block))
            self._views[block] = view
        return view

    def _narrow(self, oldest: int, tip: int) -> None:
        """Take blocks away from readers, before the store loses them."""
        with self._lock:
            self._range = (oldest, tip)
            for block, view in list(self._views.items()):
                if not oldest <= block <= tip:
                    view.is_revoked = True

    def _expect_nothing_staged(self) -> None:
        if self._staged is not None:
            raise StateOrderError("a staged change was neither applied nor discarded")
