"""Our wallet as one side of a measurement, in a process of its own; `wallet_bench.mjs` is the other.

    python -m tests.bench.wallet_peer NODE_URL FOLDER CODE_CACHE PROTOCOL_CONTRACTS ARTIFACTS...

It does what the lines on its standard input say, one JSON object each, and answers with a line. Its stores
stay in the folder. Times are in seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from aztecd.client import NOBODY, BatchCall, Client, Contract, connect
from aztecd.crypto.field import FR_ZERO, fr_from_hex
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.keys import Secret
from aztecd.wallet import WaitOptions
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup
from aztecd.wallet.waiting import wait_for_tx

if TYPE_CHECKING:
    from aztecd.protocol.basic import TxHash

_WAIT = WaitOptions(interval_s=0.05, timeout_s=120)


class Peer:
    """The commands. Mutable: remembers the token and the last transaction."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wallet = client.wallet
        self._token: Contract | None = None
        self._sent: TxHash | None = None

    async def do(self, command: str, options: dict[str, Any]) -> Any:
        """Do what a line says."""
        return await getattr(self, f"_{command}")(**options)

    async def _create(self, index: int, *, deploys: bool) -> str:
        manager = await self._client.create_account(secret=Secret(TEST_ACCOUNTS[index].secret), salt=FR_ZERO)
        if deploys:
            await manager.deployment().send(sender=NOBODY, wait=_WAIT)
        return _text(manager.address)

    async def _accounts(self) -> list[str]:
        return [_text(account.item) for account in await self._wallet.get_accounts()]

    async def _deploy(self, sender: str) -> str:
        account = _raw(sender)
        artifact = await self._wallet.standard_artifact("Token")
        deployment = self._client.deploy(artifact, account, "Bench", "BEN", 18)
        self._token = (await deployment.send(sender=account, wait=_WAIT)).contract
        return _text(self._token.address)

    async def _use(self, contract: str) -> str:
        instance = await self._client.node.get_contract(_raw(contract))
        assert instance is not None
        artifact = await self._wallet.standard_artifact("Token")
        await self._wallet.register_contract(instance, artifact)
        self._token = self._client.contract(instance.address, artifact)
        return contract

    async def _expect(self, sender: str) -> str:
        await self._wallet.register_sender(_raw(sender))
        return sender

    async def _mint(self, sender: str, to: str, amount: int, times: int) -> str:
        calls = [self._methods.mint_to_private(_raw(to), amount) for _ in range(times)]
        sent = await BatchCall(self._wallet, calls).send(sender=_raw(sender), wait=_WAIT)
        return _text(sent.tx_hash)

    async def _transfer(self, sender: str, to: str, amount: int, *, simulates: bool) -> dict[str, float]:
        account = _raw(sender)
        call = self._methods.transfer(_raw(to), amount)
        begin = time.perf_counter()
        if simulates:
            await call.simulate(sender=account)
        middle = time.perf_counter()
        self._sent = (await call.send(sender=account, wait=None)).tx_hash
        return {"simulate_s": middle - begin, "send_s": time.perf_counter() - middle}

    async def _settle(self) -> str:
        assert self._sent is not None
        await wait_for_tx(self._client.node, self._sent, _WAIT)
        return _text(self._sent)

    async def _balance(self, account: str) -> dict[str, float]:
        begin = time.perf_counter()
        found = await self._methods.balance_of_private(_raw(account)).simulate(sender=_raw(account))
        return {"took_s": time.perf_counter() - begin, "amount": found.value}

    @property
    def _methods(self) -> Any:
        assert self._token is not None
        return self._token.methods


async def main(arguments: list[str]) -> None:
    """Serve the standard input until it ends."""
    # As the other one: warnings only, not each line that a contract writes.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url, folder, code_cache, protocol_contracts, *artifacts = arguments
    setup = WalletSetup(
        artifacts=ArtifactFolders([Path(item) for item in artifacts]),
        protocol_contracts=Path(protocol_contracts),
        code_cache=Path(code_cache),
    )
    async with connect(url, setup, data_dir=Path(folder) / "wallet") as client:
        peer = Peer(client)
        while line := await asyncio.to_thread(sys.stdin.readline):
            options = json.loads(line)
            answer = await peer.do(options.pop("command"), options)
            print(json.dumps({"answer": answer}), flush=True)


def _text(value: bytes) -> str:
    return "0x" + value.hex()


def _raw(text: str) -> AztecAddress:
    return AztecAddress(fr_from_hex(text.removeprefix("0x")))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
