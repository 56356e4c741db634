"""Who pays: a sponsor, or a contract that takes tokens for it, in private and in public; and what reverts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.client import BatchCall, PrivateFeePayment, Publication, PublicFeePayment, SponsoredFee
from aztecd.crypto.field import FR_ZERO
from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, SPONSORED_FPC
from aztecd.protocol.gas import GasFees, GasSettings
from aztecd.pxe.accounts import instantiate
from aztecd.pxe.artifacts import contract_class_of
from aztecd.wallet import NOBODY
from aztecd.wallet.gas import GasOptions, complete_gas

if TYPE_CHECKING:
    from aztecd.client import Contract, ContractCall, FeeMethod
    from aztecd.protocol.basic import AztecAddress
    from tests.support.sdk_session import Session

_LOTS = 10**21


async def sponsor_of(session: Session) -> SponsoredFee:
    """Register the contract of the local network that pays for anybody."""
    artifact = session.artifact("SponsoredFPC")
    instance = instantiate(contract_class_of(artifact).id, salt=FR_ZERO)
    assert instance.address == SPONSORED_FPC
    await session.client.wallet.register_contract(instance, artifact)
    return SponsoredFee(sponsor=SPONSORED_FPC)


async def fees(session: Session) -> None:
    """Pay in every way that needs no L1."""
    (alice,) = await session.begin(1)
    coin = await _at(session, "token", BANANA_COIN, "Token", alice, "BC", "BC", 18)
    # At this address, because it has fee juice from the start.
    fpc = await _at(session, "fpc", BANANA_FPC, "FPC", coin.address, alice)
    carol = await _sponsored(session, coin)
    await _by_contract(session, coin, fpc, carol)
    await _settings(session, coin, fpc, carol)


async def _at(session: Session, word: str, address: AztecAddress, name: str, *arguments: Any) -> Contract:
    artifact = session.artifact(name)
    deployment = session.client.deploy(artifact, *arguments, salt=FR_ZERO, is_universal=True)
    assert deployment.instance().address == address
    if await session.client.node.get_contract(address) is not None:
        return await deployment.register()
    return await session.deploy(word, deployment, session.people[0])


async def _sponsored(session: Session, coin: Contract) -> AztecAddress:
    alice, methods = session.people[0], coin.methods
    sponsored = await sponsor_of(session)
    manager = await session.client.create_account()
    carol = manager.address
    deployment = manager.deployment(Publication(publishes_class=False, publishes_instance=False))
    await session.mine(
        "account paid by the sponsor", deployment, NOBODY, payer=sponsored.sponsor, fee=sponsored
    )
    mints = [
        methods.mint_to_private(carol, _LOTS),
        methods.mint_to_public(carol, _LOTS),
        methods.mint_to_private(alice, _LOTS),
    ]
    await session.mine("mint", BatchCall(coin.wallet, mints), alice)
    give = methods.transfer_in_public(carol, alice, 5, 0)
    await session.mine("call paid by the sponsor", give, carol, payer=sponsored.sponsor, fee=sponsored)
    assert await session.fee_juice(carol) == 0
    await session.mine(
        "reverted call paid by the sponsor",
        methods.transfer_in_public(carol, alice, _LOTS, 0),
        carol,
        payer=sponsored.sponsor,
        fee=sponsored,
        result="app_logic_reverted",
    )
    await session.fails("nobody pays", give.send(sender=carol))
    return carol


async def _high_fees(session: Session) -> GasFees:
    least = await session.client.node.get_current_min_fees()
    return GasFees(fee_per_da_gas=3 * least.fee_per_da_gas, fee_per_l2_gas=3 * least.fee_per_l2_gas)


async def _by_contract(session: Session, coin: Contract, fpc: Contract, carol: AztecAddress) -> None:
    alice, methods = session.people[0], coin.methods
    gas: GasSettings = complete_gas(GasOptions(), await _high_fees(session))

    async def holdings() -> dict[str, int]:
        found: dict[str, Any] = {"own": await methods.balance_of_private(carol).simulate(sender=carol)}
        for name, owner in (("open", carol), ("taken", fpc.address), ("given", alice)):
            found[name] = await methods.balance_of_public(owner).simulate(sender=carol)
        return {name: answer.value for name, answer in found.items()}

    async def pay(
        name: str, kind: str, call: ContractCall, *, result: str = "success", is_low: bool = False, **by: int
    ) -> None:
        """Send something that is paid with tokens; `by` is what has to have changed, fee aside."""
        fee: FeeMethod
        if kind == "own":
            fee = PrivateFeePayment(
                contract=fpc.address, account=carol, wallet=coin.wallet, gas=gas, max_fee_is_one=is_low
            )
        else:
            fee = PublicFeePayment(contract=fpc.address, account=carol, wallet=coin.wallet, gas=gas)
        before = await holdings()
        mined = await session.mine(name, call, carol, payer=fpc.address, fee=fee, result=result)
        # What was taken at the beginning stays taken when the refund fails: here 1, not the fee.
        price = 1 if is_low else mined.fee
        expected = {key: amount + by.get(key, 0) for key, amount in before.items()}
        expected[kind] -= price
        expected["taken"] += price
        assert await holdings() == expected, name

    give = methods.transfer_in_public(carol, alice, 10, 0)
    too_much = methods.transfer_in_public(carol, alice, 10 * _LOTS, 0)
    app, teardown, both = "app_logic_reverted", "teardown_reverted", "both_reverted"
    await pay("paid in public", "open", give, open=-10, given=10)
    await pay("paid in public, app logic reverts", "open", too_much, result=app)
    await pay("paid in private", "own", give, open=-10, given=10)
    await pay("paid in private, app logic reverts", "own", too_much, result=app)
    await pay("paid in private, teardown reverts", "own", give, result=teardown, is_low=True)
    await pay("paid in private, both revert", "own", too_much, result=both, is_low=True)
    await pay("private call paid in private", "own", methods.transfer(alice, 3), own=-3)

    # The setup phase reverts: the transaction is dropped, as if it had never been there.
    held = await session.fee_juice(fpc.address)
    nothing = PublicFeePayment(contract=fpc.address, account=alice, wallet=coin.wallet, gas=gas)
    have = (await methods.balance_of_public(alice).simulate(sender=alice)).value
    assert isinstance(have, int)
    assert have < gas.fee_limit()
    doomed = methods.transfer_to_private(carol, 0)
    await session.fails("setup reverts", session.send(doomed, alice, nothing), "dropped", is_compared=False)
    assert await session.fee_juice(fpc.address) == held


async def _settings(session: Session, coin: Contract, fpc: Contract, carol: AztecAddress) -> None:
    alice, methods = session.people[0], coin.methods
    highest = await _high_fees(session)
    gas = complete_gas(GasOptions(), highest)
    # What may run in the setup phase is listed.
    another = session.client.deploy(fpc.artifact, fpc.address, alice)
    stranger = await session.deploy("stranger", another, alice)
    fee = PublicFeePayment(contract=stranger.address, account=carol, wallet=coin.wallet, gas=gas)
    give = methods.transfer_in_public(carol, alice, 10, 0)
    await session.fails("setup that is not allowed", session.send(give, carol, fee))
    generous = GasOptions(
        max_fees_per_gas=GasFees(
            fee_per_da_gas=2 * highest.fee_per_da_gas, fee_per_l2_gas=2 * highest.fee_per_l2_gas
        ),
        max_priority_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=7),
    )
    back = methods.transfer_in_public(alice, carol, 1, 0)
    await session.mine("priority fee", back, alice, gas=generous, priority=7)
    low = GasOptions(max_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=1))
    await session.fails("too low a fee", give.send(sender=alice, gas=low))
    await session.mine("collect", fpc.methods.pull_funds(alice), alice)
    stranger_pulls = fpc.methods.pull_funds(carol)
    await session.fails("collect by a stranger", stranger_pulls.simulate(sender=carol))
