"""Accounts of every kind, and events: what the scripts of the JavaScript client have no steps for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aztecd.client import (
    NOBODY,
    BatchCall,
    DeploymentError,
    Publication,
    event_definition,
    lookup_authorization,
)
from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import AccountKind, random_nonce
from aztecd.wallet import CallIntent, PrivateEventQuery
from tests.support.sdk_scenario_fees import sponsor_of

if TYPE_CHECKING:
    from aztecd.client import AccountManager
    from tests.support.sdk_session import Session

_KINDS = (AccountKind.SCHNORR, AccountKind.ECDSA_K, AccountKind.ECDSA_R, AccountKind.SINGLE_KEY)


async def accounts(session: Session) -> None:
    """Deploy an account of each kind; each gives the next one tokens, and lets it take some."""
    (alice,) = await session.begin(1)
    sponsored = await sponsor_of(session)
    deployment = session.client.deploy(session.artifact("Token"), alice, "Coin", "COI", 9)
    token = await session.deploy("token", deployment, alice)
    managers: list[AccountManager] = []
    for kind in _KINDS:
        manager = await session.client.create_account(kind)
        managers.append(manager)
        if kind is AccountKind.SINGLE_KEY:
            error = await session.fails(f"deploy {kind.value}", _deploy(manager))
            assert isinstance(error, DeploymentError)
            continue
        await session.mine(
            f"account {kind.value}",
            manager.deployment(Publication(publishes_class=False, publishes_instance=False)),
            NOBODY,
            payer=sponsored.sponsor,
            fee=sponsored,
        )
    people = [manager.address for manager in managers]
    mints = [token.methods.mint_to_private(address, 100) for address in people]
    await session.mine("mint", BatchCall(token.wallet, mints), alice)
    for manager, taker in zip(managers, [*people[1:], people[0]], strict=True):
        kind, giver = manager.secrets.kind, manager.address
        transfer = token.methods.transfer(taker, 10)
        pays = {"payer": sponsored.sponsor, "fee": sponsored}
        await session.mine(f"transfer by {kind.value}", transfer, giver, **pays)  # type: ignore[arg-type]
        take = token.methods.transfer_in_private(giver, taker, 5, random_nonce())
        intent = CallIntent(caller=taker, call=take.call)
        witness = await token.wallet.create_auth_witness(giver, intent)
        found = await lookup_authorization(token.wallet, giver, intent, witness)
        # The other kinds have no function that tells.
        is_told = any(abi.name == "lookup_validity" for abi in manager.artifact.abis)
        assert is_told == (kind is AccountKind.SCHNORR)
        assert (found.is_valid_in_private, found.is_valid_in_public) == (is_told, False)
        witnessed = take.with_(auth_witnesses=[witness])
        await session.mine(f"taken from {kind.value}", witnessed, taker, scopes=[giver], **pays)  # type: ignore[arg-type]
        found = await lookup_authorization(token.wallet, giver, intent, witness)
        assert not found.is_valid_in_private
    for address in people:
        assert (await token.methods.balance_of_private(address).simulate(sender=address)).value == 100


async def _deploy(manager: AccountManager) -> None:
    manager.deployment()


async def events(session: Session) -> None:
    """Emit events for oneself, for another, and for everybody."""
    alice, bob = await session.begin(2)
    artifact = session.artifact("TestLog")
    contract = await session.deploy("log", session.client.deploy(artifact), alice)
    first, second = event_definition(artifact, "ExampleEvent0"), event_definition(artifact, "ExampleEvent1")
    expected = ({"value0": 11, "value1": 22}, {"value2": AztecAddress(fr(33)), "value3": 44})
    preimages = [11, 22, 33, 44]

    private = await session.mine(
        "private events", contract.methods.emit_encrypted_events(bob, preimages), alice
    )
    for scope, seen in ((alice, (True, True)), (bob, (True, False))):
        query = PrivateEventQuery(contract_address=contract.address, scopes=(scope,))
        for definition, event, is_seen in zip((first, second), expected, seen, strict=True):
            found = await session.client.wallet.get_private_events(definition, query)
            assert [item.event for item in found] == ([event] if is_seen else [])
            assert all(item.place.tx_hash == private.sent.tx_hash for item in found)

    public = await session.mine("public events", contract.methods.emit_unencrypted_events(preimages), alice)
    for definition, event in zip((first, second), expected, strict=True):
        page = await session.client.public_events(
            definition, contract_address=contract.address, tx_hash=public.sent.tx_hash
        )
        assert [item.event for item in page.events] == [event]
        assert not page.is_truncated
