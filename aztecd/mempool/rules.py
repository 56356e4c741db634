"""Which pending transactions a new one displaces, or why it is refused.

Pure functions over the pool's indices. The rules run in order and the first that refuses ends it; what they
displace is added up.

Authority: @aztec/p2p src/mem_pools/tx_pool_v2/eviction/{nullifier_conflict_rule,
fee_payer_balance_pre_add_rule,low_priority_pre_add_rule}.ts, src/mem_pools/tx_pool_v2/tx_metadata.ts
(4.1.2). The bound on bytes is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from aztecd.crypto.field import fr_hex
from aztecd.mempool.errors import MempoolRejection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aztecd.execution import TxMeta
    from aztecd.mempool.config import MempoolConfig
    from aztecd.mempool.indices import PoolIndices
    from aztecd.protocol.basic import AztecAddress, TxHash

__all__ = [
    "DISPLACED",
    "UNCOVERED",
    "Source",
    "choose_victims",
    "conflict_victims",
    "minimum_bumped_fee",
    "uncovered",
]


UNCOVERED: Final = "the fee payer's balance does not cover it beside its transactions of higher priority"
DISPLACED: Final = "displaced from a full pool by higher priority fees"


@unique
class Source(Enum):
    """Who sends a transaction: a client must pay clearly more than what it displaces, a peer just more."""

    RPC = 1
    GOSSIP = 2


@dataclass(frozen=True, slots=True)
class _Contest:
    """How a new transaction is compared with one that it would displace."""

    meta: TxMeta
    bump_percentage: int | None

    def wins_against(self, other: TxMeta) -> bool:
        if self.bump_percentage is None:
            return self.meta.priority > other.priority
        return self.meta.priority_fee >= minimum_bumped_fee(other.priority_fee, self.bump_percentage)

    def minimum_fee(self, other: TxMeta) -> int:
        if self.bump_percentage is None:
            return other.priority_fee + 1
        return minimum_bumped_fee(other.priority_fee, self.bump_percentage)


def minimum_bumped_fee(fee: int, percentage: int) -> int:
    """Give the priority fee that displaces a transaction of priority fee `fee`: at least one more."""
    return fee + max(1, fee * percentage // 100)


def choose_victims(
    meta: TxMeta,
    pool: PoolIndices,
    *,
    source: Source,
    config: MempoolConfig,
    balance_of: Callable[[AztecAddress], int],
) -> dict[TxHash, str]:
    """Give the transactions that the new one displaces, each with the reason. Raises MempoolRejection."""
    contest = _Contest(meta, config.price_bump_percentage if source is Source.RPC else None)
    victims: dict[TxHash, str] = {}
    _resolve_nullifiers(contest, pool, victims)
    _resolve_balance(meta, pool, balance_of(meta.fee_payer), victims)
    _resolve_count(contest, pool, config.max_pending_count, victims)
    _resolve_bytes(contest, pool, config.max_pending_bytes, victims)
    return victims


def conflict_victims(meta: TxMeta, pool: PoolIndices) -> dict[TxHash, str]:
    """Give the pending transactions that one displaces when it returns. Raises MempoolRejection."""
    victims: dict[TxHash, str] = {}
    _resolve_nullifiers(_Contest(meta, None), pool, victims)
    return victims


def uncovered(metas: Iterable[TxMeta], balance: int) -> list[tuple[TxMeta, int]]:
    """Walk one payer's transactions from the highest priority and give those that the balance cannot cover.

    Each comes with what was available to it.
    """
    missing = []
    for meta in sorted(metas, key=lambda item: item.priority, reverse=True):
        available = balance + meta.claim_amount
        if available >= meta.fee_limit:
            balance = available - meta.fee_limit
        else:
            missing.append((meta, available))
    return missing


def _resolve_nullifiers(contest: _Contest, pool: PoolIndices, victims: dict[TxHash, str]) -> None:
    meta = contest.meta
    for nullifier in meta.nullifiers:
        other = pool.holder_of(nullifier)
        if other is None or other.tx_hash in victims or other.tx_hash == meta.tx_hash:
            continue
        if not contest.wins_against(other):
            raise MempoolRejection.nullifier_conflict(
                other.tx_hash,
                minimum_fee=None if contest.bump_percentage is None else contest.minimum_fee(other),
                fee=meta.priority_fee,
            )
        victims[other.tx_hash] = f"replaced by tx {fr_hex(meta.tx_hash)}, which has a higher priority fee"


def _resolve_balance(meta: TxMeta, pool: PoolIndices, balance: int, victims: dict[TxHash, str]) -> None:
    # Transactions that lose to a nullifier conflict still count here, as they do in the reference.
    for other, available in uncovered([*pool.of_payer(meta.fee_payer), meta], balance):
        if other is meta:
            raise MempoolRejection.insufficient_balance(
                meta.fee_payer, balance=balance, available=available, fee_limit=meta.fee_limit
            )
        victims.setdefault(other.tx_hash, UNCOVERED)


def _resolve_count(contest: _Contest, pool: PoolIndices, limit: int, victims: dict[TxHash, str]) -> None:
    # Victims of the rules before are not subtracted: a full pool loses its lowest one even then.
    if limit == 0 or pool.pending_count < limit:
        return
    lowest = pool.lowest()
    if lowest is None:
        return
    if not contest.wins_against(lowest):
        raise MempoolRejection.low_priority(
            minimum_fee=contest.minimum_fee(lowest), fee=contest.meta.priority_fee
        )
    victims.setdefault(lowest.tx_hash, DISPLACED)


def _resolve_bytes(contest: _Contest, pool: PoolIndices, limit: int, victims: dict[TxHash, str]) -> None:
    if limit == 0:
        return
    freed = sum(pool.size_of(tx_hash) for tx_hash in victims)
    excess = pool.pending_bytes - freed + contest.meta.size_bytes - limit
    for lowest in pool.from_lowest():
        if excess <= 0:
            return
        if lowest.tx_hash in victims:
            continue
        if not contest.wins_against(lowest):
            break
        victims[lowest.tx_hash] = DISPLACED
        excess -= lowest.size_bytes
    else:
        if excess <= 0:
            return
        lowest = contest.meta
    raise MempoolRejection.low_priority(
        minimum_fee=contest.minimum_fee(lowest), fee=contest.meta.priority_fee
    )
