"""What can be said about sending, simulating and waiting.

Authority: @aztec/aztec.js src/contract/{interaction_options,wait_opts}.ts, src/wallet/wallet.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from aztecd.crypto.field import FR_ZERO
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.receipt import TxStatus
from aztecd.wallet.gas import ESTIMATE_PADDING, GasOptions

__all__ = ["NOBODY", "ProfileMode", "ProfileOptions", "SendOptions", "SimulateOptions", "WaitOptions"]

NOBODY: Final = AztecAddress(FR_ZERO)
"""The sender of transactions that no account sends."""

ProfileMode = Literal["gates", "execution-steps", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions:
    """How to wait for a transaction; times in seconds, `timeout_s` 0 is for ever.

    A node that just got a transaction from another one may call it dropped at first.
    """

    timeout_s: float = 300
    interval_s: float = 1
    ignore_dropped_for_s: float = 5
    accepts_revert: bool = False
    status: TxStatus = TxStatus.CHECKPOINTED


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """How to send: `sender` is the account, or `NOBODY`; `wait` None returns at once."""

    sender: AztecAddress
    gas: GasOptions = field(default_factory=GasOptions)
    wait: WaitOptions | None = field(default_factory=WaitOptions)
    additional_scopes: tuple[AztecAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """How to simulate."""

    sender: AztecAddress
    gas: GasOptions = field(default_factory=GasOptions)
    estimates_gas: bool = False
    estimate_padding: float = ESTIMATE_PADDING
    skips_validation: bool = False
    skips_fee_enforcement: bool = True
    additional_scopes: tuple[AztecAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileOptions:
    """How to profile."""

    sender: AztecAddress
    mode: ProfileMode = "execution-steps"
    gas: GasOptions = field(default_factory=GasOptions)
    skips_proof: bool = True
    additional_scopes: tuple[AztecAddress, ...] = ()
