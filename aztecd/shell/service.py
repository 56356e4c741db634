"""`aztecd wallet serve`: the wallet for applications, until a signal ends it."""

from __future__ import annotations

import argparse
import asyncio
import signal
from functools import partial
from typing import TYPE_CHECKING

from aztecd.rpc import LOOPBACK, Port
from aztecd.rpc.wallet_server import WalletServer
from aztecd.shell.opening import with_client
from aztecd.shell.output import say
from aztecd.wallet.apps import new_token
from aztecd.wallet.guard import ApproveAll, DenyAll, GuardedWallet
from aztecd.wallet.terminal import AskOnTerminal

if TYPE_CHECKING:
    from aztecd.client import Client
    from aztecd.wallet.guard import Confirmation

__all__ = ["run_service"]


def run_service(options: argparse.Namespace) -> int:
    """Take the port before anything is written: tokens that nobody saw would be lost."""
    with Port(LOOPBACK, options.port) as port:
        return asyncio.run(with_client(options, partial(_serve, port=port)))


async def _serve(client: Client, options: argparse.Namespace, *, port: Port) -> int:
    apps = client.wallet.apps
    lines = [f"forgot {name}" for name in options.forget if apps.remove(name)]
    owner = new_token()
    lines.append(f"token of the owner {owner}")
    wanted = dict.fromkeys([*options.app, *options.new_token])
    fresh = [name for name in wanted if name in options.new_token or apps.find(name) is None]
    lines += [f"token of {name} {apps.admit(name)}" for name in fresh]
    confirmation = _confirmation(options.approve)
    guarded = {}
    for app in apps.all():
        guarded[app.digest] = GuardedWallet(
            client.wallet, app.name, confirmation, app.grants, keep=partial(apps.keep_grants, app.name)
        )
        if app.name not in fresh:
            lines.append(f"{app.name} has its token")
    wallets = {owner: GuardedWallet.for_owner(client.wallet)}
    stopped = _interruption()
    async with WalletServer(wallets, by_digest=guarded, port=port).serve() as address:
        for line in lines:
            say(line)
        say(f"ready {address.url}")
        await stopped.wait()
    return 0


def _interruption() -> asyncio.Event:
    """Give an event that SIGINT or SIGTERM sets; the next one ends the process at once.

    Handled here and not by Python: a shell starts what runs in the background with SIGINT ignored.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopped


def _confirmation(rule: str) -> Confirmation:
    match rule:
        case "all":
            return ApproveAll()
        case "none":
            return DenyAll()
        case _:
            return AskOnTerminal()
