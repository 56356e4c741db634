"""The daemon's settings: one frozen tree, filled from defaults, a TOML file, the environment and flags.

Later sources win. A key is `section.name`; in the environment it is `AZTECD_SECTION_NAME`. An unknown key
is an error that names the nearest known one. `Settings.origins` remembers where each value came from.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aztecd.config_values import ConfigError, convert, masked_url, read_toml, shown

__all__ = [
    "FIRST_DEVELOPMENT_KEY",
    "ArchiverConfig",
    "BlobsConfig",
    "Config",
    "ConfigError",
    "GenesisConfig",
    "HistoryConfig",
    "L1Config",
    "LogConfig",
    "MempoolConfig",
    "RpcConfig",
    "SequencerConfig",
    "Settings",
    "WalletConfig",
    "is_private_key",
    "load_settings",
]

_ENV_PREFIX = "AZTECD_"
_OTHER_VARIABLES = frozenset({"AZTECD_WALLET_PASSPHRASE"})
"""They look like settings, and belong to the wallet's commands: a daemon's shell may have them too."""
_SECRETS = frozenset({"l1.publisher_key"})
_URLS = frozenset({"l1.rpc_url", "blobs.sources"})
_LEAST: Final = {
    "rpc.max_body_bytes": 1024,
    "rpc.max_batch_size": 1,
    "rpc.simulation_seconds": 0.01,
    "l1.chain_id": 1,
    "l1.poll_interval_s": 0.01,
    "l1.rollup_version": 1,
    "sequencer.max_txs_per_block": 1,
}
"""Smallest values of numbers that may not be 0."""
_PRIVATE_KEY = re.compile("(0x)?[0-9a-fA-F]{64}")
_SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_L1_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_AZTEC_ADDRESS = re.compile("0x[0-9a-fA-F]{64}")
FIRST_DEVELOPMENT_KEY: Final = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""Of the first account of Anvil and Hardhat: everybody knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcConfig:
    """The JSON-RPC server."""

    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes a free one."""
    max_body_bytes: int = 1_048_576
    max_batch_size: int = 100
    cache_bytes: int = 16_777_216
    """Memory for encoded answers; 0 keeps none."""
    simulation_max_l2_gas: int = 26_160_000
    """The greatest sum of a transaction's L2 gas limits with which its public calls are simulated: four times
    what can be in a block. The reference takes 10^10, but memory of contracts costs 3 gas a cell."""
    simulation_seconds: float = 30.0
    """Time after which a simulation is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Config:
    """The Ethereum node: a child Anvil on `port`, or one that already runs at `rpc_url`."""

    port: int = 8545
    """0 takes a free one."""
    rpc_url: str | None = None
    registry: str | None = None
    """The Registry of the rollup to join; a local network deploys its own."""
    rollup_version: int | None = None
    """Which of the Registry's rollups; the canonical one unless the data directory belongs to another."""
    fee_asset_handler: str | None = None
    """The faucet of the fee asset on a development rollup. The Registry does not lead to it, and clients that
    mint while they bridge ask the node for it."""
    chain_id: int = 31_337
    """Of the local network. A node that joins a rollup asks L1, and compares if this is set."""
    publisher_key: str = FIRST_DEVELOPMENT_KEY
    """Deploys, proposes and settles; the default is the well-known first development account."""
    publisher_key_file: Path | None = None
    """Holds the key instead: hexadecimal, alone in the file."""
    poll_interval_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencerConfig:
    """Block building."""

    enabled: bool = False
    """Propose on the rollup that is joined; a local network always builds."""
    max_txs_per_block: int = 32
    settle_epochs: bool | None = None
    """Submit epoch proofs through the rollup's mock verifier, so that blocks become proven. By default a
    local network does, and a node that joins a rollup leaves it to others."""
    move_l1_time: bool = False
    """Move the time of a development L1 node on to the next slot instead of waiting for it; a local network
    always does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiverConfig:
    """Following L1."""

    verify: str = "roots"
    """`roots`: what L1 says must lead to the roots that are in the headers. `execution`: transactions that
    are in the pool are executed too, and must have the effects that L1 says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsConfig:
    """Where the blobs of checkpoints come from, and how many are kept."""

    sources: tuple[str, ...] = ()
    """Asked in this order; without any the L1 node itself is asked, as Anvil answers."""
    max_bytes: int = 1 << 30
    """Of the blobs that are kept and served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenesisConfig:
    """The state before block 1."""

    prefunded_addresses: tuple[str, ...] | None = None
    """Who holds fee juice. By default the local network's accounts on chain id 31337, elsewhere nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolConfig:
    """The pool of pending transactions."""

    max_pending_tx_count: int = 1000
    """0 for no limit."""
    price_bump_percentage: int = 10
    public_setup_allow_list: str = ""
    """More functions for the setup phase, in the form of TX_PUBLIC_SETUP_ALLOWLIST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryConfig:
    """How much history of the trees is kept."""

    checkpoints: int = 64
    """World state is kept for this many checkpoints below the finalized one; 0 keeps everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletConfig:
    """The wallet with the test accounts, for programs without one of their own."""

    port: int | None = None
    """Of its JSON-RPC server on the loopback interface; 0 takes a free one. Without it there is no wallet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """Logging."""

    level: str = "info"
    format: str = "auto"
    """`console`, `json`, or `auto`: console on a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. Without `data_dir` the local network is gone when the daemon stops."""

    data_dir: Path | None = None
    bare: bool = False
    """Deploy no test accounts, token and fee contracts: block 1 is the user's."""
    rpc: RpcConfig = field(default_factory=RpcConfig)
    l1: L1Config = field(default_factory=L1Config)
    genesis: GenesisConfig = field(default_factory=GenesisConfig)
    archiver: ArchiverConfig = field(default_factory=ArchiverConfig)
    blobs: BlobsConfig = field(default_factory=BlobsConfig)
    sequencer: SequencerConfig = field(default_factory=SequencerConfig)
    mempool: MempoolConfig = field(default_factory=MempoolConfig)
    history: HistoryConfig = field(default_factory=HistoryConfig)
    wallet: WalletConfig = field(default_factory=WalletConfig)
    log: LogConfig = field(default_factory=LogConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective configuration and the source of each value, by key."""

    config: Config
    origins: Mapping[str, str]

    def lines(self) -> list[str]:
        """Describe every setting as `key = value  # source`; secrets are not shown."""
        return [
            f"{key} = {_shown(key, value)}  # {self.origins[key]}"
            for key, value in _flatten(self.config).items()
        ]

    def is_given(self, key: str) -> bool:
        """Whether somebody has chosen the value."""
        return self.origins[key] != "default"


def load_settings(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Combine the sources. `flags` maps keys to values; None means "not given". Raises ConfigError."""
    types_by_key = _key_types()
    values: dict[str, Any] = {}
    origins = dict.fromkeys(types_by_key, "default")

    def take(key: str, value: Any, origin: str) -> None:
        if key not in types_by_key:
            raise ConfigError(_unknown(key, list(types_by_key), origin))
        values[key] = convert(key, value, types_by_key[key], origin)
        origins[key] = origin

    if file is not None:
        for key, value in read_toml(file).items():
            take(key, value, str(file))
    for name, value in (environment or {}).items():
        key_of_variable = _key_of_variable(name, types_by_key)
        if key_of_variable is not None:
            take(key_of_variable, value, name)
    for key, value in (flags or {}).items():
        if value is not None:
            take(key, value, "flag")
    return Settings(config=_build(values), origins=origins)


def _build(values: Mapping[str, Any]) -> Config:
    top: dict[str, Any] = {}
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, {})[name] = value
        else:
            top[key] = value
    hints = typing.get_type_hints(Config)
    for section, members in sections.items():
        top[section] = hints[section](**members)
    config = Config(**top)
    _check(config)
    return config


