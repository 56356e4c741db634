"""What can be done with calls: make a payload, simulate, send, profile.

Authority: @aztec/aztec.js src/contract/{base_contract_interaction,contract_function_interaction,
batch_call}.ts (4.1.2). Return values are found by the call that they belong to, not by position: a call that
pays the fee shifts nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aztecd.client.calls import decode_returns, function_call
from aztecd.client.errors import ClientError
from aztecd.client.fees import FeeMethod
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.tx import HashedValues
from aztecd.pxe.abi import Decoded
from aztecd.pxe.artifacts import FunctionAbi, FunctionKind
from aztecd.pxe.requests import AuthWitness, Capsule, ExecutionPayload, FunctionCall, merge_payloads
from aztecd.pxe.results import ProfileResult
from aztecd.wallet.api import Wallet
from aztecd.wallet.gas import ESTIMATE_PADDING, GasLimits, GasOptions, estimated_limits
from aztecd.wallet.options import ProfileMode, ProfileOptions, SendOptions, SimulateOptions, WaitOptions
from aztecd.wallet.results import OffchainOutput, SendResult, Simulation

__all__ = ["BatchCall", "ContractCall", "Interaction", "Simulated", "with_fee"]

_DEFAULT_WAIT: Final = WaitOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a simulated call returned; `gas` when it was asked for."""

    value: Decoded
    offchain: OffchainOutput
    gas: GasLimits | None = None


