"""Who pays for a transaction, and the calls that make them pay.

Without a method the sending account pays with its own fee juice.

Authority: @aztec/aztec.js src/fee/*.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from aztecd.client.authorization import public_authorization
from aztecd.client.errors import ClientError
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import GasSettings
from aztecd.pxe.abi import selector_of_signature
from aztecd.pxe.accounts import (
    claim_payment,
    private_fpc_payment,
    private_fpc_transfer,
    public_fpc_payment,
    public_fpc_transfer,
    random_nonce,
    sponsored_payment,
)
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.requests import ExecutionPayload, FunctionCall
from aztecd.wallet.api import Wallet
from aztecd.wallet.gas import GasOptions
from aztecd.wallet.intents import CallIntent
from aztecd.wallet.options import NOBODY, SimulateOptions

__all__ = [
    "Claim",
    "FeeJuiceWithClaim",
    "FeeMethod",
    "PrivateFeePayment",
    "PublicFeePayment",
    "SponsoredFee",
]


class FeeMethod(Protocol):
    """A way to pay."""

    @property
    def fee_payer(self) -> AztecAddress:
        """Whose fee juice is taken."""
        ...

    async def payload(self) -> ExecutionPayload:
        """Make the calls that go first."""
        ...

    def gas_options(self) -> GasOptions:
        """Say what the method wants of the gas settings."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SponsoredFee:
    """A contract that pays for anybody."""

    sponsor: AztecAddress

    @property
    def fee_payer(self) -> AztecAddress:
        """The sponsor."""
        return self.sponsor

    async def payload(self) -> ExecutionPayload:
        """Ask the sponsor."""
        return sponsored_payment(self.sponsor)

    def gas_options(self) -> GasOptions:
        """Want nothing."""
        return GasOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A deposit on L1 that waits to be claimed; amount in base units."""

    amount: int
    secret: Fr = field(repr=False)
    leaf_index: int

    def arguments(self) -> tuple[int, Fr, int]:
        """Give what functions that claim take, after the recipient."""
        return self.amount, self.secret, self.leaf_index


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeJuiceWithClaim:
    """The account claims a deposit from L1 and pays with it at once."""

    account: AztecAddress
    claim: Claim

    @property
    def fee_payer(self) -> AztecAddress:
        """The account."""
        return self.account

    async def payload(self) -> ExecutionPayload:
        """Claim, and end the setup phase."""
        return claim_payment(
            self.account,
            amount=self.claim.amount,
            claim_secret=self.claim.secret,
            message_leaf_index=self.claim.leaf_index,
        )

    def gas_options(self) -> GasOptions:
        """Want nothing."""
        return GasOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFeePayment:
    """A fee paying contract that takes a token from the account's private balance.

    The contract reserves the most that `gas` allows, and gives back what is left. `max_fee_is_one` offers one
    unit: the contract refuses it, which tests want.
    """

    contract: AztecAddress
    account: AztecAddress
    wallet: Wallet
    gas: GasSettings
    max_fee_is_one: bool = False

    @property
    def fee_payer(self) -> AztecAddress:
        """The contract."""
        return self.contract

    async def payload(self) -> ExecutionPayload:
        """Let the contract take the fee, with a witness that it may."""
        max_fee = 1 if self.max_fee_is_one else self.gas.fee_limit()
        nonce = random_nonce()
        asset = await accepted_asset(self.wallet, self.contract)
        transfer = private_fpc_transfer(self.account, self.contract, asset, max_fee=max_fee, nonce=nonce)
        witness = await self.wallet.create_auth_witness(
            self.account, CallIntent(caller=self.contract, call=transfer)
        )
        return private_fpc_payment(self.contract, max_fee=max_fee, nonce=nonce, approval=witness)

    def gas_options(self) -> GasOptions:
        """Want the settings that the fee was computed from."""
        return GasOptions.of(self.gas)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFeePayment:
    """A fee paying contract that takes a token from the account's public balance."""

    contract: AztecAddress
    account: AztecAddress
    wallet: Wallet
    gas: GasSettings

    @property
    def fee_payer(self) -> AztecAddress:
        """The contract."""
        return self.contract

    async def payload(self) -> ExecutionPayload:
        """Allow the contract to take the fee, and let it."""
        max_fee, nonce = self.gas.fee_limit(), random_nonce()
        asset = await accepted_asset(self.wallet, self.contract)
        transfer = public_fpc_transfer(self.account, self.contract, asset, max_fee=max_fee, nonce=nonce)
        intent = CallIntent(caller=self.contract, call=transfer)
        approval = await public_authorization(self.wallet, intent, authorizes=True)
        return public_fpc_payment(self.contract, max_fee=max_fee, nonce=nonce, approval=approval)

    def gas_options(self) -> GasOptions:
        """Want the settings that the fee was computed from."""
        return GasOptions.of(self.gas)


async def accepted_asset(wallet: Wallet, contract: AztecAddress) -> AztecAddress:
    """Ask a fee paying contract which token it takes. Raises ClientError when it does not say."""
    call = FunctionCall(
        name="get_accepted_asset",
        to=contract,
        selector=selector_of_signature("get_accepted_asset()"),
        type=FunctionKind.PRIVATE,
        hide_msg_sender=False,
        is_static=False,
        args=(),
        return_types=(),
    )
    simulation = await wallet.simulate_tx(ExecutionPayload(calls=(call,)), SimulateOptions(sender=NOBODY))
    values = simulation.returns_of(call)
    if not values:
        raise ClientError(f"contract 0x{contract.hex()} names no token that it accepts for fees")
    return AztecAddress(values[0])
