"""What can go wrong on a local network.

AztecdError
└── UnavailableError
    ├── StandardContractsError      the contracts that every local network has can't be deployed
    └── AnvilError                  Anvil can't be started or used
        ├── AnvilMissingError       there is no Anvil program
        ├── AnvilPortError          its port is taken
        └── AnvilBusyError          an Anvil of an earlier start still writes its state
"""

from __future__ import annotations

from aztecd.errors import UnavailableError

__all__ = [
    "AnvilBusyError",
    "AnvilError",
    "AnvilMissingError",
    "AnvilPortError",
    "StandardContractsError",
]


class StandardContractsError(UnavailableError):
    """The contracts that every local network has can't be deployed."""

    code = "standard_contracts"


class AnvilError(UnavailableError):
    """Anvil can't be started or used."""

    code = "anvil"


class AnvilMissingError(AnvilError):
    """There is no Anvil program at the expected place."""

    code = "anvil_missing"


class AnvilPortError(AnvilError):
    """Something else listens on the port that Anvil is to have."""

    code = "anvil_port"


class AnvilBusyError(AnvilError):
    """An Anvil that an earlier start left behind does not end."""

    code = "anvil_busy"
