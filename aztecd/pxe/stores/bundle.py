"""All stores of one job."""

from __future__ import annotations

from collections.abc import Mapping

from aztecd.protocol.basic import AztecAddress, BlockNumber
from aztecd.protocol.header import BlockHeader
from aztecd.pxe.stores.anchor import AnchorStore
from aztecd.pxe.stores.capsules import CapsuleStore
from aztecd.pxe.stores.contracts import ArtifactCache, ContractOverride, ContractStore
from aztecd.pxe.stores.events import EventStore
from aztecd.pxe.stores.notes import NoteStore
from aztecd.pxe.stores.senders import SenderBook
from aztecd.pxe.stores.stage import Stage
from aztecd.pxe.stores.tagging import DeliveredLogStore, RecipientTagStore, SenderTagStore

__all__ = ["Stores"]


class Stores:
    """The stores, all on one stage: what a job writes is committed or dropped as a whole."""

    __slots__ = (
        "anchor",
        "capsules",
        "contracts",
        "delivered_logs",
        "events",
        "notes",
        "recipient_tags",
        "sender_tags",
        "senders",
        "stage",
    )

    def __init__(
        self,
        stage: Stage,
        artifacts: ArtifactCache,
        overrides: Mapping[AztecAddress, ContractOverride] | None = None,
    ) -> None:
        self.stage = stage
        self.anchor = AnchorStore(stage)
        self.capsules = CapsuleStore(stage)
        self.contracts = ContractStore(stage, artifacts, overrides)
        self.delivered_logs = DeliveredLogStore(stage)
        self.events = EventStore(stage)
        self.notes = NoteStore(stage)
        self.recipient_tags = RecipientTagStore(stage)
        self.sender_tags = SenderTagStore(stage)
        self.senders = SenderBook(stage)

    def roll_back(self, header: BlockHeader, *, lost_final_blocks: bool) -> None:
        """Go back to a block and make it the anchor.

        `lost_final_blocks`: what was final is gone as well. Then the indexes of tags, which count on final
        blocks, are worth nothing, and all logs are looked for again.
        """
        number = BlockNumber(header.number)
        self.notes.rollback(number)
        self.events.rollback(number)
        self.delivered_logs.forget()
        self.anchor.forget_after(number)
        self.anchor.set_header(header)
        if lost_final_blocks:
            self.recipient_tags.forget()
            self.sender_tags.forget_finalized()
