"""Effects of transactions that nobody sent: those of recorded chains, drawn anew from a seed.

Every effect keeps the shape of a real one: how many notes, nullifiers, logs, writes, messages. What has to
be new each time is new; public data slots come from a pool of holders, so that most writes are updates, as
on a chain that is used. Contract class logs are published once each.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from aztecd.crypto.field import FR_ZERO, Fr
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.logs import PrivateLog, PublicLog
from tests.support.recorded_blocks import SESSIONS, session
from tests.support.transactions import element

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["drawn_effects", "recorded_effects"]

_HOLDERS = 500


def recorded_effects() -> list[TxEffect]:
    """Give the effects of all recorded chains, in order."""
    return [
        TxEffect.from_json(line["value"]["data"]) for name in SESSIONS for line in session(name)["tx_effect"]
    ]


def drawn_effects(seed: str) -> Iterator[TxEffect]:
    """Give effects without end; equal seeds give equal ones."""
    recorded = recorded_effects()
    with_class = {effect.contract_class_logs: effect for effect in recorded if effect.contract_class_logs}
    rest = [effect for effect in recorded if not effect.contract_class_logs]
    once = list(with_class.values())
    choice = random.Random(seed)
    number = 0
    while True:
        yield _again(once.pop() if once and number % 7 == 3 else choice.choice(rest), seed, number, choice)
        number += 1


def _again(effect: TxEffect, seed: str, number: int, choice: random.Random) -> TxEffect:
    holder = choice.randrange(_HOLDERS)

    def new(kind: str, count: int) -> tuple[Fr, ...]:
        return tuple(element(seed, number, kind, index) for index in range(count))

    return effect.replace(
        tx_hash=element(seed, number, "hash"),
        note_hashes=new("note", len(effect.note_hashes)),
        nullifiers=new("nullifier", len(effect.nullifiers)),
        l2_to_l1_msgs=new("message", len(effect.l2_to_l1_msgs)),
        public_data_writes=tuple(
            PublicDataWrite(
                leaf_slot=element(seed, "slot", write.leaf_slot.hex(), holder),
                value=element(seed, number, "value", index),
            )
            for index, write in enumerate(effect.public_data_writes)
        ),
        private_logs=tuple(
            PrivateLog(
                fields=new(f"private log {index}", log.emitted_length)
                + (FR_ZERO,) * (len(log.fields) - log.emitted_length),
                emitted_length=log.emitted_length,
            )
            for index, log in enumerate(effect.private_logs)
        ),
        public_logs=tuple(
            PublicLog(
                contract_address=log.contract_address, fields=new(f"public log {index}", len(log.fields))
            )
            for index, log in enumerate(effect.public_logs)
        ),
    )