def _check(config: Config) -> None:
    ports = {"rpc.port": config.rpc.port, "l1.port": config.l1.port, "wallet.port": config.wallet.port}
    for key, port in ports.items():
        if port is not None and not 0 <= port <= 65_535:
            raise ConfigError(f"{key}: {port} is no port; it must be 0 to 65535")
    if config.rpc.port == config.l1.port != 0 and config.l1.rpc_url is None:
        raise ConfigError(f"rpc.port and l1.port are both {config.rpc.port}")
    _check_url("l1.rpc_url", config.l1.rpc_url)
    _check_word("log.level", config.log.level, ("debug", "info", "warning", "error"))
    _check_word("log.format", config.log.format, ("auto", "console", "json"))
    for key, value in _flatten(config).items():
        if type(value) in {int, float} and not _LEAST.get(key, 0) <= value < math.inf:
            raise ConfigError(f"{key}: {value} is out of range; it must be at least {_LEAST.get(key, 0)}")
    _check_word("archiver.verify", config.archiver.verify, ("roots", "execution"))
    if not _PRIVATE_KEY.fullmatch(config.l1.publisher_key):
        raise ConfigError("l1.publisher_key must be 64 hexadecimal digits, with or without 0x before them")
    if not is_private_key(config.l1.publisher_key):
        raise ConfigError("l1.publisher_key is no private key of secp256k1: it is 0 or too large")
    if config.l1.publisher_key_file is not None and config.l1.publisher_key != FIRST_DEVELOPMENT_KEY:
        raise ConfigError("l1.publisher_key and l1.publisher_key_file are both set: choose one")
    for key in ("registry", "fee_asset_handler"):
        address = getattr(config.l1, key)
        if address is not None and not _L1_ADDRESS.fullmatch(address):
            raise ConfigError(f"l1.{key} must be an address: 0x and 40 hexadecimal digits")
    for address in config.genesis.prefunded_addresses or ():
        if not _AZTEC_ADDRESS.fullmatch(address):
            raise ConfigError(
                f"genesis.prefunded_addresses: {address!r} is no Aztec address: 0x and 64 hexadecimal digits"
            )


