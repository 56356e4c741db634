"""The daemon's settings: one frozen tree, filled from defaults, a TOML file, the environment and flags.

Later sources win. A key is `section.name`; in the environment it is `AZTECD_SECTION_NAME`. An unknown key
is an error that names the nearest known one. `Settings.origins` remembers where each value came from.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aztecd.errors import InvalidInputError

__all__ = [
    "Config",
    "ConfigError",
    "HistoryConfig",
    "L1Config",
    "LogConfig",
    "MempoolConfig",
    "RpcConfig",
    "SequencerConfig",
    "Settings",
    "WalletConfig",
    "load_settings",
]

_ENV_PREFIX = "AZTECD_"
_SECRETS = frozenset({"l1.publisher_key"})
_URLS = frozenset({"l1.rpc_url"})
_LEAST: Final = {
    "rpc.max_body_bytes": 1024,
    "rpc.max_batch_size": 1,
    "rpc.simulation_seconds": 0.01,
    "l1.chain_id": 1,
    "l1.poll_interval_s": 0.01,
    "sequencer.max_txs_per_block": 1,
}
"""Smallest values of numbers that may not be 0."""
_PRIVATE_KEY = re.compile("(0x)?[0-9a-fA-F]{64}")
_SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_FIRST_ANVIL_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


class ConfigError(InvalidInputError):
    """A setting is unknown or has a wrong value."""

    code = "config"


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
    chain_id: int = 31_337
    publisher_key: str = _FIRST_ANVIL_KEY
    """Deploys, proposes and settles; the default is the well-known first development account."""
    poll_interval_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SequencerConfig:
    """Block building."""

    max_txs_per_block: int = 32
    settle_epochs: bool = True
    """Submit epoch proofs through the rollup's mock verifier, so that blocks become proven."""


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
        shown = []
        for key, value in _flatten(self.config).items():
            text = _shown(key, value)
            shown.append(f"{key} = {text}  # {self.origins[key]}")
        return shown


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
        values[key] = _convert(key, value, types_by_key[key], origin)
        origins[key] = origin

    if file is not None:
        for key, value in _read_toml(file).items():
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
    if config.log.level not in {"debug", "info", "warning", "error"}:
        raise ConfigError(f"log.level: {config.log.level!r} is not one of debug, info, warning, error")
    if config.log.format not in {"auto", "console", "json"}:
        raise ConfigError(f"log.format: {config.log.format!r} is not one of auto, console, json")
    for key, value in _flatten(config).items():
        if type(value) in {int, float} and not _LEAST.get(key, 0) <= value < math.inf:
            raise ConfigError(f"{key}: {value} is out of range; it must be at least {_LEAST.get(key, 0)}")
    key = config.l1.publisher_key
    if not _PRIVATE_KEY.fullmatch(key):
        raise ConfigError("l1.publisher_key must be 64 hexadecimal digits, with or without 0x before them")
    if not 0 < int(key, 16) < _SECP256K1_ORDER:
        raise ConfigError("l1.publisher_key is no private key of secp256k1: it is 0 or too large")


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


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as handle:
            tree = tomllib.load(handle)
    except OSError as error:
        raise ConfigError(f"can't read the configuration file {file}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": given for inner, given in value.items()}
        else:
            flat[key] = value
    return flat


def _key_of_variable(name: str, known: Mapping[str, Any]) -> str | None:
    """Find the key of an environment variable; None for variables that are no settings."""
    if not name.startswith(_ENV_PREFIX):
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


def _convert(key: str, value: Any, kind: Any, origin: str) -> Any:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in typing.get_args(kind) if part is not types.NoneType)
    try:
        if kind is bool:
            return value if isinstance(value, bool) else _boolean(str(value))
        if kind is int:
            # `int` would cut a fraction off, and take a flag for a number.
            return int(str(value))
        if kind is float:
            return float(value)
        if kind is Path:
            return Path(value).expanduser()
        return str(value)
    except (TypeError, ValueError):
        raise ConfigError(f"{key} ({origin}): {value!r} is not a {kind.__name__}") from None


def _boolean(text: str) -> bool:
    match text.strip().lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
    raise ValueError(text)


def _shown(key: str, value: Any) -> str:
    if key in _SECRETS:
        return '"<secret>"' if value != _FIRST_ANVIL_KEY else '"<first development account>"'
    if key in _URLS and value:
        scheme, separator, rest = str(value).partition("://")
        value = f"{scheme}{separator}{rest.rpartition('@')[2]}"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return '""'
    return str(value) if isinstance(value, int | float) else f'"{value}"'
