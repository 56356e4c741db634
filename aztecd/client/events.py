"""Events of contracts, private and public.

Authority: @aztec/aztec.js src/api/events.ts (4.1.2). A public event's log ends with the event's selector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aztecd.client.errors import ClientError
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, FunctionSelector, TxHash
from aztecd.protocol.logs import GetPublicLogsResponse, LogFilter, LogId
from aztecd.pxe.abi import StructType, decode_values, event_selector, selector_field
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.wallet.api import EventDefinition
from aztecd.wallet.results import EventPlace, FoundEvent

__all__ = ["PublicEvents", "event_definition", "get_public_events"]


class PublicLogSource(Protocol):
    """Where public logs come from: a node."""

    async def get_public_logs(self, log_filter: LogFilter) -> GetPublicLogsResponse:
        """Find public logs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEvents:
    """Events of a page of logs; when `is_truncated`, ask again after `last_log`."""

    events: tuple[FoundEvent, ...]
    is_truncated: bool
    last_log: LogId | None = None


def event_definition(artifact: ContractArtifact, name: str) -> EventDefinition:
    """Find an event in an artifact, by its name without modules. Raises ClientError."""
    for event in artifact.events:
        if event.path.rsplit("::", 1)[-1] == name:
            return _definition(event)
    known = ", ".join(sorted(event.path.rsplit("::", 1)[-1] for event in artifact.events)) or "none"
    raise ClientError(f"contract {artifact.name} exports no event {name}; it exports {known}")


async def get_public_events(
    node: PublicLogSource,
    definition: EventDefinition,
    *,
    contract_address: AztecAddress | None = None,
    from_block: BlockNumber | None = None,
    to_block: BlockNumber | None = None,
    tx_hash: TxHash | None = None,
    after_log: LogId | None = None,
) -> PublicEvents:
    """Find public events; `to_block` is exclusive."""
    found = await node.get_public_logs(
        LogFilter(
            tx_hash=tx_hash,
            from_block=from_block,
            to_block=to_block,
            after_log=after_log,
            contract_address=contract_address,
        )
    )
    selector = selector_field(FunctionSelector(definition.selector))
    events = []
    for item in found.logs:
        fields = item.log.fields
        if not fields or fields[-1] != selector:
            continue
        events.append(
            FoundEvent(
                event=decode_values([definition.type], fields),
                place=EventPlace(
                    block_number=BlockNumber(item.id.block_number),
                    block_hash=BlockHash(item.id.block_hash),
                    tx_hash=item.id.tx_hash,
                    contract_address=item.log.contract_address,
                ),
            )
        )
    return PublicEvents(
        events=tuple(events),
        is_truncated=found.max_logs_hit,
        last_log=found.logs[-1].id if found.logs else None,
    )


def _definition(event: StructType) -> EventDefinition:
    return EventDefinition(
        selector=event_selector(event), type=event, field_names=tuple(field.name for field in event.fields)
    )
