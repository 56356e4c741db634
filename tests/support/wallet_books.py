"""A token and three people: one who mints, in a wallet of her own, and two who send each other notes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.client import NOBODY, Client, Contract, connect, event_definition
from aztecd.crypto.field import FR_ZERO
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.pxe.keys import Secret
from aztecd.wallet import PrivateEventQuery, WaitOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from aztecd.protocol.basic import AztecAddress
    from aztecd.protocol.contracts import ContractInstanceWithAddress
    from aztecd.wallet.opening import WalletSetup

ALICE, BOB, MINTER = TEST_ACCOUNTS
PEOPLE = (ALICE.address, BOB.address)
WAIT = WaitOptions(interval_s=0.05, timeout_s=60, ignore_dropped_for_s=0)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What an event of the token says."""

    sender: AztecAddress
    recipient: AztecAddress
    amount: int
    tx_hash: str
    block_number: int


@dataclass(frozen=True, slots=True)
class Books:
    """A wallet's view of the token."""

    client: Client
    token: Contract

    async def balances(self) -> dict[AztecAddress, int]:
        """Read what both people have in notes."""
        found = {}
        for person in PEOPLE:
            balance = await self.token.methods.balance_of_private(person).simulate(sender=person)
            found[person] = balance.value
        return found

    async def transfers(self) -> list[Transfer]:
        """Read the events that both people were sent, in the order of the chain."""
        query = PrivateEventQuery(contract_address=self.token.address, scopes=PEOPLE)
        found = await self.client.wallet.get_private_events(
            event_definition(self.token.artifact, "Transfer"), query
        )
        return [
            Transfer(
                item.event["from"],
                item.event["to"],
                item.event["amount"],
                f"0x{item.place.tx_hash.hex()}",
                item.place.block_number,
            )
            for item in found
        ]


async def begin(client: Client) -> tuple[Contract, ContractInstanceWithAddress]:
    """Deploy the minter's account and her token."""
    minter = await client.create_account(secret=Secret(MINTER.secret), salt=FR_ZERO, alias="minter")
    await minter.deployment().send(sender=NOBODY, wait=WAIT)
    code = await client.wallet.standard_artifact("Token")
    deployed = await client.deploy(code, minter.address, "Token", "TOK", 18).send(
        sender=minter.address, wait=WAIT
    )
    return deployed.contract, deployed.instance


async def deploy_people(client: Client) -> None:
    """Deploy both people's accounts; the wallet has them already."""
    for known in (ALICE, BOB):
        account = await client.create_account(secret=Secret(known.secret), salt=FR_ZERO)
        await account.deployment().send(sender=NOBODY, wait=WAIT)


@asynccontextmanager
async def opened(
    url: str, setup: WalletSetup, instance: ContractInstanceWithAddress, data_dir: Path | None = None
) -> AsyncIterator[Books]:
    """Open a wallet of both people that knows the token; without a directory it is a fresh one."""
    async with connect(url, setup, data_dir=data_dir) as client:
        for known in (ALICE, BOB):
            await client.create_account(secret=Secret(known.secret), salt=FR_ZERO)
        await client.wallet.register_sender(MINTER.address)
        code = await client.wallet.standard_artifact("Token")
        await client.wallet.register_contract(instance, code)
        yield Books(client, client.contract(instance.address, code))


def expected(minted: Mapping[AztecAddress, int], transfers: list[Transfer]) -> dict[AztecAddress, int]:
    """Add up what was minted and what was sent."""
    balances = dict(minted)
    for transfer in transfers:
        balances[transfer.sender] -= transfer.amount
        balances[transfer.recipient] += transfer.amount
    return balances
