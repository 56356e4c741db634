"""Protocol objects out of the recorded cases of blocks.json and of the recorded sessions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from aztecd.crypto.field import fr, fr_from_hex
from aztecd.protocol.block import Body, L2Block
from aztecd.protocol.checkpoint import CheckpointHeader
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.gas import GasFees
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, PublicLog
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from tests.support.vectors import cases, load_lines

SESSIONS = ("deploy-accounts", "token-flow", "public-token", "l1-messages")


def checkpoint_cases(*, synthetic: bool | None = None) -> list[dict[str, Any]]:
    """Give the recorded checkpoints: all, only the synthetic ones, or only those of the live network."""
    found = cases("blocks.json.gz", "checkpoint")
    return [case for case in found if synthetic in (None, case["origin"].startswith("synthetic"))]


def tx_effect(case: dict[str, Any]) -> TxEffect:
    """Make a tx effect of a case; logs are given as emitted."""
    return TxEffect(
        revert_code=case["revert_code"],
        tx_hash=fr_from_hex(case["tx_hash"]),
        transaction_fee=int(case["transaction_fee"], 16),
        note_hashes=_elements(case["note_hashes"]),
        nullifiers=_elements(case["nullifiers"]),
        l2_to_l1_msgs=_elements(case["l2_to_l1_msgs"]),
        public_data_writes=tuple(
            PublicDataWrite(leaf_slot=fr_from_hex(slot), value=fr_from_hex(value))
            for slot, value in case["public_data_writes"]
        ),
        private_logs=tuple(
            PrivateLog(
                fields=_elements(log) + (fr(0),) * (16 - len(log)),
                emitted_length=len(log),
            )
            for log in case["private_logs"]
        ),
        public_logs=tuple(
            PublicLog(contract_address=fr_from_hex(log["contract_address"]), fields=_elements(log["fields"]))
            for log in case["public_logs"]
        ),
        contract_class_logs=tuple(
            ContractClassLog(
                contract_address=fr_from_hex(log["contract_address"]),
                fields=ContractClassLogFields.padded(_elements(log["fields"])),
                emitted_length=len(log["fields"]),
            )
            for log in case["contract_class_logs"]
        ),
    )


def block_header(case: dict[str, Any]) -> BlockHeader:
    """Make a block header of a case."""
    return BlockHeader(
        last_archive=snapshot(case["last_archive"]),
        state=StateReference(
            l1_to_l2_message_tree=snapshot(case["l1_to_l2_message_tree"]),
            partial=PartialStateReference(
                note_hash_tree=snapshot(case["note_hash_tree"]),
                nullifier_tree=snapshot(case["nullifier_tree"]),
                public_data_tree=snapshot(case["public_data_tree"]),
            ),
        ),
        sponge_blob_hash=fr_from_hex(case["sponge_blob_hash"]),
        global_variables=GlobalVariables(
            chain_id=int(case["chain_id"], 16),
            version=int(case["version"], 16),
            block_number=case["block_number"],
            slot_number=case["slot_number"],
            timestamp=int(case["timestamp"]),
            coinbase=bytes.fromhex(case["coinbase"][2:]),
            fee_recipient=fr_from_hex(case["fee_recipient"]),
            gas_fees=_gas_fees(case),
        ),
        total_fees=int(case["total_fees"], 16),
        total_mana_used=int(case["total_mana_used"], 16),
    )


def checkpoint_header(case: dict[str, Any]) -> CheckpointHeader:
    """Make a checkpoint header of a case."""
    return CheckpointHeader(
        last_archive_root=fr_from_hex(case["last_archive_root"]),
        block_headers_hash=fr_from_hex(case["block_headers_hash"]),
        blobs_hash=fr_from_hex(case["blobs_hash"]),
        in_hash=fr_from_hex(case["in_hash"]),
        epoch_out_hash=fr_from_hex(case["epoch_out_hash"]),
        slot_number=case["slot_number"],
        timestamp=int(case["timestamp"]),
        coinbase=bytes.fromhex(case["coinbase"][2:]),
        fee_recipient=fr_from_hex(case["fee_recipient"]),
        gas_fees=_gas_fees(case),
        total_mana_used=int(case["total_mana_used"], 16),
    )


def blocks_of(case: dict[str, Any]) -> list[L2Block]:
    """Make the blocks of a checkpoint case."""
    return [
        L2Block(
            archive=snapshot(block["archive_after"]),
            header=block_header(block["header"]),
            body=Body(tx_effects=tuple(tx_effect(tx) for tx in block["txs"])),
            checkpoint_number=case["checkpoint_number"],
            index_within_checkpoint=index,
        )
        for index, block in enumerate(case["blocks"])
    ]


@lru_cache(maxsize=2)
def session(name: str) -> dict[str, list[dict[str, Any]]]:
    """Read a recorded chain: its lines by kind."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in load_lines(f"sessions/{name}.chain.jsonl.gz"):
        by_kind.setdefault(line["kind"], []).append(line)
    return by_kind


def snapshot(case: dict[str, Any]) -> AppendOnlyTreeSnapshot:
    """Make a tree snapshot of a case."""
    return AppendOnlyTreeSnapshot(root=fr_from_hex(case["root"]), next_available_leaf_index=case["size"])


def without_caches(value: Any) -> Any:
    """Drop the members that the reference sends by accident: a promise inside block headers."""
    if isinstance(value, dict):
        return {key: without_caches(item) for key, item in value.items() if key != "_cachedHash"}
    return [without_caches(item) for item in value] if isinstance(value, list) else value


def _gas_fees(case: dict[str, Any]) -> GasFees:
    return GasFees(fee_per_da_gas=int(case["fee_per_da_gas"]), fee_per_l2_gas=int(case["fee_per_l2_gas"]))


def _elements(values: list[str]) -> tuple[Any, ...]:
    return tuple(fr_from_hex(value) for value in values)