def is_private_key(text: str) -> bool:
    """Whether this is a private key of secp256k1 in hexadecimal, with or without 0x before it."""
    return _PRIVATE_KEY.fullmatch(text) is not None and 0 < int(text, 16) < _SECP256K1_ORDER


def _check_word(key: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise ConfigError(f"{key}: {word!r} is not one of {', '.join(known)}")


def _check_url(key: str, url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        is_usable = False
    if not is_usable:
        raise ConfigError(f"{key} must look like http://127.0.0.1:8545")


def _key_types() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, hint in typing.get_type_hints(Config).items():
        if dataclasses.is_dataclass(hint):
            found |= {f"{name}.{member}": kind for member, kind in typing.get_type_hints(hint).items()}
        else:
            found[name] = hint
    return found


def _flatten(config: Config) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in dataclasses.fields(config):
        value = getattr(config, member.name)
        if dataclasses.is_dataclass(value):
            found |= {
                f"{member.name}.{inner.name}": getattr(value, inner.name)
                for inner in dataclasses.fields(value)
            }
        else:
            found[member.name] = value
    return found


def _key_of_variable(name: str, known: Mapping[str, Any]) -> str | None:
    """Find the key of an environment variable; None for variables that are no settings."""
    if not name.startswith(_ENV_PREFIX) or name in _OTHER_VARIABLES:
        return None
    rest = name.removeprefix(_ENV_PREFIX).lower()
    if rest in known:
        return rest
    section, _, member = rest.partition("_")
    sections = {key.partition(".")[0] for key in known if "." in key}
    return f"{section}.{member}" if section in sections else None


def _unknown(key: str, known: list[str], origin: str) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"unknown setting {key} ({origin}){hint}"


def _shown(key: str, value: Any) -> str:
    if key in _SECRETS:
        return '"<secret>"' if value != FIRST_DEVELOPMENT_KEY else '"<first development account>"'
    if key in _URLS and value:
        value = tuple(map(masked_url, value)) if isinstance(value, tuple) else masked_url(value)
    return shown(value)
