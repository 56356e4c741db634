"""What a data directory remembers of its network, beside the database.

One small JSON file, written once: which L1 chain, Registry and rollup the database belongs to, and what its
genesis is. A daemon that is started with another chain finds out here, with both sides named.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from aztecd.crypto.field import FieldError, fr_from_hex, fr_hex
from aztecd.errors import InvalidInputError
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.codec import DecodeError, SchemaError
from aztecd.protocol.node_types import L1ContractAddresses

__all__ = ["DataDirError", "NetworkRecord"]

_FILE = "network.json"
_DATABASE = "db"
"""Is made after the record is written."""
_FORMAT = 1


class DataDirError(InvalidInputError):
    """A data directory can't be used as it is."""

    code = "data_dir"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRecord:
    """The L1 chain and contracts of a data directory."""

    chain_id: int
    rollup_version: int
    addresses: L1ContractAddresses
    genesis_time: int | None
    """When the rollup was created on L1, in seconds: another chain can have the same addresses. Older records
    do not say."""
    prefunded: tuple[AztecAddress, ...] | None
    """Who holds fee juice at genesis; older records are of local networks, and do not say."""
    standard_contracts: bool
    """Whether a local network is to have the standard contracts: a start that was cut short while it deployed
    them goes on, and a chain that was begun without them stays its user's."""

    @classmethod
    def load(cls, data_dir: Path) -> NetworkRecord | None:
        """Read the record; None in a new directory. Raises DataDirError."""
        path = data_dir / _FILE
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            if (data_dir / _DATABASE).exists():
                raise DataDirError(
                    f"{data_dir} has a database but no {_FILE}: restore that file, or use another directory"
                ) from None
            return None
        except OSError as error:
            raise DataDirError(f"can't read {path}: {error.strerror}") from error
        try:
            value = json.loads(content)
            if value["format"] != _FORMAT:
                raise DataDirError(f"{path} has format {value['format']}, this aztecd knows {_FORMAT}")
            return cls(
                chain_id=value["chain_id"],
                rollup_version=value["rollup_version"],
                addresses=L1ContractAddresses.from_json(value["addresses"]),
                genesis_time=value.get("genesis_time"),
                prefunded=_addresses(value.get("prefunded")),
                # Older records do not say: what is deployed then is there, the rest stays away.
                standard_contracts=value.get("standard_contracts", False) is True,
            )
        except (KeyError, TypeError, ValueError, FieldError, DecodeError, SchemaError) as error:
            raise DataDirError(
                f"{path} is damaged; use another data directory, or remove this one"
            ) from error

    def save(self, data_dir: Path) -> None:
        """Write the record so that it is either whole or absent. Raises DataDirError."""
        path = data_dir / _FILE
        value = {
            "format": _FORMAT,
            "chain_id": self.chain_id,
            "rollup_version": self.rollup_version,
            "addresses": self.addresses.to_json(),
            "genesis_time": self.genesis_time,
            "prefunded": None if self.prefunded is None else [fr_hex(address) for address in self.prefunded],
            "standard_contracts": self.standard_contracts,
        }
        try:
            fresh = path.with_suffix(".new")
            with fresh.open("w") as handle:
                json.dump(value, handle, indent=1)
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(path)
        except OSError as error:
            raise DataDirError(f"can't write {path}: {error.strerror}") from error


def _addresses(value: list[str] | None) -> tuple[AztecAddress, ...] | None:
    return None if value is None else tuple(AztecAddress(fr_from_hex(text)) for text in value)
