"""A wallet that does all that wallets do, well and badly, and prints everything that one can get to see.

Run as `python -m tests.support.secrets_child` with a JSON document on standard input. Logging is at its
lowest level; of each result and error it prints all text forms.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import sys
import traceback
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aztecd.client import NOBODY, Client, connect
from aztecd.constants import FEE_JUICE_ADDRESS
from aztecd.crypto.field import FR_ZERO
from aztecd.crypto.sealing import ScryptCost
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.observability import configure_logging
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.accounts import AccountKind
from aztecd.pxe.keys import Passphrase, Secret
from aztecd.rpc.wallet_methods import WALLET_METHODS
from aztecd.rpc.wallet_server import WalletServer
from aztecd.wallet import CallIntent, ProfileOptions, SimulateOptions, WaitOptions
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.guard import DenyAll, GuardedWallet
from aztecd.wallet.opening import WalletSetup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_WAIT = WaitOptions(interval_s=0.05, ignore_dropped_for_s=0)
_CHEAP = ScryptCost(n=1 << 10)


class Scenario:
    """The steps. Mutable: counts what has failed."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.secrets = {name: bytes.fromhex(text) for name, text in order["secrets"].items()}
        self.artifacts = ArtifactFolders([Path(folder) for folder in order["artifacts"]])
        self.failures = 0

    def setup(self, passphrase: str = "passphrase") -> WalletSetup:
        return WalletSetup(
            artifacts=self.artifacts,
            protocol_contracts=Path(self.order["protocol_contracts"]),
            code_cache=Path(self.order["code_cache"]),
            protection=Passphrase(text=self.secret(passphrase), cost=_CHEAP),
        )

    def secret(self, name: str) -> Secret:
        return Secret(self.secrets[name])

    def show(self, name: str, value: object) -> None:
        """Print what can be seen of a value."""
        print(
            f"== {name}\n{value}\n{value!r}\n{value:}" if type(value) is Secret else f"== {name}\n{value!r}"
        )
        for item in getattr(value, "__dict__", {}).values():
            print(repr(item))
        sys.stdout.flush()

    async def fails(self, name: str, action: Callable[[], Awaitable[object]]) -> None:
        """Let something fail, and print the error with its causes."""
        try:
            result = await action()
        except Exception as error:
            self.failures += 1
            print(f"== {name} fails\n{error}\n{error!r}\n{error.args!r}\n{vars(error)!r}")
            traceback.print_exc()
            logging.getLogger("scenario").exception(name)
        else:
            raise AssertionError(f"{name} has not failed: {result!r}")

    async def run(self) -> None:
        async with connect(
            self.order["node_url"], self.setup(), data_dir=Path(self.order["data_dir"])
        ) as client:
            await self.use(client)
        await self.fails("another passphrase", lambda: self.open(self.setup("other passphrase")))
        await self.fails("no node", lambda: self.open(self.setup(), url="http://127.0.0.1:1"))
        print(f"failures {self.failures}")

    async def open(self, setup: WalletSetup, url: str = "") -> None:
        async with connect(
            url or self.order["node_url"], setup, data_dir=Path(self.order["data_dir"])
        ) as client:
            await client.wallet.get_accounts()

    async def use(self, client: Client) -> None:
        alice = await client.create_account(secret=self.secret("alice"), salt=FR_ZERO, alias="alice")
        assert alice.address == TEST_ACCOUNTS[0].address
        await alice.deployment().send(sender=NOBODY, wait=_WAIT)
        others = {
            name: await client.create_account(
                kind,
                secret=self.secret(name),
                salt=FR_ZERO,
                signing_key=self.secret(f"{name}'s signing key"),
                alias=name,
            )
            for name, kind in (
                ("carl", AccountKind.ECDSA_K),
                ("rita", AccountKind.ECDSA_R),
                ("dora", AccountKind.SCHNORR),
            )
        }
        for name, account in {"alice": alice, **others}.items():
            self.show(name, account)
            self.show(f"{name}'s secrets", account.secrets)
            self.show(f"{name} opened", await client.wallet.own_account(account.address))
            self.show(f"{name}'s signer", (await client.wallet.own_account(account.address)).signer())
        for account in others.values():
            await account.deployment().send(sender=alice.address, wait=_WAIT)
        self.show("wallet", client.wallet)
        self.show("pxe", client.wallet.pxe)
        self.show("keys", client.wallet.pxe.keys)  # type: ignore[attr-defined]

        code = await client.wallet.standard_artifact("Token")
        deployed = await client.deploy(code, alice.address, "Token", "TOK", 18).send(
            sender=alice.address, wait=_WAIT
        )
        token = deployed.contract
        print(f"token 0x{token.address.hex()}")
        dora = others["dora"].address
        self.show(
            "minted",
            await token.methods.mint_to_private(alice.address, 100).send(sender=alice.address, wait=_WAIT),
        )
        transfer = token.methods.transfer(dora, 10)
        self.show("sent", await transfer.send(sender=alice.address, wait=_WAIT))
        self.show("profile", await transfer.profile(sender=alice.address))
        payload = await transfer.request(sender=alice.address)
        self.show("payload", payload)
        options = SimulateOptions(sender=alice.address)
        self.show("simulation", await client.wallet.simulate_tx(payload, options))
        self.show(
            "profiled",
            await client.wallet.profile_tx(payload, ProfileOptions(sender=alice.address, mode="full")),
        )
        for account in (alice, *others.values()):
            intent = CallIntent(caller=dora, call=transfer.call)
            self.show("witness", await client.wallet.create_auth_witness(account.address, intent))
        await self.serve(client, payload.to_json(), alice.address)

        await self.fails(
            "too much", lambda: token.methods.transfer(dora, 10**6).simulate(sender=alice.address)
        )
        await self.fails(
            "no witness",
            lambda: token.methods.transfer_in_private(alice.address, dora, 1, 5).simulate(sender=dora),
        )
        await self.fails("no fee juice", lambda: transfer.send(sender=dora, wait=_WAIT))
        await self.fails("a secret as amount", lambda: self.call(token, dora, self.secret("alice"), alice))
        await self.fails("pickle", lambda: asyncio.to_thread(pickle.dumps, alice.secrets))
        await self.fails(
            "slip",
            lambda: client.create_account(
                AccountKind.ECDSA_R, secret=self.secret("carl"), signing_key=self.secret("slip")
            ),
        )
        await self.fails("slip", lambda: client.create_account(secret=self.secret("slip")))
        torn = self.secrets["slip"].hex() + "x"
        await self.fails("torn", lambda: asyncio.to_thread(Secret.from_hex, torn))
        client.wallet.pxe.lock()
        await self.fails("locked", lambda: transfer.send(sender=alice.address, wait=_WAIT))
        await self.fails("locked", lambda: client.wallet.create_auth_witness(dora, intent))
        self.show("locked keys", client.wallet.pxe.keys)  # type: ignore[attr-defined]

    async def call(self, token: Any, *arguments: Any) -> object:
        """Make a call whose arguments are no values for it."""
        return await token.methods.transfer(*arguments[:2]).simulate(sender=arguments[2].address)

    async def serve(self, client: Client, payload: Any, alice: AztecAddress) -> None:
        """Call all methods of the service, well and badly, and print the answers as they come."""
        sender, owner = f"0x{alice.hex()}", GuardedWallet.for_owner(client.wallet)
        carl = client.wallet.pxe.get_contract_instance(alice)
        assert carl is not None
        options = {"from": sender}
        definition = {"eventSelector": "0x00000001", "abiType": {"kind": "field"}, "fieldNames": []}
        good: dict[str, list[Any]] = {
            "getChainInfo": [],
            "getContractMetadata": [sender],
            "getContractClassMetadata": [f"0x{carl.current_contract_class_id.hex()}"],
            "getPrivateEvents": [definition, {"contractAddress": sender, "scopes": [sender]}],
            "registerSender": [f"0x{FEE_JUICE_ADDRESS.hex()}", "juice"],
            "getAddressBook": [],
            "getAccounts": [],
            "registerContract": [carl.to_json(), None, f"0x{self.secrets['alice'].hex()}"],
            "simulateTx": [payload, options],
            "executeUtility": [payload["calls"][0], {"scope": sender}],
            "profileTx": [payload, options | {"profileMode": "full"}],
            "sendTx": [payload, options | {"wait": "NO_WAIT"}],
            "createAuthWit": [sender, f"0x{FEE_JUICE_ADDRESS.hex()}"],
            "requestCapabilities": [{"version": "1.0", "metadata": {"name": "x"}, "capabilities": []}],
            "batch": [[{"name": "getAccounts", "args": []}]],
        }
        assert set(good) == {method.name for method in WALLET_METHODS}
        wallets = {"owner": owner, "app": GuardedWallet(client.wallet, "app", DenyAll())}
        async with WalletServer(wallets).serve() as address:
            for user in wallets:
                for method, params in good.items():
                    await self.ask(address.url, user, method, params)
                    for name in ("slip", "dora"):
                        # A secret in another place than the one for it is a mistake that people make.
                        slip = f"0x{self.secrets[name].hex()}"
                        await self.ask(address.url, user, method, [*params[:2], slip])

    async def ask(self, url: str, user: str, method: str, params: list[Any]) -> None:
        """Send a request; print the answer."""
        body = {"jsonrpc": "2.0", "id": 1, "method": f"wallet_{method}", "params": params}
        headers = {"content-type": "application/json", "authorization": f"Bearer {user}"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)

        def send() -> None:
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    answer = f"{response.headers}{response.read().decode()}"
            except urllib.error.HTTPError as error:
                answer = f"{error.headers}{error.read().decode()}"
            print(f"== answer to {user}'s {method}\n{answer}", flush=True)

        await asyncio.to_thread(send)


if __name__ == "__main__":
    configure_logging(level="debug", style="json")
    logging.getLogger().setLevel(logging.DEBUG)
    asyncio.run(Scenario(json.load(sys.stdin)).run(), debug=True)
