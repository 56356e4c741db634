"""Which notes `utilityGetNotes` gives, in which order and form.

Authority: @aztec/pxe src/contract_function_simulator/{pick_notes,oracle/note_packing_utils}.ts; @aztec/stdlib
src/note/comparator.ts (4.1.2).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from aztecd.crypto.field import FR_ZERO, Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.execution.views import NoteStatus
from aztecd.pxe.oracles.errors import OracleError

__all__ = ["Note", "NoteQuery", "Property", "Select", "Sort", "pack_hinted", "pick_notes"]


class Note(Protocol):
    """A settled or a pending note; a pending one has the nonce 0 in the phase that it was made in."""

    @property
    def contract_address(self) -> AztecAddress: ...  # noqa: D102
    @property
    def owner(self) -> AztecAddress: ...  # noqa: D102
    @property
    def storage_slot(self) -> Fr: ...  # noqa: D102
    @property
    def randomness(self) -> Fr: ...  # noqa: D102
    @property
    def nonce(self) -> Fr: ...  # noqa: D102
    @property
    def items(self) -> tuple[Fr, ...]: ...  # noqa: D102


N = TypeVar("N", bound=Note)


@dataclass(frozen=True, slots=True)
class Property:
    """Bytes `offset` to `offset + length` of item `index`, read as an integer."""

    index: int
    offset: int
    length: int

    def of(self, items: Sequence[Fr]) -> int:
        """Read the property. Raises OracleError when the note has no such item."""
        if self.index >= len(items):
            raise OracleError(f"a note of {len(items)} items has no item {self.index}")
        return int.from_bytes(items[self.index][self.offset : self.offset + self.length], "big")


@dataclass(frozen=True, slots=True)
class Select:
    """Keep the notes whose property compares so to a value."""

    property: Property
    value: Fr
    comparator: int


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a property: 1 descending, 2 ascending; 0 ends the list of criteria."""

    property: Property
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteQuery:
    """What a contract asks for; `limit` 0 means all."""

    owner: AztecAddress | None
    storage_slot: Fr
    selects: tuple[Select, ...]
    sorts: tuple[Sort, ...]
    limit: int
    offset: int
    status: NoteStatus


_DESCENDING: Final = 1
_NO_ORDER: Final = 0
_PENDING_IN_SAME_PHASE: Final = fr(1)
_PENDING_IN_PREVIOUS_PHASE: Final = fr(2)
_SETTLED: Final = fr(3)


def _comparators() -> Mapping[int, Callable[[int, int], bool]]:
    return {
        1: operator.eq,
        2: operator.ne,
        3: operator.lt,
        4: operator.le,
        5: operator.gt,
        6: operator.ge,
    }


def pick_notes(notes: Sequence[N], query: NoteQuery) -> list[N]:
    """Filter, sort (stable) and cut. Raises OracleError for a property or comparator that does not exist."""
    picked = list(notes)
    comparators = _comparators()
    for select in query.selects:
        compare = comparators.get(select.comparator)
        if compare is None:
            raise OracleError(f"there is no comparator {select.comparator}")
        wanted = fr_int(select.value)
        picked = [note for note in picked if compare(select.property.of(note.items), wanted)]
    if len(picked) > 1:
        _sort(picked, query.sorts)
    end = query.offset + query.limit if query.limit else None
    return picked[query.offset : end]


def _sort(notes: list[N], sorts: Sequence[Sort]) -> None:
    criteria = []
    for sort in sorts:
        if sort.order == _NO_ORDER:
            break
        criteria.append(sort)
    # A stable sort by the last criterion first leaves the first one in charge.
    for sort in reversed(criteria):
        notes.sort(key=lambda note: sort.property.of(note.items), reverse=sort.order == _DESCENDING)


def pack_hinted(note: Note, *, is_pending: bool) -> tuple[Fr, ...]:
    """Give a note as contracts take it: items, metadata, and the stage of its life with the nonce."""
    if not is_pending:
        stage = _SETTLED
    else:
        stage = _PENDING_IN_SAME_PHASE if note.nonce == FR_ZERO else _PENDING_IN_PREVIOUS_PHASE
    return (
        *note.items,
        note.contract_address,
        note.owner,
        note.randomness,
        note.storage_slot,
        stage,
        note.nonce,
    )
