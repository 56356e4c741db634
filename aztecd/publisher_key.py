"""The account that proposes: its key, from a file or from the settings, never shown."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

import structlog

from aztecd.config import ConfigError, L1Config, Settings, is_private_key
from aztecd.l1 import Deployment, L1Account
from aztecd.localnet.accounts import DEVELOPMENT_CHAIN_ID

__all__ = ["proposer_account", "publisher_account"]

_log = structlog.get_logger("aztecd")
_KEY: Final = "l1.publisher_key_file"
_MAX_BYTES: Final = 256


def publisher_account(config: L1Config) -> L1Account:
    """Make the account, with the key of the file if there is one. Raises ConfigError, which shows no key."""
    path = config.publisher_key_file
    key = config.publisher_key if path is None else _read(path)
    return L1Account(bytes.fromhex(key.removeprefix("0x")))


def proposer_account(settings: Settings, deployment: Deployment) -> L1Account | None:
    """Give the account that is to propose on a rollup, None for a node that only follows.

    Raises ConfigError where nobody may propose alone, or the account has no key.
    """
    config = settings.config
    if not config.sequencer.enabled:
        return None
    if deployment.target_committee_size:
        raise ConfigError(
            f"the rollup has a committee of {deployment.target_committee_size}; aztecd proposes only where "
            "anyone may: start without --sequencer"
        )
    has_key = settings.is_given("l1.publisher_key") or config.l1.publisher_key_file is not None
    if not has_key and deployment.chain_id != DEVELOPMENT_CHAIN_ID:
        raise ConfigError(
            f"--sequencer needs an account on chain id {deployment.chain_id}: name the file with its private "
            "key with --publisher-key-file"
        )
    return publisher_account(config.l1)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            content = file.read(_MAX_BYTES)
    except OSError as error:
        raise ConfigError(f"{_KEY}: can't read {path}: {error.strerror}") from error
    text = content.decode("ascii", errors="replace").strip()
    if not is_private_key(text):
        raise ConfigError(
            f"{_KEY}: {path} holds no private key of secp256k1: it must be 64 hexadecimal digits, with or "
            "without 0x before them, alone in the file"
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("key_file_open_to_others", file=str(path), hint="chmod 600")
    return text
