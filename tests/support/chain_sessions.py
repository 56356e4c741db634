"""Recorded chains, ready to be imported into a ChainStore."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aztecd.chain import ChainStore, InboxMessage
from aztecd.crypto.field import Fr, fr_from_hex
from aztecd.protocol.basic import AztecAddress, CheckpointNumber, LeafIndex
from aztecd.protocol.block import L2Block
from aztecd.protocol.checkpoint import CheckpointData
from aztecd.protocol.contracts import ContractClassPublic, ContractInstanceWithAddress
from aztecd.protocol.header import BlockHeader
from aztecd.storage import MemoryStore
from tests.support.vectors import load, load_lines

if TYPE_CHECKING:
    from aztecd.storage import KeyValueStore

SESSIONS = ("deploy-accounts", "token-flow", "public-token", "l1-messages")
EPOCH_DURATION = 2
"""Slots of an epoch in all sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One recorded chain; `answers` are what the recording node said about it at rest."""

    name: str
    genesis_header: BlockHeader
    genesis_archive_root: Fr
    blocks: tuple[L2Block, ...]
    checkpoints: tuple[CheckpointData, ...]
    messages: tuple[InboxMessage, ...]
    lines: tuple[Any, ...]
    answers: tuple[Any, ...]
    tips: Any


@lru_cache
def session(name: str) -> Session:
    """Read a recorded chain; checkpoint records come from the answers, which alone have their out hashes."""
    lines = tuple(_without_caches(line) for line in load_lines(f"sessions/{name}.chain.jsonl.gz"))
    answers = tuple(load("chain/answers.json.gz")["sessions"][name])
    by_kind = {
        kind: [line for line in lines if line["kind"] == kind]
        for kind in ("meta", "genesis", "block", "l1_to_l2_message")
    }
    checkpoints = {}
    for answer in answers:
        if answer["method"] == "getCheckpointsDataForEpoch":
            for value in answer["result"]:
                checkpoints[value["checkpointNumber"]] = CheckpointData.from_json(value)
    (meta,), (genesis,) = by_kind["meta"], by_kind["genesis"]
    return Session(
        name=name,
        genesis_header=BlockHeader.from_json(genesis["header"]),
        genesis_archive_root=fr_from_hex(genesis["genesisArchiveRoot"]),
        blocks=tuple(L2Block.from_json(line["value"]) for line in by_kind["block"]),
        checkpoints=tuple(checkpoints[number] for number in sorted(checkpoints)),
        messages=tuple(
            InboxMessage(
                checkpoint_number=CheckpointNumber(line["checkpoint"]),
                index=LeafIndex(line["index"]),
                leaf=fr_from_hex(line["leaf"]),
            )
            for line in by_kind["l1_to_l2_message"]
        ),
        lines=lines,
        answers=answers,
        tips=meta["tips"],
    )


def _without_caches(value: Any) -> Any:
    """Leave out the meaningless key that the reference sometimes adds to headers."""
    if isinstance(value, dict):
        return {key: _without_caches(item) for key, item in value.items() if key != "_cachedHash"}
    return [_without_caches(item) for item in value] if isinstance(value, list) else value


@lru_cache
def protocol_contracts() -> tuple[tuple[ContractClassPublic, ContractInstanceWithAddress], ...]:
    """Give the recorded protocol contract instances, each with a class that has its id and nothing else."""
    pairs = []
    for contract in load("artifacts/protocol_contracts.json")["protocol_contracts"]:
        instance = ContractInstanceWithAddress.from_json(contract["instance"])
        known = ContractClassPublic.empty().replace(version=1, id=instance.original_contract_class_id)
        pairs.append((known, instance))
    return tuple(pairs)


def open_chain(recorded: Session, store: KeyValueStore | None = None) -> ChainStore:
    """Open a ChainStore for a session's network."""
    return ChainStore(
        MemoryStore() if store is None else store,
        genesis_header=recorded.genesis_header,
        protocol_contracts=protocol_contracts(),
        epoch_duration=EPOCH_DURATION,
    )


def import_blocks(chain: ChainStore, recorded: Session, first: int, last: int) -> None:
    """Import blocks, each with its checkpoint, in one batch a block."""
    for number in range(first, last + 1):
        batch = chain._store.batch()
        chain.stage_block(batch, recorded.blocks[number - 1])
        chain.stage_checkpoint(batch, recorded.checkpoints[number - 1])
        chain._store.write(batch)
        chain.applied()


def import_session(recorded: Session, store: KeyValueStore | None = None) -> ChainStore:
    """Import a whole session: messages, blocks, checkpoints and the tips of the recording."""
    chain = open_chain(recorded, store)
    batch = chain._store.batch()
    chain.stage_messages(batch, recorded.messages)
    chain._store.write(batch)
    chain.applied()
    import_blocks(chain, recorded, 1, len(recorded.blocks))
    batch = chain._store.batch()
    chain.stage_proven(batch, CheckpointNumber(recorded.tips["proven"]["checkpoint"]["number"]))
    chain.stage_finalized(batch, CheckpointNumber(recorded.tips["finalized"]["checkpoint"]["number"]))
    chain._store.write(batch)
    chain.applied()
    return chain


def digest(value: Any) -> str:
    """Digest JSON data as the recorded answers do."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def address(text: str) -> AztecAddress:
    """Read an address."""
    return AztecAddress(fr_from_hex(text))
