"""What words on the command line mean: values, accounts, contracts."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aztecd.crypto.field import FieldError, Fr, fr, fr_from_hex
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.artifacts import ContractArtifact, load_artifact
from aztecd.shell.errors import WalletUsageError

if TYPE_CHECKING:
    from aztecd.client import Client

__all__ = [
    "acting_account",
    "address_of",
    "artifact_of",
    "chosen_call",
    "field_element",
    "lacks_deployment",
    "read_artifact",
    "value",
]


async def chosen_call(client: Client, options: argparse.Namespace) -> tuple[Any, AztecAddress]:
    """Give the call that the words name, and the account that makes it."""
    address = await address_of(client, options.contract)
    artifact = await artifact_of(client, options.contract, options.artifact)
    arguments = [await value(client, text) for text in options.arguments]
    call = client.contract(address, artifact).methods[options.function](*arguments)
    return call, await address_of(client, options.sender)


async def artifact_of(client: Client, contract: str, given: str | None) -> ContractArtifact:
    """Find a contract's code: the wallet's own, else the given one, with which it is registered."""
    address = await address_of(client, contract)
    instance = client.wallet.pxe.get_contract_instance(address)
    if instance is not None:
        known = await client.wallet.pxe.get_contract_artifact(instance.current_contract_class_id)
        if known is not None:
            return known
    if given is None:
        raise WalletUsageError(
            f"the wallet does not know 0x{address.hex()}: name its artifact with --artifact"
        )
    artifact = await read_artifact(client, given)
    published = await client.node.get_contract(address)
    if published is None:
        raise WalletUsageError(f"no contract is published at 0x{address.hex()}")
    await client.wallet.register_contract(published, artifact)
    return artifact


async def read_artifact(client: Client, given: str) -> ContractArtifact:
    """Load an artifact from a file, or the fetched one of that name."""
    found = await asyncio.to_thread(_artifact_in_file, Path(given))
    return await client.wallet.standard_artifact(given) if found is None else found


def _artifact_in_file(path: Path) -> ContractArtifact | None:
    try:
        return load_artifact(path.read_bytes()) if path.is_file() else None
    except OSError as error:
        raise WalletUsageError(f"can't read {path}: {error.strerror}") from error


async def value(client: Client, text: str) -> Any:
    """Read an argument: JSON, `@NAME` for the address of an account, or else text."""
    if text.startswith("@"):
        return await address_of(client, text)
    try:
        return json.loads(text)
    except ValueError:
        return text


async def address_of(client: Client, text: str) -> AztecAddress:
    """Find an address by its digits, or by the name of an own account. Raises WalletUsageError."""
    name = text.removeprefix("@")
    for account in await client.wallet.get_accounts():
        if account.alias == name:
            return account.item
    return AztecAddress(field_element(name, "account's name and no address"))


async def acting_account(client: Client, text: str) -> AztecAddress:
    """Find an own account that can send. Raises WalletUsageError, AccountUnknownError."""
    address = await address_of(client, text)
    if await lacks_deployment(client, address):
        raise WalletUsageError(f"{text} is not deployed yet: before that an account can't send")
    return address


def field_element(text: str, wanted: str) -> Fr:
    """Read a number or hexadecimal digits; `wanted` is what the error says is missing."""
    try:
        return fr_from_hex(text.removeprefix("0x").rjust(64, "0")) if text.startswith("0x") else fr(int(text))
    except (FieldError, ValueError):
        raise WalletUsageError(f"{text[:80]!r} is no {wanted}") from None


async def lacks_deployment(client: Client, account: AztecAddress) -> bool:
    """Tell whether an own account can't act yet; one kind never has to be deployed."""
    if (await client.wallet.own_account(account)).kind is AccountKind.SINGLE_KEY:
        return False
    return not (await client.wallet.get_contract_metadata(account)).is_initialized
