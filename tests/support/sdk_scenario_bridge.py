"""Messages both ways: fee juice that pays for the account that claims it, a token to L2 and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from aztecd.client import (
    NOBODY,
    BatchCall,
    Contract,
    FeeJuiceWithClaim,
    Publication,
    public_authorization,
)
from aztecd.client.bridge import Deposit, TokenPortal
from aztecd.client.l1_contracts import L1Contracts
from aztecd.client.messages import wait_until
from aztecd.constants import FEE_JUICE_ADDRESS
from aztecd.crypto.field import fr
from aztecd.l1 import ContractRevertError
from aztecd.protocol.basic import AztecAddress, EthAddress
from aztecd.pxe.accounts import random_nonce
from aztecd.pxe.requests import ExecutionPayload
from aztecd.wallet import CallIntent
from tests.support.sdk_scenario_life import end_epoch
from tests.support.sdk_session import Number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aztecd.client import ContractCall
    from aztecd.protocol.basic import CheckpointNumber, TxHash
    from tests.support.sdk_session import Session

# The second account of Anvil, known to everybody; the first one is the sequencer's.
_L1_KEY: Final = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
_MESSAGES_OF_CHECKPOINT: Final = 1024
_LIMIT_S: Final = 30
_NOBODY_ON_L1: Final = EthAddress(bytes(20))
_QUIET: Final = Publication(publishes_class=False, publishes_instance=False)


@dataclass(frozen=True, slots=True)
class _Connection:
    """A token, its bridge, and their portal on L1."""

    l1: L1Contracts
    coin: EthAddress
    portal: TokenPortal
    bridge: Contract
    token: Contract


async def bridge(session: Session) -> None:
    """Bring fee juice and a token from L1, and the token back."""
    await session.begin(1)
    async with session.client.open_l1(session.l1_url, _L1_KEY) as l1:
        token = await _fee_juice(session, l1)
        connection = await _portal_and_bridge(session, l1, token)
        await _deposits(session, connection)
        await _withdrawals(session, connection)


async def _newest(session: Session) -> CheckpointNumber:
    return (await session.client.node.get_l2_tips()).checkpointed.checkpoint.number


async def _is_ready(session: Session, deposit: Deposit) -> bool:
    """Whether the newest block is of the message's checkpoint, or of a later one."""
    checkpoint = await session.client.node.get_l1_to_l2_message_checkpoint(deposit.message_hash)
    return checkpoint is not None and await _newest(session) >= checkpoint


async def _seen(session: Session, name: str, deposits: Sequence[Deposit], newest: int) -> None:
    """The node has to know messages before their checkpoint is there; tell what it says of them."""
    node, facts = session.client.node, []
    for deposit in deposits:
        is_synced = partial(node.is_l1_to_l2_message_synced, deposit.message_hash)
        await wait_until(is_synced, "the message in the node", timeout_s=_LIMIT_S, interval_s=0.1)
    for deposit in deposits:
        checkpoint = await node.get_l1_to_l2_message_checkpoint(deposit.message_hash)
        assert checkpoint == deposit.claim.leaf_index // _MESSAGES_OF_CHECKPOINT + 1
        witness = await node.get_l1_to_l2_message_membership_witness("latest", deposit.message_hash)
        facts.append(
            {
                "lag": Number(checkpoint - newest),
                "place": deposit.claim.leaf_index % _MESSAGES_OF_CHECKPOINT,
                "ready": await _is_ready(session, deposit),
                "hasWitness": witness is not None,
            }
        )
    session.say(name, {"messages": facts})


async def _arrived(
    session: Session, name: str, deposits: Sequence[Deposit], wait: Callable[[Deposit], Awaitable[None]]
) -> None:
    """The messages are usable from now on, and have a witness."""
    facts = []
    for deposit in deposits:
        await wait(deposit)
        found = await session.client.node.get_l1_to_l2_message_membership_witness(
            "latest", deposit.message_hash
        )
        assert found is not None
        index, path = found
        assert index == deposit.claim.leaf_index
        facts.append({"ready": await _is_ready(session, deposit), "siblings": Number(len(path.elements))})
    session.say(name, {"messages": facts})


