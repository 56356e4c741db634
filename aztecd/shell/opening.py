"""Open the wallet that the options name, and do something with it."""

from __future__ import annotations

import argparse
import getpass
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aztecd.artifacts import locate
from aztecd.client import connect
from aztecd.observability import configure_logging
from aztecd.pxe.keys import KeyFile, Passphrase, Plain, Secret
from aztecd.shell.arguments import PASSPHRASE
from aztecd.shell.errors import WalletUsageError
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup

if TYPE_CHECKING:
    from aztecd.pxe.keys import Protection

__all__ = ["with_client"]


def _forbid_core_dumps() -> None:
    """Leave no file with this process's memory, which has keys in it, should it crash."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


async def with_client(options: argparse.Namespace, run: Callable[..., Awaitable[int]]) -> int:
    """Run something with the opened wallet and its node. Raises WalletUsageError and what opening raises."""
    configure_logging(level=options.log_level, style="auto")
    _forbid_core_dumps()
    try:
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = "it is a file" if options.data_dir.is_file() else error.strerror
        raise WalletUsageError(f"can't use the data directory {options.data_dir}: {reason}") from error
    async with connect(options.node_url, _setup(options), data_dir=options.data_dir / "db") as client:
        return await run(client, options)


def _setup(options: argparse.Namespace) -> WalletSetup:
    fetched = locate()
    return WalletSetup(
        artifacts=ArtifactFolders([*options.artifacts, *fetched.contracts]),
        protocol_contracts=fetched.protocol_contracts,
        protection=_protection(options),
        code_cache=options.data_dir / "compiled",
        time_limit_s=options.time_limit or None,
    )


def _protection(options: argparse.Namespace) -> Protection:
    if options.plain:
        return Plain()
    if options.key_file is not None:
        return KeyFile(path=options.key_file)
    text = os.environ.get(PASSPHRASE)
    if text is None and sys.stdin.isatty():
        text = getpass.getpass("Passphrase of the wallet: ")
    if not text:
        raise WalletUsageError(
            f"the wallet needs a passphrase ({PASSPHRASE}), a key file (--key-file), or --plain"
        )
    return Passphrase(text=Secret(text.encode()))
