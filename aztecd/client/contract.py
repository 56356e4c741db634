"""Contracts with their functions as methods.

Authority: @aztec/aztec.js src/contract/{contract_base,contract}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from aztecd.client.deployment import Deployment, Publication
from aztecd.client.interaction import ContractCall
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS, PublicKeys
from aztecd.pxe.artifacts import ContractArtifact, FunctionAbi, UnknownFunctionError
from aztecd.wallet.api import Wallet

__all__ = ["Contract", "Method", "Methods"]


@dataclass(frozen=True, slots=True)
class Method:
    """One function of a contract: call it with its arguments."""

    _wallet: Wallet
    _address: AztecAddress
    abi: FunctionAbi

    def __call__(self, *arguments: Any) -> ContractCall:
        """Encode the arguments. Raises ArgumentsError, AbiEncodingError."""
        return ContractCall(self._wallet, self._address, self.abi, arguments)

    @property
    def selector(self) -> FunctionSelector:
        """The function's selector."""
        return self.abi.selector


class Methods:
    """All functions of a contract, as attributes, or by name where Python has another use for it."""

    def __init__(self, wallet: Wallet, address: AztecAddress, artifact: ContractArtifact) -> None:
        self._wallet = wallet
        self._address = address
        self._artifact = artifact
        self._abis = {abi.name: abi for abi in artifact.abis}

    def __getitem__(self, name: str) -> Method:
        """Give a function. Raises UnknownFunctionError."""
        abi = self._abis.get(name)
        if abi is None:
            raise UnknownFunctionError(
                f"contract {self._artifact.name} has no function {name}; "
                f"it has {', '.join(sorted(self._abis))}"
            )
        return Method(self._wallet, self._address, abi)

    def __getattr__(self, name: str) -> Method:
        """Give a function. Raises AttributeError, as Python expects of an attribute."""
        try:
            return self[name]
        except UnknownFunctionError as error:
            raise AttributeError(str(error)) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._abis)

    def __contains__(self, name: object) -> bool:
        return name in self._abis

    def __dir__(self) -> Sequence[str]:
        return sorted({*super().__dir__(), *self._abis})


class Contract:
    """A contract at an address, seen through a wallet."""

    def __init__(self, address: AztecAddress, artifact: ContractArtifact, wallet: Wallet) -> None:
        self.address: Final = address
        self.artifact: Final = artifact
        self.wallet: Final = wallet
        self.methods: Final = Methods(wallet, address, artifact)

    @classmethod
    def at(cls, address: AztecAddress, artifact: ContractArtifact, wallet: Wallet) -> Self:
        """Give a contract that exists; the wallet runs its private functions once it is registered."""
        return cls(address, artifact, wallet)

    @classmethod
    def deploy(
        cls,
        wallet: Wallet,
        artifact: ContractArtifact,
        *arguments: Any,
        constructor: str | None = None,
        salt: Fr | None = None,
        public_keys: PublicKeys = DEFAULT_PUBLIC_KEYS,
        is_universal: bool = False,
        publication: Publication | None = None,
    ) -> Deployment[Self]:
        """Prepare the deployment of a new contract, `arguments` being those of its constructor."""
        return Deployment(
            wallet,
            artifact,
            arguments,
            make=cls,
            constructor=constructor,
            salt=salt,
            public_keys=public_keys,
            is_universal=is_universal,
            publication=publication,
        )

    def with_wallet(self, wallet: Wallet) -> Self:
        """Give the same contract, seen through another wallet."""
        return type(self)(self.address, self.artifact, wallet)
