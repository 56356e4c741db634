"""What a wallet remembers: notes, events, contracts, senders, tags, capsules, and the anchor block.

Responsible for: the records, their indexes, staging of a job's writes, rollback to a block. Not for: asking
the node (`aztecd.pxe.sync`), accounts and their secrets (`aztecd.pxe.keys`).

Authority: @aztec/pxe src/storage/ (4.1.2) for what is kept and when it changes; the layout is our own,
`docs/storage.md`.
"""

from aztecd.pxe.stores.anchor import AnchorStore, KnownBlock, NetworkId
from aztecd.pxe.stores.bundle import Stores
from aztecd.pxe.stores.capsules import CapsuleStore
from aztecd.pxe.stores.contracts import ArtifactCache, ContractOverride, ContractStore
from aztecd.pxe.stores.errors import (
    EmptyCapsuleError,
    PxeStoreBrokenError,
    PxeStoreError,
    TagIndexError,
    UnknownNoteError,
    WrongNetworkError,
)
from aztecd.pxe.stores.events import EventFilter, EventStore, StoredEvent
from aztecd.pxe.stores.notes import NoteStore, Nullification, StoredNote
from aztecd.pxe.stores.senders import SenderBook
from aztecd.pxe.stores.stage import Stage
from aztecd.pxe.stores.tagging import (
    TAG_WINDOW,
    DeliveredLogStore,
    PendingTag,
    RecipientTagStore,
    SeenTags,
    SenderTagStore,
)

__all__ = [
    "TAG_WINDOW",
    "AnchorStore",
    "ArtifactCache",
    "CapsuleStore",
    "ContractOverride",
    "ContractStore",
    "DeliveredLogStore",
    "EmptyCapsuleError",
    "EventFilter",
    "EventStore",
    "KnownBlock",
    "NetworkId",
    "NoteStore",
    "Nullification",
    "PendingTag",
    "PxeStoreBrokenError",
    "PxeStoreError",
    "RecipientTagStore",
    "SeenTags",
    "SenderBook",
    "SenderTagStore",
    "Stage",
    "StoredEvent",
    "StoredNote",
    "Stores",
    "TagIndexError",
    "UnknownNoteError",
    "WrongNetworkError",
]
