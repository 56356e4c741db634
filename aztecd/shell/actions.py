"""The actions of `aztecd wallet`, each with an opened wallet and its options; the service is apart."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aztecd.client import NOBODY, SponsoredFee
from aztecd.crypto.field import FR_ZERO
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.keys import Secret
from aztecd.shell.errors import WalletUsageError
from aztecd.shell.output import say
from aztecd.shell.words import (
    acting_account,
    address_of,
    artifact_of,
    chosen_call,
    field_element,
    lacks_deployment,
    read_artifact,
    value,
)
from aztecd.wallet import TransactionRevertedError

if TYPE_CHECKING:
    from aztecd.client import Client
    from aztecd.pxe.artifacts import FunctionAbi

    _Action = Callable[[Client, argparse.Namespace], Awaitable[int]]

__all__ = ["ACTIONS"]


async def _accounts(client: Client, _options: argparse.Namespace) -> int:
    for account in await client.wallet.get_accounts():
        state = "not deployed" if await lacks_deployment(client, account.item) else "deployed"
        say(f"0x{account.item.hex()}  {state:<12}  {account.alias}")
    return 0


async def _create(client: Client, options: argparse.Namespace) -> int:
    """Refuse before anything is kept what can't become an account that acts."""
    kind = AccountKind(options.kind)
    secret = None if options.secret_file is None else _read_secret(options.secret_file)
    salt = None if options.salt is None else field_element(options.salt, "salt: that is a field element")
    # The signing key of the other kinds is drawn at random.
    is_new = secret is None or salt is None or kind in {AccountKind.ECDSA_K, AccountKind.ECDSA_R}
    deploys = not options.no_deploy and kind is not AccountKind.SINGLE_KEY
    if is_new and deploys and options.sponsor is None:
        raise WalletUsageError(
            "a new account has nothing to pay its deployment with: name a contract that pays with --sponsor "
            "(the start card of a local network has one), or only take the account in with --no-deploy"
        )
    if is_new and options.alias in {account.alias for account in await client.wallet.get_accounts()} - {""}:
        raise WalletUsageError(
            f"an account of this wallet is called {options.alias} already: take another name"
        )
    fee = await _fee(client, options.sponsor)
    account = await client.create_account(kind, secret=secret, salt=salt, alias=options.alias)
    say(f"0x{account.address.hex()}")
    if deploys and not await lacks_deployment(client, account.address):
        say("deployed already")
    elif deploys:
        sent = await account.deployment().send(sender=NOBODY, fee=fee)
        say(f"deployed in transaction 0x{sent.tx_hash.hex()}")
    return 0


def _read_secret(path: Path) -> Secret:
    try:
        return Secret.from_hex(path.read_bytes().decode("ascii", errors="replace").strip())
    except OSError as error:
        raise WalletUsageError(f"can't read the secret in {path}: {error.strerror}") from error


async def _fee(client: Client, sponsor: str | None) -> SponsoredFee | None:
    """Let a contract pay, which the wallet has to know: a published one, or that of a local network."""
    if sponsor is None:
        return None
    address = await address_of(client, sponsor)
    if client.wallet.pxe.get_contract_instance(address) is None:
        artifact = await client.wallet.standard_artifact("SponsoredFPC")
        published = await client.node.get_contract(address)
        if published is not None:
            await client.wallet.register_contract(published, artifact)
        elif (await client.deploy(artifact, salt=FR_ZERO, is_universal=True).register()).address != address:
            raise WalletUsageError(f"no contract that pays is known at 0x{address.hex()}")
    return SponsoredFee(sponsor=address)


async def _balance(client: Client, options: argparse.Namespace) -> int:
    sender = await address_of(client, options.sender)
    token = client.contract(
        await address_of(client, options.token), await artifact_of(client, options.token, "Token")
    )
    for name in ("balance_of_private", "balance_of_public"):
        found = await token.methods[name](sender).simulate(sender=sender)
        say(f"{name.removeprefix('balance_of_'):<8} {found.value!r}")
    return 0


async def _deploy(client: Client, options: argparse.Namespace) -> int:
    artifact = await read_artifact(client, options.artifact)
    arguments = [await value(client, text) for text in options.arguments]
    _check_count(artifact.initializer(options.constructor), arguments)
    deployment = client.deploy(artifact, *arguments, constructor=options.constructor)
    sender = await acting_account(client, options.sender)
    sent = await deployment.send(sender=sender, fee=await _fee(client, options.sponsor))
    say(f"{artifact.name} is at 0x{sent.contract.address.hex()}")
    return 0


def _check_count(constructor: FunctionAbi | None, arguments: Sequence[Any]) -> None:
    parameters = () if constructor is None else constructor.parameters
    if len(arguments) != len(parameters):
        names = ", ".join(parameter.name for parameter in parameters)
        raise WalletUsageError(
            f"the constructor takes {len(parameters)} arguments ({names}), got {len(arguments)}"
        )


async def _send(client: Client, options: argparse.Namespace) -> int:
    await acting_account(client, options.sender)
    call, sender = await chosen_call(client, options)
    try:
        sent = await call.send(sender=sender, fee=await _fee(client, options.sponsor))
    except TransactionRevertedError as error:
        raise WalletUsageError(f"{error}. `aztecd wallet simulate` of the same call says why") from error
    assert sent.receipt is not None
    say(f"{sent.receipt.status} in block {sent.receipt.block_number}, fee {sent.receipt.transaction_fee}")
    return 0


async def _simulate(client: Client, options: argparse.Namespace) -> int:
    call, sender = await chosen_call(client, options)
    found = await call.simulate(sender=sender)
    say(json.dumps(found.value, default=lambda value: "0x" + value.hex()))
    return 0


ACTIONS: Final[Mapping[str, _Action]] = {
    "accounts": _accounts,
    "create": _create,
    "balance": _balance,
    "deploy": _deploy,
    "send": _send,
    "simulate": _simulate,
}
"""By the word that users type."""
