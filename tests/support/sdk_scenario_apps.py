"""Applications: NFT, and AMM over three tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aztecd.client import BatchCall
from aztecd.crypto.field import FR_ZERO, Fr, fr_int
from aztecd.pxe.accounts import random_nonce
from aztecd.pxe.errors import PublicExecutionError
from aztecd.wallet import CallIntent
from tests.support.sdk_session import Number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aztecd.client import Contract, ContractCall
    from aztecd.protocol.basic import AztecAddress
    from aztecd.pxe.requests import AuthWitness
    from tests.support.sdk_session import Session

_WITH_CHANGE = "transfer_to_public_and_prepare_private_balance_increase"


async def nft(session: Session) -> None:
    """Mint tokens, move them between public and private, and be refused."""
    alice, bob = await session.begin(2)
    deployment = session.client.deploy(session.artifact("NFT"), alice, "Art", "ART")
    contract = await session.deploy("nft", deployment, alice)
    art = contract.methods

    async def owners(expected: Mapping[int, Sequence[Any]]) -> None:
        """Each token's public owner (zero when it is in private), and who of the own accounts sees it."""
        facts = {}
        for token_id, (public, *holders) in expected.items():
            found = (await art.owner_of(token_id).simulate(sender=alice)).value
            assert found in (public, fr_int(public)), f"owner of {token_id}"
            for holder in (alice, bob):
                answer: Any = (await art.get_private_nfts(holder, 0).simulate(sender=holder)).value
                assert (token_id in answer[0]) == (holder in holders), f"{token_id}"
            facts[str(token_id)] = Number(1 + len(holders))
        session.say("owners", facts)

    both = BatchCall(contract.wallet, [art.mint(alice, 7), art.mint(bob, 8)])
    await session.mine("mint two", both, alice)
    await owners({7: [alice], 8: [bob]})
    await session.mine("nft to private", art.transfer_to_private(bob, 7), alice)
    await session.mine("nft in public", art.transfer_in_public(bob, alice, 8, 0), bob)
    await owners({7: [FR_ZERO, bob], 8: [alice]})
    await session.mine("nft in private", art.transfer_in_private(bob, alice, 7, 0), bob)
    await owners({7: [FR_ZERO, alice]})
    await session.mine("nft to public", art.transfer_to_public(alice, bob, 7, 0), alice)
    await owners({7: [bob], 8: [alice]})

    await session.fails("nft of another", art.transfer_in_public(alice, bob, 7, 0).simulate(sender=alice))
    await session.fails("nft twice", art.mint(alice, 7).simulate(sender=alice))
    await session.fails("nft by a stranger", art.mint(bob, 9).simulate(sender=bob))
    # A static call goes to the node directly: the JavaScript wallet does not look up the text, ours does.
    name = "no such nft, with its text"
    error = await session.fails(
        name, art.owner_of(9).simulate(sender=bob), "token does not exist", is_compared=False
    )
    assert isinstance(error, PublicExecutionError)
    assert "nft_contract/src/main.nr" in error.call_stack()[0]
    await session.fails("nft not in private", art.transfer_in_private(bob, alice, 7, 0).simulate(sender=bob))
    refused = art.transfer_to_private(alice, 7)
    await session.mine("nft of another, sent", refused, alice, result="app_logic_reverted")
    await owners({7: [bob], 8: [alice]})


