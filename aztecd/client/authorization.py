"""Authorizing others: public authorizations, and whether one holds.

Witnesses for private calls come from the wallet (`create_auth_witness`) and travel with the transaction;
public calls ask the registry on the chain.

Authority: @aztec/aztec.js src/utils/authwit.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from aztecd.crypto.field import fr
from aztecd.errors import InvalidInputError
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import is_consumable_call, lookup_validity_call, set_authorized_call
from aztecd.pxe.errors import NodeRefusedError, TimeLimitError
from aztecd.pxe.requests import AuthWitness, FunctionCall
from aztecd.wallet.api import Wallet
from aztecd.wallet.authorization import consumer_of, inner_hash_of, message_hash_of
from aztecd.wallet.errors import NotGrantedError
from aztecd.wallet.intents import Intent

__all__ = ["Authorization", "lookup_authorization", "public_authorization"]


async def public_authorization(wallet: Wallet, intent: Intent, *, authorizes: bool) -> FunctionCall:
    """Make the call by which the sending account allows, or no longer allows, what is intended."""
    message_hash = message_hash_of(intent, await wallet.get_chain_info())
    return set_authorized_call(message_hash, is_authorized=authorizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Where an authorization holds."""

    is_valid_in_private: bool
    is_valid_in_public: bool


async def lookup_authorization(
    wallet: Wallet, account: AztecAddress, intent: Intent, witness: AuthWitness
) -> Authorization:
    """Ask the account's contract about a witness, and the registry about a public authorization.

    Raises NotGrantedError, TimeLimitError, NodeRefusedError, UnavailableError: then nobody knows.
    """
    message_hash = message_hash_of(intent, await wallet.get_chain_info())
    private = lookup_validity_call(account, consumer_of(intent), inner_hash_of(intent))
    try:
        answer = await wallet.execute_utility(private, scope=account, auth_witnesses=[witness])
        is_valid_in_private = answer.values[:1] == (fr(1),)
    except (NotGrantedError, TimeLimitError, NodeRefusedError):
        raise
    except InvalidInputError:
        # The account's contract fails when it has no witness, or one that it does not accept.
        is_valid_in_private = False
    public = is_consumable_call(account, message_hash)
    answer = await wallet.execute_utility(public, scope=account)
    return Authorization(
        is_valid_in_private=is_valid_in_private, is_valid_in_public=answer.values[:1] == (fr(1),)
    )
