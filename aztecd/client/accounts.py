"""Deploying accounts.

An account that deploys itself is sent by nobody: the constructor runs first, and the calls that pay the fee
come after it, through the new account's own entrypoint, because it must exist to pay.

Authority: @aztec/aztec.js src/wallet/{account_manager,deploy_account_method,
account_entrypoint_meta_payment_method}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aztecd.client.contract import Contract
from aztecd.client.deployment import Deployment, Publication
from aztecd.client.errors import DeploymentError
from aztecd.client.fees import FeeMethod
from aztecd.client.interaction import with_fee
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.accounts import AccountKind, constructor_arguments, fee_option_for, random_nonce
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret, derive_keys
from aztecd.pxe.requests import ExecutionPayload, merge_payloads
from aztecd.wallet.accounts import AccountSecrets
from aztecd.wallet.options import NOBODY
from aztecd.wallet.wallet import LocalWallet

__all__ = ["AccountDeployment", "AccountManager"]


class AccountDeployment(Deployment[Contract]):
    """The deployment of an own account; sent by `NOBODY`, the account pays for itself."""

    def __init__(
        self,
        wallet: LocalWallet,
        artifact: ContractArtifact,
        secrets: AccountSecrets,
        *,
        publication: Publication | None = None,
    ) -> None:
        """Take what the account is made of. Raises DeploymentError when there is nothing to deploy."""
        arguments = constructor_arguments(secrets.kind, secrets.key())
        if arguments is None:
            raise DeploymentError(
                f"Account contract {artifact.name} does not have an initializer function to call."
            )
        super().__init__(
            wallet,
            artifact,
            _constructor_values(secrets.kind, arguments),
            make=Contract,
            constructor="constructor",
            salt=secrets.salt,
            public_keys=derive_keys(secrets.secret).public_keys,
            is_universal=True,
            publication=publication or Publication(publishes_class=False, publishes_instance=False),
        )
        self._own_wallet = wallet

    async def request(
        self, fee: FeeMethod | None = None, *, sender: AztecAddress | None = None
    ) -> ExecutionPayload:
        """Make the payload; the calls that pay come last when the account deploys itself."""
        deployment = await super().request(sender=sender)
        if sender != NOBODY:
            return await with_fee(fee, deployment)
        address = self.instance().address
        payment = ExecutionPayload(calls=()) if fee is None else await fee.payload()
        wrapped = await self._own_wallet.wrap_payload(address, payment, fee_option_for(address, payment))
        return merge_payloads([deployment, wrapped])


class AccountManager:
    """An own account, which may not be deployed yet."""

    def __init__(
        self,
        wallet: LocalWallet,
        secrets: AccountSecrets,
        artifact: ContractArtifact,
        instance: ContractInstanceWithAddress,
    ) -> None:
        """Take an account that the wallet has; `create` makes one."""
        self.wallet: Final = wallet
        self.secrets: Final = secrets
        self.artifact: Final = artifact
        self.instance: Final = instance

    @classmethod
    async def create(
        cls,
        wallet: LocalWallet,
        kind: AccountKind = AccountKind.SCHNORR,
        *,
        secret: Secret | None = None,
        salt: Fr | None = None,
        signing_key: Secret | None = None,
        alias: str = "",
    ) -> AccountManager:
        """Take an account into the wallet; what is not given is drawn at random."""
        if signing_key is None and kind in {AccountKind.ECDSA_K, AccountKind.ECDSA_R}:
            signing_key = Secret.random_scalar()
        secrets = AccountSecrets(
            secret=Secret.random_fr() if secret is None else secret,
            salt=random_nonce() if salt is None else salt,
            kind=kind,
            signing_key=signing_key,
        )
        instance = await wallet.create_account(secrets, alias)
        return cls(wallet, secrets, await wallet.account_artifact(kind), instance)

    @property
    def address(self) -> AztecAddress:
        """The account's address."""
        return self.instance.address

    def deployment(self, publication: Publication | None = None) -> AccountDeployment:
        """Prepare the deployment. Raises DeploymentError for an account without a constructor."""
        return AccountDeployment(self.wallet, self.artifact, self.secrets, publication=publication)


def _constructor_values(kind: AccountKind, arguments: Sequence[Fr]) -> tuple[object, ...]:
    """Put encoded arguments into the shape of the constructor's parameters."""
    if kind is AccountKind.SCHNORR:
        return tuple(arguments)
    return list(arguments[:32]), list(arguments[32:])
