"""Deploying contracts: publish the class, publish the instance, call the constructor.

Authority: @aztec/aztec.js src/contract/deploy_method.ts, src/deployment/*.ts (4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aztecd.client.calls import function_call
from aztecd.client.errors import DeploymentError
from aztecd.client.fees import FeeMethod
from aztecd.client.interaction import Interaction, with_fee
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS, ContractInstanceWithAddress, PublicKeys
from aztecd.pxe.abi import encode_arguments
from aztecd.pxe.accounts import instantiate, publish_class_payload, publish_instance_call, random_nonce
from aztecd.pxe.artifacts import ContractArtifact, ContractClass, contract_class_of
from aztecd.pxe.requests import AuthWitness, Capsule, ExecutionPayload, merge_payloads
from aztecd.wallet.api import Wallet
from aztecd.wallet.gas import GasOptions
from aztecd.wallet.options import WaitOptions
from aztecd.wallet.results import SendResult

__all__ = ["DeployResult", "Deployment", "Publication"]

C = TypeVar("C")

_DEFAULT_WAIT: Final = WaitOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a deployment does on the chain. The class is published only if the chain does not have it."""

    publishes_class: bool = True
    publishes_instance: bool = True
    initializes: bool = True
    registers: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployResult(SendResult, Generic[C]):
    """A deployment that was sent; the contract works once the transaction is mined."""

    contract: C
    instance: ContractInstanceWithAddress


class Deployment(Interaction, Generic[C]):
    """The deployment of one contract; its address is known before it is sent.

    The sender becomes the deployer, which is a part of the address, unless `is_universal`.
    """

    def __init__(
        self,
        wallet: Wallet,
        artifact: ContractArtifact,
        arguments: Sequence[Any] = (),
        *,
        make: Callable[[AztecAddress, ContractArtifact, Wallet], C],
        constructor: str | None = None,
        salt: Fr | None = None,
        public_keys: PublicKeys = DEFAULT_PUBLIC_KEYS,
        is_universal: bool = False,
        publication: Publication | None = None,
        auth_witnesses: Sequence[AuthWitness] = (),
        capsules: Sequence[Capsule] = (),
    ) -> None:
        super().__init__(wallet)
        self.artifact: Final = artifact
        self.salt: Final = random_nonce() if salt is None else salt
        self.is_universal: Final = is_universal
        self.publication: Final = publication or Publication()
        self._arguments = tuple(arguments)
        self._constructor = artifact.initializer(constructor)
        self._make = make
        self._public_keys = public_keys
        self._auth_witnesses = tuple(auth_witnesses)
        self._capsules = tuple(capsules)
        self._class: ContractClass | None = None

    @property
    def contract_class(self) -> ContractClass:
        """The class, computed when it is first asked for."""
        if self._class is None:
            self._class = contract_class_of(self.artifact)
        return self._class

    def instance(self, sender: AztecAddress | None = None) -> ContractInstanceWithAddress:
        """Give the instance that a deployment by this sender makes. Raises DeploymentError without one."""
        if sender is None and not self.is_universal:
            raise DeploymentError("the address depends on the sender, unless the deployment is universal")
        initializer = self._constructor
        arguments = () if initializer is None else encode_arguments(initializer.parameters, self._arguments)
        return instantiate(
            self.contract_class.id,
            initializer=initializer,
            arguments=arguments,
            salt=self.salt,
            deployer=None if self.is_universal else sender,
            public_keys=self._public_keys,
        )

    async def register(self, sender: AztecAddress | None = None) -> C:
        """Let the wallet know of the contract without deploying it."""
        await self._hash()
        instance = self.instance(sender)
        await self._wallet.register_contract(instance, self.artifact)
        return self._make(instance.address, self.artifact, self._wallet)

    async def request(
        self, fee: FeeMethod | None = None, *, sender: AztecAddress | None = None
    ) -> ExecutionPayload:
        """Make the payload, and register the contract. Raises DeploymentError when nothing is to be done."""
        await self._hash()
        instance = self.instance(sender)
        payload = await self._payload(instance)
        if self.publication.registers:
            await self._wallet.register_contract(instance, self.artifact)
        joined = await with_fee(fee, payload)
        if not payload.calls:
            raise DeploymentError(
                f"No transactions are needed to publish or initialize contract {self.artifact.name}"
            )
        return joined

    async def _hash(self) -> None:
        """Compute the class, which takes a tenth of a second for large contracts."""
        await asyncio.to_thread(lambda: self.contract_class)

    async def _payload(self, instance: ContractInstanceWithAddress) -> ExecutionPayload:
        parts = [
            ExecutionPayload(calls=(), auth_witnesses=self._auth_witnesses, capsules=self._capsules),
        ]
        if self.publication.publishes_class:
            known = await self._wallet.get_class_metadata(self.contract_class.id)
            if not known.is_published:
                parts.append(publish_class_payload(self.contract_class))
        if self.publication.publishes_instance:
            parts.append(ExecutionPayload(calls=(publish_instance_call(instance),)))
        if self._constructor is not None and self.publication.initializes:
            call = function_call(instance.address, self._constructor, self._arguments)
            parts.append(ExecutionPayload(calls=(call,)))
        return merge_payloads(parts)

    async def send(
        self,
        *,
        sender: AztecAddress,
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        wait: WaitOptions | None = _DEFAULT_WAIT,
        additional_scopes: Sequence[AztecAddress] = (),
    ) -> DeployResult[C]:
        """Deploy, and give the contract. Raises as `Interaction.send`, and DeploymentError."""
        sent = await super().send(
            sender=sender, fee=fee, gas=gas, wait=wait, additional_scopes=additional_scopes
        )
        instance = self.instance(sender)
        return DeployResult(
            tx_hash=sent.tx_hash,
            receipt=sent.receipt,
            offchain=sent.offchain,
            contract=self._make(instance.address, self.artifact, self._wallet),
            instance=instance,
        )