class Interaction(ABC):
    """Something that becomes one transaction."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    @abstractmethod
    async def request(
        self, fee: FeeMethod | None = None, *, sender: AztecAddress | None = None
    ) -> ExecutionPayload:
        """Make the payload, the calls that pay the fee first; deployments depend on the sender."""

    async def send(
        self,
        *,
        sender: AztecAddress,
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        wait: WaitOptions | None = _DEFAULT_WAIT,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> SendResult:
        """Send the transaction, and wait for it unless `wait` is None.

        Raises TransactionError and its kin, and what a simulation raises.
        """
        payload = await self.request(fee, sender=sender)
        return await self._wallet.send_tx(
            payload,
            SendOptions(
                sender=sender,
                gas=_gas(fee, gas),
                wait=wait,
                additional_scopes=tuple(additional_scopes),
            ),
        )

    async def profile(
        self,
        *,
        sender: AztecAddress,
        mode: ProfileMode = "execution-steps",
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> ProfileResult:
        """Tell what each step of the transaction takes."""
        payload = await self.request(fee, sender=sender)
        return await self._wallet.profile_tx(
            payload,
            ProfileOptions(
                sender=sender, mode=mode, gas=_gas(fee, gas), additional_scopes=tuple(additional_scopes)
            ),
        )

    async def estimate_gas(
        self,
        *,
        sender: AztecAddress,
        fee: FeeMethod | None = None,
        padding: float = ESTIMATE_PADDING,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> GasLimits:
        """Simulate, and suggest limits. Raises GasEstimateError."""
        options = _simulate_options(
            sender,
            fee,
            None,
            estimates_gas=True,
            estimate_padding=padding,
            additional_scopes=tuple(additional_scopes),
        )
        return estimated_limits(
            (await self._wallet.simulate_tx(await self.request(fee, sender=sender), options)).gas_used,
            padding,
        )


class ContractCall(Interaction):
    """A call of one function of a contract."""

    def __init__(
        self,
        wallet: Wallet,
        address: AztecAddress,
        abi: FunctionAbi,
        arguments: Sequence[Any],
        *,
        auth_witnesses: Sequence[AuthWitness] = (),
        capsules: Sequence[Capsule] = (),
        extra_hashed_args: Sequence[HashedValues] = (),
    ) -> None:
        """Take everything. Raises ArgumentsError, AbiEncodingError."""
        super().__init__(wallet)
        self.call: Final = function_call(address, abi, arguments)
        self.auth_witnesses: Final = tuple(auth_witnesses)
        self.capsules: Final = tuple(capsules)
        self.extra_hashed_args: Final = tuple(extra_hashed_args)
        self._abi = abi
        self._arguments = tuple(arguments)

    def with_(
        self,
        *,
        auth_witnesses: Sequence[AuthWitness] = (),
        capsules: Sequence[Capsule] = (),
        extra_hashed_args: Sequence[HashedValues] = (),
    ) -> ContractCall:
        """Give the same call with more of what it needs."""
        return ContractCall(
            self._wallet,
            self.call.to,
            self._abi,
            self._arguments,
            auth_witnesses=(*self.auth_witnesses, *auth_witnesses),
            capsules=(*self.capsules, *capsules),
            extra_hashed_args=(*self.extra_hashed_args, *extra_hashed_args),
        )

    async def request(
        self,
        fee: FeeMethod | None = None,
        *,
        sender: AztecAddress | None = None,  # noqa: ARG002 - only deployments depend on it
    ) -> ExecutionPayload:
        """Make the payload, the calls that pay the fee first; the sender changes nothing."""
        payload = ExecutionPayload(
            calls=(self.call,),
            auth_witnesses=self.auth_witnesses,
            capsules=self.capsules,
            extra_hashed_args=self.extra_hashed_args,
        )
        return await with_fee(fee, payload)

    async def simulate(
        self,
        *,
        sender: AztecAddress,
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        estimates_gas: bool = False,
        skips_validation: bool = False,
        skips_fee_enforcement: bool = True,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> Simulated:
        """Run the call without sending anything, and decode what it returns.

        Raises with the contract's own text and the place in its source when the call fails.
        """
        if self.call.type is FunctionKind.UTILITY:
            answer = await self._wallet.execute_utility(
                self.call, scope=sender, auth_witnesses=self.auth_witnesses
            )
            return Simulated(value=decode_returns(self.call, answer.values), offchain=OffchainOutput())
        options = _simulate_options(
            sender,
            fee,
            gas,
            estimates_gas=estimates_gas,
            skips_validation=skips_validation,
            skips_fee_enforcement=skips_fee_enforcement,
            additional_scopes=tuple(additional_scopes),
        )
        simulation = await self._wallet.simulate_tx(await self.request(fee, sender=sender), options)
        return _simulated(self.call, simulation, 0, estimates_gas=estimates_gas)

    async def profile(
        self,
        *,
        sender: AztecAddress,
        mode: ProfileMode = "execution-steps",
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> ProfileResult:
        """Tell what each step of the transaction takes. Raises ClientError for a utility function."""
        if self.call.type is FunctionKind.UTILITY:
            raise ClientError("Can't profile a utility function.")
        return await super().profile(
            sender=sender, mode=mode, fee=fee, gas=gas, additional_scopes=additional_scopes
        )


class BatchCall(Interaction):
    """Several calls in one transaction; utility functions can only be simulated."""

    def __init__(
        self, wallet: Wallet, parts: Sequence[Interaction | FunctionCall | ExecutionPayload]
    ) -> None:
        super().__init__(wallet)
        self._parts = tuple(parts)

    async def request(
        self, fee: FeeMethod | None = None, *, sender: AztecAddress | None = None
    ) -> ExecutionPayload:
        """Join the payloads of all parts. Raises ClientError when one is a utility function."""
        payloads = [await _payload_of(part, sender) for part in self._parts]
        for payload in payloads:
            for call in payload.calls:
                if call.type is FunctionKind.UTILITY:
                    raise ClientError(f"{call.name} is a utility function: it can't be sent")
        return await with_fee(fee, *payloads)

    async def simulate(
        self,
        *,
        sender: AztecAddress,
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        skips_validation: bool = False,
        skips_fee_enforcement: bool = True,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> list[Simulated]:
        """Run all parts and give what the first call of each returned, in order."""
        payloads = [await _payload_of(part, sender) for part in self._parts]
        results: dict[int, Simulated] = {}
        sent: list[tuple[int, ExecutionPayload]] = []
        for index, payload in enumerate(payloads):
            call = payload.calls[0]
            if call.type is FunctionKind.UTILITY:
                answer = await self._wallet.execute_utility(
                    call, scope=sender, auth_witnesses=payload.auth_witnesses
                )
                results[index] = Simulated(
                    value=decode_returns(call, answer.values), offchain=OffchainOutput()
                )
            else:
                sent.append((index, payload))
        if sent:
            options = _simulate_options(
                sender,
                fee,
                gas,
                skips_validation=skips_validation,
                skips_fee_enforcement=skips_fee_enforcement,
                additional_scopes=tuple(additional_scopes),
            )
            joined = await with_fee(fee, *(payload for _, payload in sent))
            simulation = await self._wallet.simulate_tx(joined, options)
            seen: Counter[FunctionCall] = Counter()
            for index, payload in sent:
                call = payload.calls[0]
                results[index] = _simulated(call, simulation, seen[call])
                seen.update(payload.calls)
        return [results[index] for index in range(len(payloads))]


async def _payload_of(
    part: Interaction | FunctionCall | ExecutionPayload, sender: AztecAddress | None
) -> ExecutionPayload:
    if isinstance(part, Interaction):
        return await part.request(sender=sender)
    return part if isinstance(part, ExecutionPayload) else ExecutionPayload(calls=(part,))


async def with_fee(fee: FeeMethod | None, *payloads: ExecutionPayload) -> ExecutionPayload:
    """Join payloads, the calls that pay the fee first."""
    if fee is None:
        return merge_payloads(payloads)
    return merge_payloads([await fee.payload(), *payloads])


def _gas(fee: FeeMethod | None, gas: GasOptions | None) -> GasOptions:
    given = gas or GasOptions()
    return given if fee is None else given.over(fee.gas_options())


def _simulate_options(
    sender: AztecAddress, fee: FeeMethod | None, gas: GasOptions | None, **others: Any
) -> SimulateOptions:
    return SimulateOptions(sender=sender, gas=_gas(fee, gas), **others)


def _simulated(
    call: FunctionCall, simulation: Simulation, occurrence: int, *, estimates_gas: bool = False
) -> Simulated:
    return Simulated(
        value=decode_returns(call, simulation.returns_of(call, occurrence)),
        offchain=simulation.offchain,
        gas=estimated_limits(simulation.gas_used) if estimates_gas else None,
    )
