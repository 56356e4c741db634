"""Notes of own accounts, active and consumed ones.

A note's id is its siloed nullifier. The record lies in one of two places, by whether the note is consumed,
under contract, storage slot and position on the chain: a scan gives the notes in the order that contracts
rely on, and the active ones cost the same however many were consumed before.

Authority: @aztec/pxe src/storage/note_store/note_store.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import (
    U32,
    AztecAddress,
    AztecAddressMember,
    BlockHashMember,
    BlockNumber,
    FrMember,
    TxHashMember,
)
from aztecd.protocol.codec import FrListCodec
from aztecd.protocol.record import Record, record
from aztecd.pxe.execution.views import ALL_SCOPES, NoteStatus, Scopes, SettledNote
from aztecd.pxe.stores.errors import PxeStoreBrokenError, UnknownNoteError
from aztecd.pxe.stores.stage import Stage
from aztecd.storage import Prefix, prefix_end

__all__ = ["NoteStore", "Nullification", "StoredNote"]

_ACTIVE: Final = Prefix.PXE_NOTE_ACTIVE
_NULLIFIED: Final = Prefix.PXE_NOTE_NULLIFIED
_BLOCK_SIZE: Final = 4


@record
class StoredNote(Record):
    """A note, where it was found, and for whom; `nullified_at` is 0 while it is active."""

    contract_address: AztecAddressMember
    owner: AztecAddressMember
    storage_slot: FrMember
    randomness: FrMember
    nonce: FrMember
    items: Annotated[tuple[Fr, ...], FrListCodec(count_size=2)]
    note_hash: FrMember
    siloed_nullifier: FrMember
    tx_hash: TxHashMember
    block_number: U32
    block_hash: BlockHashMember
    tx_index_in_block: U32
    note_index_in_tx: U32
    scopes: Annotated[tuple[Fr, ...], FrListCodec(count_size=2)] = ()
    nullified_at: U32 = 0

    def settled(self) -> SettledNote:
        """Give the note as functions see it."""
        return SettledNote(
            contract_address=self.contract_address,
            owner=self.owner,
            storage_slot=self.storage_slot,
            randomness=self.randomness,
            nonce=self.nonce,
            items=self.items,
            note_hash=self.note_hash,
            siloed_nullifier=self.siloed_nullifier,
        )

    @property
    def place(self) -> bytes:
        """The key behind the prefix."""
        return b"".join(
            (
                self.contract_address,
                self.storage_slot,
                self.block_number.to_bytes(_BLOCK_SIZE, "big"),
                self.tx_index_in_block.to_bytes(4, "big"),
                self.note_index_in_tx.to_bytes(4, "big"),
                self.siloed_nullifier,
            )
        )


@dataclass(frozen=True, slots=True)
class Nullification:
    """A siloed nullifier and the block that has it."""

    nullifier: Fr
    block_number: BlockNumber


class NoteStore:
    """All notes, on a stage. Satisfies NoteView. Mutable: keeps what it has decoded, as long as a job.

    A contract reads an account's notes page by page, and each page is cut from all of them.
    """

    __slots__ = ("_decoded", "_stage")

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._decoded: dict[bytes, StoredNote] = {}

    def add(self, note: StoredNote, scope: AztecAddress) -> None:
        """Store a note for one account; one that is there keeps its state and gets the account added."""
        found = self.find(note.siloed_nullifier)
        if found is not None:
            if scope not in found.scopes:
                self._write(found.replace(scopes=(*found.scopes, scope)))
            return
        self._write(note.replace(scopes=(scope,), nullified_at=0))
        self._stage.put(_created_key(note.block_number, note.siloed_nullifier), b"")

    def find(self, siloed_nullifier: Fr) -> StoredNote | None:
        """Give the note with this nullifier, consumed or not. Raises PxeStoreBrokenError."""
        key = self._stage.get(Prefix.PXE_NOTE.key + siloed_nullifier)
        if key is None:
            return None
        found = self._stage.get(key)
        if found is None:
            raise PxeStoreBrokenError(f"the note with nullifier 0x{siloed_nullifier.hex()} has no record")
        return StoredNote.decode(found)

    def get_notes(
        self,
        *,
        contract: AztecAddress,
        owner: AztecAddress | None,
        storage_slot: Fr,
        status: NoteStatus,
        scopes: Scopes,
    ) -> list[SettledNote]:
        """Give the matching notes that one of the scopes can see, by block, transaction and note index."""
        found = self.select(contract, storage_slot=storage_slot, with_nullified=status == 2, scopes=scopes)
        return [note.settled() for note in found if owner is None or note.owner == owner]

    def select(
        self,
        contract: AztecAddress,
        *,
        storage_slot: Fr | None = None,
        with_nullified: bool = False,
        scopes: Scopes = ALL_SCOPES,
    ) -> list[StoredNote]:
        """Give the notes of a contract that one of the scopes can see, in the order of the chain."""
        if scopes != ALL_SCOPES and not scopes:
            return []
        start = contract + (storage_slot or b"")
        records = [value for _, value in self._stage.scan(_ACTIVE.key + start)]
        if with_nullified:
            records += [value for _, value in self._stage.scan(_NULLIFIED.key + start)]
        notes = [self._decode(data) for data in records]
        if scopes != ALL_SCOPES:
            allowed = set(scopes)
            notes = [note for note in notes if not allowed.isdisjoint(note.scopes)]
        if with_nullified or storage_slot is None:
            notes.sort(key=lambda note: (note.block_number, note.tx_index_in_block, note.note_index_in_tx))
        return notes

    def apply_nullifiers(self, nullifications: Sequence[Nullification]) -> list[StoredNote]:
        """Mark notes as consumed and give those that were active. Raises UnknownNoteError."""
        consumed = []
        for item in nullifications:
            if item.block_number == 0:
                raise PxeStoreBrokenError("applyNullifiers: nullifiers cannot have been emitted at block 0")
            note = self.find(item.nullifier)
            if note is None:
                raise UnknownNoteError("Attempted to mark a note as nullified which does not exist in PXE DB")
            if note.nullified_at:
                continue
            self._stage.delete(_ACTIVE.key + note.place)
            self._write(note.replace(nullified_at=item.block_number))
            self._stage.put(_consumed_key(item.block_number, item.nullifier), b"")
            consumed.append(note)
        return consumed

    def rollback(self, block_number: BlockNumber) -> None:
        """Give back the notes consumed after a block, and delete those created after it."""
        for nullifier in self._listed_after(Prefix.PXE_NULLIFIED_BY_BLOCK, block_number):
            note = self._must_find(nullifier)
            self._stage.delete(_consumed_key(note.nullified_at, nullifier))
            self._stage.delete(_NULLIFIED.key + note.place)
            self._write(note.replace(nullified_at=0))
        for nullifier in self._listed_after(Prefix.PXE_NOTE_BY_BLOCK, block_number):
            note = self._must_find(nullifier)
            self._stage.delete(_created_key(note.block_number, nullifier))
            self._stage.delete(_ACTIVE.key + note.place)
            self._stage.delete(Prefix.PXE_NOTE.key + nullifier)

    def _decode(self, data: bytes) -> StoredNote:
        # By the whole record: a note that changed has another one.
        note = self._decoded.get(data)
        if note is None:
            note = self._decoded[data] = StoredNote.decode(data)
        return note

    def _write(self, note: StoredNote) -> None:
        key = (_NULLIFIED if note.nullified_at else _ACTIVE).key + note.place
        self._stage.put(key, note.encode())
        self._stage.put(Prefix.PXE_NOTE.key + note.siloed_nullifier, key)

    def _must_find(self, nullifier: Fr) -> StoredNote:
        note = self.find(nullifier)
        if note is None:
            raise PxeStoreBrokenError(
                f"PXE DB integrity error: no note found with nullifier 0x{nullifier.hex()}"
            )
        return note

    def _listed_after(self, prefix: Prefix, block_number: int) -> list[Fr]:
        start = prefix.key + (block_number + 1).to_bytes(_BLOCK_SIZE, "big")
        return [Fr(key[1 + _BLOCK_SIZE :]) for key, _ in self._stage.scan(start, prefix_end(prefix.key))]


def _created_key(block_number: int, nullifier: Fr) -> bytes:
    return Prefix.PXE_NOTE_BY_BLOCK.key + block_number.to_bytes(_BLOCK_SIZE, "big") + nullifier


def _consumed_key(block_number: int, nullifier: Fr) -> bytes:
    return Prefix.PXE_NULLIFIED_BY_BLOCK.key + block_number.to_bytes(_BLOCK_SIZE, "big") + nullifier
