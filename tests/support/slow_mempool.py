"""A pool without indices: lists that are searched from end to end. The oracle of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aztecd.execution import TxMeta
    from tests.support.fake_world import FakeChain


class Refused(Exception):  # noqa: N818 - it is an answer
    """The model's rejection; the argument is its code."""


@dataclass
class SlowMempool:
    """`txs` in the order of arrival, with the block of mined ones; `chain` answers as for the real pool."""

    chain: FakeChain
    max_count: int
    bump: int = 10
    txs: list[TxMeta] = field(default_factory=list)
    mined: dict[bytes, int] = field(default_factory=dict)
    dropped_in_slot: dict[bytes, int] = field(default_factory=dict)
    once_mined: dict[bytes, int] = field(default_factory=dict)
    """The greatest rewound block of each transaction that had one."""
    gone_after_prune: set[bytes] = field(default_factory=set)
    waiting: set[bytes] = field(default_factory=set)
    slot: int = 0

    def known(self, tx_hash) -> bool:
        return any(meta.tx_hash == tx_hash for meta in self.txs)

    def pending(self) -> list[TxMeta]:
        found = [
            meta for meta in self.txs if meta.tx_hash not in self.mined and meta.tx_hash not in self.waiting
        ]
        return sorted(found, key=lambda meta: (-meta.priority_fee, -int.from_bytes(meta.tx_hash, "big")))

    def status(self, tx_hash) -> str | None:
        if self.known(tx_hash):
            return "mined" if tx_hash in self.mined else "pending"
        if tx_hash in self.dropped_in_slot or tx_hash in self.gone_after_prune:
            return "deleted"
        return None

    # Changes.

    def add(self, meta: TxMeta, *, is_rpc: bool) -> str:
        tx_hash = meta.tx_hash
        if self.known(tx_hash):
            return "known"
        outcome = "added"
        victims: set[bytes] = set()
        if self.chain.mined_block(tx_hash) is not None:
            self.mined[tx_hash] = int(self.chain.mined_block(tx_hash))
            outcome = "mined"
        else:
            if not self.chain.validate_for_pool(meta).is_valid:
                return "refused"
            victims = self.contest(meta, is_rpc=is_rpc)
        self.drop(victims)
        self.dropped_in_slot.pop(tx_hash, None)
        self.gone_after_prune.discard(tx_hash)
        self.txs.append(meta)
        self.cut([meta.fee_payer])
        return outcome

    def contest(self, meta: TxMeta, *, is_rpc: bool) -> set[bytes]:
        def wins(other: TxMeta) -> bool:
            if is_rpc:
                needed = other.priority_fee + max(1, other.priority_fee * self.bump // 100)
                return meta.priority_fee >= needed
            return (meta.priority_fee, meta.tx_hash) > (other.priority_fee, other.tx_hash)

        victims = set()
        for other in self.pending():
            if set(other.nullifiers) & set(meta.nullifiers):
                if not wins(other):
                    raise Refused("NULLIFIER_CONFLICT")
                victims.add(other.tx_hash)
        unpaid = self.unpaid(meta.fee_payer, extra=[meta])
        if meta.tx_hash in unpaid:
            raise Refused("INSUFFICIENT_FEE_PAYER_BALANCE")
        victims |= unpaid
        pending = self.pending()
        if self.max_count and len(pending) >= self.max_count:
            if not wins(pending[-1]):
                raise Refused("LOW_PRIORITY_FEE")
            victims.add(pending[-1].tx_hash)
        return victims

    def unpaid(self, payer, extra: Iterable[TxMeta] = ()) -> set[bytes]:
        money = self.chain.fee_juice_balance(payer)
        missing = set()
        metas = [meta for meta in [*self.pending(), *extra] if meta.fee_payer == payer]
        for meta in sorted(metas, key=lambda item: (item.priority_fee, item.tx_hash))[::-1]:
            if money + meta.claim_amount < meta.fee_limit:
                missing.add(meta.tx_hash)
            else:
                money += meta.claim_amount - meta.fee_limit
        return missing

    def drop(self, hashes: Iterable[bytes]) -> None:
        for tx_hash in hashes:
            if not self.known(tx_hash):
                continue
            self.txs = [meta for meta in self.txs if meta.tx_hash != tx_hash]
            self.mined.pop(tx_hash, None)
            self.waiting.discard(tx_hash)
            if tx_hash in self.once_mined:
                self.gone_after_prune.add(tx_hash)
            else:
                self.dropped_in_slot[tx_hash] = self.slot

    def cut(self, payers: Iterable[bytes]) -> None:
        for payer in set(payers):
            self.drop(self.unpaid(payer))
        if self.max_count:
            self.drop([meta.tx_hash for meta in self.pending()[self.max_count :]])

    def give_back(self, metas: Iterable[TxMeta]) -> None:
        for meta in metas:
            if not self.chain.validate_for_pool(meta).is_valid:
                self.drop([meta.tx_hash])
                continue
            rivals = [other for other in self.pending() if set(other.nullifiers) & set(meta.nullifiers)]
            if any(
                (other.priority_fee, other.tx_hash) > (meta.priority_fee, meta.tx_hash) for other in rivals
            ):
                self.drop([meta.tx_hash])
                continue
            self.drop([other.tx_hash for other in rivals])
            self.waiting.discard(meta.tx_hash)

    def on_block(self, number: int, timestamp: int, hashes, nullifiers) -> None:
        payers = []
        for meta in self.txs:
            if meta.tx_hash in hashes:
                payers.append(meta.fee_payer)
                self.mined[meta.tx_hash] = number
                if self.once_mined.get(meta.tx_hash, number + 1) <= number:
                    del self.once_mined[meta.tx_hash]
        self.drop(
            [
                meta.tx_hash
                for meta in self.pending()
                if set(meta.nullifiers) & set(nullifiers) or meta.expiration_timestamp <= timestamp
            ]
        )
        for payer in set(payers):
            self.drop(self.unpaid(payer))

    def on_rewind(self, to_block: int) -> None:
        lost = [meta for meta in self.txs if self.mined.get(meta.tx_hash, 0) > to_block]
        for meta in lost:
            number = self.mined.pop(meta.tx_hash)
            self.once_mined[meta.tx_hash] = max(number, self.once_mined.get(meta.tx_hash, 0))
            self.waiting.add(meta.tx_hash)
        self.give_back(lost)
        self.drop(
            [
                meta.tx_hash
                for meta in self.pending()
                if not self.chain.archive_contains(meta.anchor_block_hash)
            ]
        )
        self.cut(meta.fee_payer for meta in self.pending())

    def on_finalized(self, number: int) -> None:
        for tx_hash in [found for found, block in self.mined.items() if block <= number]:
            self.txs = [meta for meta in self.txs if meta.tx_hash != tx_hash]
            del self.mined[tx_hash]
            self.once_mined.pop(tx_hash, None)
        for tx_hash in [found for found in self.gone_after_prune if self.once_mined[found] <= number]:
            self.gone_after_prune.discard(tx_hash)
            del self.once_mined[tx_hash]

    def on_slot(self, slot: int) -> None:
        self.slot = slot
        for tx_hash in [found for found, dropped in self.dropped_in_slot.items() if dropped < slot]:
            del self.dropped_in_slot[tx_hash]

    def reopen(self) -> None:
        before, self.txs = self.txs, []
        self.mined, self.dropped_in_slot, self.slot = {}, {}, 0
        for meta in before:
            block = self.chain.mined_block(meta.tx_hash)
            if block is not None:
                if block > self.chain.finalized:
                    self.txs.append(meta)
                    self.mined[meta.tx_hash] = int(block)
                else:
                    self.once_mined.pop(meta.tx_hash, None)
                continue
            if not self.chain.validate_for_pool(meta).is_valid:
                self.once_mined.pop(meta.tx_hash, None)
                continue
            try:
                victims = self.contest(meta, is_rpc=False)
            except Refused:
                self.once_mined.pop(meta.tx_hash, None)
                continue
            self.txs = [other for other in self.txs if other.tx_hash not in victims]
            for victim in victims:
                self.once_mined.pop(victim, None)
            self.txs.append(meta)
