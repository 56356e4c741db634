"""From an intent to the hash that an account approves.

Authority: @aztec/aztec.js src/utils/authwit.ts (4.1.2).
"""

from __future__ import annotations

from typing import assert_never

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import inner_hash_of_call, outer_hash_of
from aztecd.wallet.intents import CallIntent, InnerHashIntent, Intent
from aztecd.wallet.results import ChainInfo

__all__ = ["consumer_of", "inner_hash_of", "message_hash_of"]


def consumer_of(intent: Intent) -> AztecAddress:
    """Say which contract will ask for the authorization."""
    match intent:
        case CallIntent():
            return intent.call.to
        case InnerHashIntent():
            return intent.consumer
        case _:
            assert_never(intent)


def inner_hash_of(intent: Intent) -> Fr:
    """Hash what is to be done."""
    match intent:
        case CallIntent(caller=caller, call=call):
            return inner_hash_of_call(caller, call)
        case InnerHashIntent():
            return intent.inner_hash
        case _:
            assert_never(intent)


def message_hash_of(intent: Intent, chain: ChainInfo) -> Fr:
    """Hash what is to be done together with who asks and on which chain: what the account signs."""
    return outer_hash_of(consumer_of(intent), chain.chain_id, chain.version, inner_hash_of(intent))