async def amm(session: Session) -> None:
    """Add liquidity, swap both ways, take the liquidity out."""
    alice, bob = await session.begin(2)
    code = session.artifact("Token")

    async def coin(word: str) -> Contract:
        return await session.deploy(word, session.client.deploy(code, alice, word, word, 18), alice)

    coins = [await coin("left"), await coin("right")]
    shares = await coin("shares")
    left, right = (item.address for item in coins)
    deployment = session.client.deploy(session.artifact("AMM"), left, right, shares.address)
    pool = await session.deploy("pool", deployment, alice)
    mints: list[ContractCall] = []
    for item in coins:
        mints += [item.methods.mint_to_private(alice, 10_000), item.methods.mint_to_private(bob, 1_000)]
    setup = BatchCall(pool.wallet, [*mints, shares.methods.set_minter(pool.address, True)])
    await session.mine("mint and let the pool mint", setup, alice)

    async def balances(step: str, **expected: Any) -> None:
        """What the pool holds, and what is left to whom: left, right, shares."""
        found: dict[str, Any] = {"pool": [], "alice": [], "bob": []}
        for item in coins:
            answer = await item.methods.balance_of_public(pool.address).simulate(sender=alice)
            found["pool"].append(answer.value)
        for name, owner in (("alice", alice), ("bob", bob)):
            for item in (*coins, shares):
                answer = await item.methods.balance_of_private(owner).simulate(sender=owner)
                found[name].append(answer.value)
        found["supply"] = (await shares.methods.total_supply().simulate(sender=alice)).value
        assert found == expected, step
        session.say(f"after {step}", found)

    async def permit(
        owner: AztecAddress, contract: Contract, method: str, amount: int, nonce: Fr
    ) -> AuthWitness:
        """A witness with which the pool may take tokens out of somebody's private balance."""
        call = contract.methods[method](owner, pool.address, amount, nonce).call
        return await pool.wallet.create_auth_witness(owner, CallIntent(caller=pool.address, call=call))

    async def add(
        step: str, owner: AztecAddress, most: tuple[int, int], least: int = 1, result: str = "success"
    ) -> None:
        nonce = random_nonce()
        witnesses = [
            await permit(owner, item, _WITH_CHANGE, amount, nonce)
            for item, amount in zip(coins, most, strict=True)
        ]
        call = pool.methods.add_liquidity(*most, least, 1, nonce).with_(auth_witnesses=witnesses)
        await session.mine(step, call, owner, result=result)

    # By the rules of a constant product with a fee of 0.3 %; worked out in tests/e2e/client/apps.mjs.
    with_shares = [6_000, 8_000, 99_000]
    await add("first liquidity", alice, (4_000, 2_000))
    await balances(
        "first liquidity", pool=[4_000, 2_000], alice=with_shares, bob=[1_000, 1_000, 0], supply=100_000
    )
    await add("more liquidity", bob, (500, 400))
    more: dict[str, Any] = {
        "pool": [4_500, 2_250],
        "alice": with_shares,
        "bob": [500, 750, 12_500],
        "supply": 112_500,
    }
    await balances("more liquidity", **more)
    await add("too little for the price", bob, (100, 1), 50, "app_logic_reverted")
    await balances("too little for the price", **more)

    nonce = random_nonce()
    witness = await permit(bob, coins[0], "transfer_to_public", 300, nonce)
    greedy = pool.methods.swap_exact_tokens_for_tokens(left, right, 300, 141, nonce)
    await session.fails("swap for too much", greedy.with_(auth_witnesses=[witness]).simulate(sender=bob))
    swap = pool.methods.swap_exact_tokens_for_tokens(left, right, 300, 140, nonce)
    await session.mine("swap", swap.with_(auth_witnesses=[witness]), bob)
    more |= {"pool": [4_800, 2_110], "bob": [200, 890, 12_500]}
    await balances("swap", **more)

    witness = await permit(bob, coins[1], _WITH_CHANGE, 93 + 9, nonce)
    exact = pool.methods.swap_tokens_for_exact_tokens(right, left, 200, 93 + 9, nonce)
    await session.mine("swap for an amount", exact.with_(auth_witnesses=[witness]), bob)
    more |= {"pool": [4_600, 2_203], "bob": [400, 797, 12_500]}
    await balances("swap for an amount", **more)

    witness = await permit(bob, shares, "transfer_to_public", 12_500, nonce)
    out = pool.methods.remove_liquidity(12_500, 1, 1, nonce)
    await session.mine("remove liquidity", out.with_(auth_witnesses=[witness]), bob)
    more |= {"pool": [4_089, 1_959], "bob": [911, 1_041, 0], "supply": 100_000}
    await balances("remove liquidity", **more)