async def _fee_juice(session: Session, l1: L1Contracts) -> Contract:
    (alice,) = session.people
    manager = await session.client.create_account()
    carol = manager.address
    juice = session.client.fee_juice_bridge(l1)
    newest = await _newest(session)
    deposit = await juice.deposit(carol, mints=True)
    await _seen(session, "fee juice deposited", [deposit], newest)
    fee = FeeJuiceWithClaim(account=carol, claim=deposit.claim)
    early = manager.deployment(_QUIET).send(sender=NOBODY, fee=fee)
    await session.fails("fee juice claimed too early", early)

    deployment = session.client.deploy(session.artifact("Token"), alice, "Coin", "COI", 18)
    token = await session.deploy("token", deployment, alice)
    methods = token.methods
    assert not await _is_ready(session, deposit)
    await session.mine("mint", methods.mint_to_public(alice, 1), alice)
    await _arrived(session, "fee juice arrived", [deposit], juice.wait_until_claimable)
    await session.mine(
        "account paid with its claim",
        manager.deployment(_QUIET),
        NOBODY,
        payer=carol,
        fee=fee,
        claimed=deposit.claim.amount,
    )
    contract = session.client.contract(AztecAddress(FEE_JUICE_ADDRESS), session.artifact("FeeJuice"))
    again = contract.methods.claim(carol, *deposit.claim.arguments()).simulate(sender=alice)
    await session.fails("fee juice claimed twice", again)
    await session.mine("something for the account", methods.mint_to_public(carol, 1), alice)
    await session.mine("the account pays", methods.transfer_in_public(carol, alice, 1, 0), carol)
    return token


async def _portal_and_bridge(session: Session, l1: L1Contracts, token: Contract) -> _Connection:
    (alice,) = session.people
    node = session.client.node
    coin = await l1.deploy("TestERC20", "Coin", "COI", l1.account)
    address = await l1.deploy("TokenPortal")
    await l1.write("TestERC20", coin, "mint", l1.account, 1000)
    deployment = session.client.deploy(session.artifact("TokenBridge"), token.address, address)
    contract = await session.deploy("bridge", deployment, alice)
    await session.mine("the bridge mints", token.methods.set_minter(contract.address, True), alice)
    registry = (await node.get_node_info()).l1_contract_addresses.registry_address
    await l1.write("TokenPortal", address, "initialize", registry, coin, bytes(contract.address))
    portal = session.client.token_portal(l1, address)
    assert (await portal.token(), await portal.bridge()) == (coin, contract.address)
    return _Connection(l1, coin, portal, contract, token)


async def _holdings(session: Session, all_of: _Connection) -> dict[str, Any]:
    (alice,) = session.people
    l1, methods = all_of.l1, all_of.token.methods

    async def ask(call: ContractCall) -> Any:
        return (await call.simulate(sender=alice)).value

    return {
        "owner": await l1.read("TestERC20", all_of.coin, "balanceOf", l1.account),
        "portal": await l1.read("TestERC20", all_of.coin, "balanceOf", all_of.portal.address),
        "open": await ask(methods.balance_of_public(alice)),
        "own": await ask(methods.balance_of_private(alice)),
        "supply": await ask(methods.total_supply()),
    }


async def _deposits(session: Session, all_of: _Connection) -> None:
    (alice,) = session.people
    portal, methods, token = all_of.portal, all_of.bridge.methods, all_of.token.methods
    newest = await _newest(session)
    shown = await portal.deposit_public(alice, 100)
    hidden = await portal.deposit_private(60)
    await _seen(session, "deposited", [shown, hidden], newest)
    session.say("balances after the deposits", await _holdings(session, all_of))

    in_public = methods.claim_public(alice, *shown.claim.arguments())
    in_private = methods.claim_private(alice, *hidden.claim.arguments())
    await session.fails("public claim too early", in_public.simulate(sender=alice))
    await session.fails("private claim too early", in_private.simulate(sender=alice))
    await session.mine("a block", token.mint_to_public(alice, 1), alice)
    await session.mine("another block", token.mint_to_public(alice, 1), alice)
    await _arrived(session, "arrived", [shown, hidden], portal.wait_until_claimable)

    claim = shown.claim
    other = methods.claim_public(alice, claim.amount + 1, claim.secret, claim.leaf_index)
    await session.fails("another amount", other.simulate(sender=alice))
    guess = methods.claim_private(alice, hidden.claim.amount, fr(7), hidden.claim.leaf_index)
    await session.fails("another secret", guess.simulate(sender=alice))
    await session.mine("public claim", in_public, alice)
    await session.mine("private claim", in_private, alice)
    await session.fails("public claim, once more", in_public.simulate(sender=alice))
    await session.fails("private claim, once more", in_private.simulate(sender=alice))
    await session.mine("public claim, once more, sent", in_public, alice, result="app_logic_reverted")
    session.say("balances after the claims", await _holdings(session, all_of))


