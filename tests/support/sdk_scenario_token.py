"""Token: public and private balances, ways between them, partial notes, authorizations, events, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.client import (
    BatchCall,
    event_definition,
    lookup_authorization,
    public_authorization,
)
from aztecd.constants import AUTH_REGISTRY_ADDRESS
from aztecd.crypto.field import Fr, fr, fr_int
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import random_nonce
from aztecd.wallet import CallIntent, PrivateEventQuery, TransactionRevertedError

if TYPE_CHECKING:
    from aztecd.client import Contract, ContractCall
    from tests.support.sdk_session import Session


async def token(session: Session) -> None:
    """Run everything about one token."""
    alice, _ = await session.begin(2)
    code = session.artifact("Token")
    deployment = session.client.deploy(code, alice, "Coin", "COI", 9)
    contract = await session.deploy("token", deployment, alice)
    await _metadata(session, contract)
    await _ways(session, contract)
    await _authorizations(session, contract)
    await _refusals(session, contract)
    await _events(session, contract)


async def _balances(session: Session, contract: Contract, **expected: tuple[int, int]) -> None:
    """Compare who has what, public and private; the supply is all of it together."""
    alice, bob = session.people
    methods = contract.methods
    answers = await BatchCall(
        contract.wallet,
        [methods.balance_of_public(alice), methods.balance_of_public(bob), methods.total_supply()],
    ).simulate(sender=alice)
    public_alice, public_bob, supply = (answer.value for answer in answers)
    found: dict[str, Any] = {}
    for name, owner, public in (("alice", alice, public_alice), ("bob", bob, public_bob)):
        private = await methods.balance_of_private(owner).simulate(sender=owner)
        found[name] = [public, private.value]
    assert found == {name: list(amounts) for name, amounts in expected.items()}
    assert supply == sum(map(sum, found.values()))
    session.say("balances", {**found, "supply": supply})


async def _metadata(session: Session, contract: Contract) -> None:
    alice, bob = session.people
    methods = contract.methods

    async def ask(call: ContractCall) -> Any:
        return (await call.simulate(sender=alice)).value

    session.say(
        "metadata",
        {
            "name": await ask(methods.public_get_name()),
            "symbol": await ask(methods.private_get_symbol()),
            "decimals": await ask(methods.public_get_decimals()),
            "admin": await ask(methods.get_admin()) in (alice, fr_int(alice)),
            "minters": [await ask(methods.is_minter(alice)), await ask(methods.is_minter(bob))],
        },
    )


async def _ways(session: Session, contract: Contract) -> None:
    """Mint, transfer, and burn, in public, in private, and between the two."""
    alice, bob = session.people
    wallet, methods = contract.wallet, contract.methods
    mints = BatchCall(wallet, [methods.mint_to_public(alice, 1000), methods.mint_to_private(alice, 2000)])
    await session.mine("mint public and private", mints, alice)
    await _balances(session, contract, alice=(1000, 2000), bob=(0, 0))
    await session.mine("transfer in public", methods.transfer_in_public(alice, bob, 100, 0), alice)
    await session.mine("transfer", methods.transfer(bob, 300), alice)
    await session.mine("public to private", methods.transfer_to_private(bob, 50), alice)
    await session.mine("private to public", methods.transfer_to_public(alice, bob, 70, 0), alice)
    await _balances(session, contract, alice=(850, 1630), bob=(170, 350))

    commitment = await _prepared(session, methods.prepare_private_balance_increase(bob))
    complete = methods.finalize_transfer_to_private(20, {"commitment": commitment})
    await session.mine("complete it", complete, alice)
    unprepared = methods.finalize_transfer_to_private(1, {"commitment": fr(5)})
    await session.fails("complete what nobody prepared", unprepared.simulate(sender=alice))
    burns = BatchCall(wallet, [methods.burn_public(alice, 30, 0), methods.burn_private(alice, 30, 0)])
    await session.mine("burn", burns, alice)
    await _balances(session, contract, alice=(800, 1600), bob=(170, 370))


async def _prepared(session: Session, call: ContractCall) -> Fr:
    """Send the preparation of a partial note; what it returned is only in what the wallet proved."""
    pxe: Any = session.client.wallet.pxe
    prove, proven = pxe.prove_tx, []

    async def keep(*arguments: Any) -> Any:
        proven.append(await prove(*arguments))
        return proven[-1]

    pxe.prove_tx = keep
    try:
        await session.mine("prepare a partial note", call, session.people[0])
    finally:
        pxe.prove_tx = prove
    (commitment,) = proven[0].private.entrypoint.nested[0].return_values
    return Fr(commitment)


async def _authorizations(session: Session, contract: Contract) -> None:
    """Let somebody act for somebody else: by a witness in private, by the registry in public."""
    alice, bob = session.people
    wallet, methods = contract.wallet, contract.methods
    by_bob = methods.transfer_in_private(alice, bob, 40, random_nonce())
    intent = CallIntent(caller=bob, call=by_bob.call)
    await session.fails("private, not authorized", by_bob.simulate(sender=bob, additional_scopes=[alice]))
    witness = await wallet.create_auth_witness(alice, intent)

    async def validity(name: str) -> None:
        found = await lookup_authorization(wallet, alice, intent, witness)
        facts = {"isValidInPrivate": found.is_valid_in_private, "isValidInPublic": found.is_valid_in_public}
        session.say(name, facts)

    await validity("before")
    authorized = by_bob.with_(auth_witnesses=[witness])
    await session.mine("private, authorized", authorized, bob, scopes=[alice])
    await validity("after")
    await session.fails("private, once more", authorized.send(sender=bob, additional_scopes=[alice]))

    in_public = methods.transfer_in_public(alice, bob, 60, random_nonce())
    public_intent = CallIntent(caller=bob, call=in_public.call)

    async def allow(*, authorizes: bool) -> BatchCall:
        return BatchCall(wallet, [await public_authorization(wallet, public_intent, authorizes=authorizes)])

    await session.fails("public, not authorized", in_public.simulate(sender=bob))
    await session.mine("authorize", await allow(authorizes=True), alice)
    await session.mine("withdraw", await allow(authorizes=False), alice)
    await session.mine("public, withdrawn", in_public, bob, result="app_logic_reverted")
    await session.mine("authorize again", await allow(authorizes=True), alice)
    await session.mine("public, authorized", in_public, bob)
    await session.fails("public, once more", in_public.simulate(sender=bob))
    registry = session.client.contract(AztecAddress(AUTH_REGISTRY_ADDRESS), session.artifact("AuthRegistry"))
    both = BatchCall(wallet, [await allow(authorizes=True), registry.methods.set_reject_all(True)])
    await session.mine("authorize, but reject all", both, alice)
    await session.fails("public, all rejected", in_public.simulate(sender=bob))
    await session.mine("accept again", registry.methods.set_reject_all(False), alice, is_compared=False)
    await _balances(session, contract, alice=(740, 1560), bob=(230, 410))


async def _refusals(session: Session, contract: Contract) -> None:
    """What can not be: shown by the simulation, and, sent all the same, by the receipt."""
    alice, bob = session.people
    methods = contract.methods
    too_much = methods.transfer_in_public(bob, alice, 231, 0)
    await session.fails("too much in public", too_much.simulate(sender=bob))
    await session.mine("too much in public, sent", too_much, bob, result="app_logic_reverted")
    error = await session.fails("too much in public, as the wallet tells", too_much.send(sender=bob))
    assert isinstance(error, TransactionRevertedError)
    await session.fails("too much in private", methods.transfer(alice, 411).simulate(sender=bob))
    await session.fails("mint without right", methods.mint_to_public(bob, 1).simulate(sender=bob))
    inner = methods._increase_public_balance(bob, 1)
    await session.fails("call from outside", inner.simulate(sender=bob))
    # A private part before a public one that reverts: nothing of either stays.
    mixed = BatchCall(
        contract.wallet, [methods.transfer(alice, 10), methods.transfer_to_public(bob, alice, 5, 0), too_much]
    )
    name = "private parts of a reverted transaction"
    await session.mine(name, mixed, bob, result="app_logic_reverted")
    await _balances(session, contract, alice=(740, 1560), bob=(230, 410))
    await session.mine("new minter", methods.set_minter(bob, True), alice)
    await session.mine("mint by the new minter", methods.mint_to_private(bob, 7), bob)
    await _balances(session, contract, alice=(740, 1560), bob=(230, 417))


async def _events(session: Session, contract: Contract) -> None:
    """Only `transfer` tells the receiver of an event; the one that was reverted is none."""
    alice, bob = session.people
    definition = event_definition(contract.artifact, "Transfer")
    query = PrivateEventQuery(contract_address=contract.address, scopes=(bob,))
    found = await session.client.wallet.get_private_events(definition, query)
    assert [dict(event.event) for event in found] == [{"from": alice, "to": bob, "amount": 300}]  # type: ignore[arg-type]
    session.say("events", {"count": len(found)}, is_compared=False)
