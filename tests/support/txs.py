"""Transactions of the recorded vectors, and small changes of them."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aztecd.constants import CHONK_PROOF_LENGTH
from aztecd.crypto.field import FR_ZERO, Fr, fr
from aztecd.execution import TxMeta
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber, TxHash
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.tx import Tx
from tests.support.recorded_txs import recorded_body
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTORS = "tx.json.gz"


def patched_body(base: str, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the patch of a validation case to its base."""
    body = recorded_body(load(VECTORS)["validation"]["bases"][base])
    data = bytearray(base64.b64decode(body["data"]))
    for change in patch.get("data", ()):
        new = bytes.fromhex(change["bytes"][2:])
        data[change["offset"] : change["offset"] + len(new)] = new
    body["data"] = base64.b64encode(data).decode()
    for name in ("publicFunctionCalldata", "contractClassLogFields"):
        if name in patch:
            body[name] = patch[name]
    if "contractClassLogField" in patch:
        log, field, value = patch["contractClassLogField"]
        body["contractClassLogFields"][log]["fields"][field] = value
    if patch.get("chonkProof") == "random":
        body["chonkProof"] = base64.b64encode(
            CHONK_PROOF_LENGTH.to_bytes(4, "big") + (b"\x01" * 32) * CHONK_PROOF_LENGTH
        ).decode()
    return body


@lru_cache(maxsize=32)
def recorded_tx(label: str) -> Tx:
    """Give a transaction of the `txs` section."""
    case = next(case for case in load(VECTORS)["txs"] if case["label"] == label)
    return Tx.from_json(recorded_body(case["body"]))


@lru_cache(maxsize=8)
def base_tx(name: str) -> Tx:
    """Give a base of the `validation` section: priv1, pub1, cls, fpc or revert."""
    return Tx.from_json(patched_body(name, {}))


def gas_fees(l2: int, da: int = 0) -> GasFees:
    """Make fees; L2 first, as tests nearly always set only these."""
    return GasFees(fee_per_da_gas=da, fee_per_l2_gas=l2)


def rehashed(tx: Tx, **changes: Any) -> Tx:
    """Change members of the kernel's public inputs, and the hash with them."""
    data = tx.data.replace(**changes)
    return tx.replace(data=data, tx_hash=data.tx_hash())


def with_settings(tx: Tx, **changes: Any) -> Tx:
    """Change gas settings."""
    context = tx.data.constants.tx_context
    settings = context.gas_settings.replace(**changes)
    return rehashed(
        tx, constants=tx.data.constants.replace(tx_context=context.replace(gas_settings=settings))
    )


def simple_tx(
    number: int,
    *,
    priority: int = 0,
    nullifiers: tuple[int, ...] = (),
    payer: int = 1,
    max_fee: int = 10**30,
    expiration: int = 2**40,
) -> Tx:
    """Make a private-only transaction with few effects; `number` makes its first nullifier."""
    base = base_tx("priv1")
    part = base.data.for_rollup
    assert part is not None
    all_nullifiers = tuple(fr(value) for value in nullifiers or (10**6 + number,))
    end = part.end.replace(nullifiers=all_nullifiers + (FR_ZERO,) * (64 - len(all_nullifiers)))
    constants = base.data.constants
    settings = constants.tx_context.gas_settings.replace(
        max_fees_per_gas=gas_fees(max_fee), max_priority_fees_per_gas=gas_fees(priority)
    )
    return rehashed(
        base,
        constants=constants.replace(tx_context=constants.tx_context.replace(gas_settings=settings)),
        for_rollup=part.replace(end=end),
        fee_payer=AztecAddress(fr(payer)),
        expiration_timestamp=expiration,
    )


def simple_meta(
    number: int,
    *,
    priority: int = 0,
    nullifiers: tuple[int, ...] = (),
    payer: int = 1,
    fee_limit: int = 0,
    claim: int = 0,
    size: int = 100,
) -> TxMeta:
    """Make the facts of a transaction that does not exist; `number` is its hash."""
    limits = Gas(da_gas=96, l2_gas=440_000)
    return TxMeta(
        tx_hash=TxHash(fr(number)),
        size_bytes=size,
        fee_payer=AztecAddress(fr(payer)),
        gas_settings=GasSettings(
            gas_limits=limits,
            teardown_gas_limits=Gas.empty(),
            max_fees_per_gas=gas_fees(10**30),
            max_priority_fees_per_gas=gas_fees(priority),
        ),
        claim_amount=claim,
        priority_fee=priority,
        fee_limit=fee_limit,
        nullifiers=tuple(fr(value) for value in nullifiers or (10**6 + number,)),
        anchor_block_hash=BlockHash(Fr(fr(7))),
        anchor_block_number=BlockNumber(1),
        expiration_timestamp=2**40,
        has_public_calls=False,
    )