async def _withdrawals(session: Session, all_of: _Connection) -> None:
    exits = await _exits(session, all_of)
    session.say("balances after the exits", await _holdings(session, all_of))
    await end_epoch(session)
    portal, owner = all_of.portal, all_of.l1.account
    for index, (tx_hash, amount) in enumerate(exits):
        taken = await portal.wait_until_settled(tx_hash, owner, amount, timeout_s=_LIMIT_S)
        assert not await portal.is_withdrawn(taken)
        another = await portal.withdrawal(tx_hash, owner, amount)
        wrong = type(taken)(recipient=owner, amount=amount + 1, caller=None, proof=another.proof)
        refusals = [await _refusal(portal.withdraw(wrong))]
        await portal.withdraw(taken)
        assert await portal.is_withdrawn(taken)
        refusals.append(await _refusal(portal.withdraw(taken)))
        session.say(
            f"withdrawal {index}",
            {
                "siblings": Number(len(taken.proof.witness.siblings)),
                "another": refusals[0],
                "refused": refusals[1],
                **await _holdings(session, all_of),
            },
        )


async def _refusal(action: Awaitable[None]) -> str | None:
    with pytest.raises(ContractRevertError) as caught:
        await action
    return caught.value.name


async def _exits(session: Session, all_of: _Connection) -> list[tuple[TxHash, int]]:
    """Leave in public, twice in one transaction, and in private; give each exit's transaction and amount."""
    (alice,) = session.people
    wallet, owner = session.client.wallet, all_of.l1.account
    methods, token = all_of.bridge.methods, all_of.token.methods
    exits: list[tuple[TxHash, int]] = []

    async def leave(name: str, amounts: Sequence[int], call: BatchCall | ContractCall) -> None:
        mined = await session.mine(name, call, alice)
        messages = [await all_of.portal.exit_message(owner, amount) for amount in amounts]
        assert list(mined.effect.l2_to_l1_msgs) == messages
        exits.extend((mined.sent.tx_hash, amount) for amount in amounts)

    amounts = {amount: random_nonce() for amount in (10, 20, 30)}
    in_public = [
        methods.exit_to_l1_public(owner, amount, _NOBODY_ON_L1, nonce) for amount, nonce in amounts.items()
    ]
    await session.fails("exit without permission", in_public[0].simulate(sender=alice), "unauthorized")
    permissions = []
    for amount, nonce in amounts.items():
        burn = token.burn_public(alice, amount, nonce).call
        intent = CallIntent(caller=all_of.bridge.address, call=burn)
        permissions.append(
            ExecutionPayload(calls=(await public_authorization(wallet, intent, authorizes=True),))
        )
    await session.mine("permission to burn", BatchCall(wallet, permissions), alice)
    await leave("public exit", [10], in_public[0])
    await leave("two exits", [20, 30], BatchCall(wallet, in_public[1:]))

    nonce = random_nonce()
    burn = token.burn_private(alice, 40, nonce).call
    witness = await wallet.create_auth_witness(alice, CallIntent(caller=all_of.bridge.address, call=burn))
    in_private = methods.exit_to_l1_private(all_of.token.address, owner, 40, _NOBODY_ON_L1, nonce)
    await session.fails("private exit without permission", in_private.send(sender=alice))
    await leave("private exit", [40], in_private.with_(auth_witnesses=[witness]))
    return exits
