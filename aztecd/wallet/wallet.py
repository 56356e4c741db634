"""A wallet over a PXE and a node.

Simulations run with a stub in the account's place, which approves everything: no signature is made or
checked, and a missing authorization shows only when the transaction is proved. That is what the reference's
wallet does.

Authority: @aztec/wallet-sdk src/base-wallet/base_wallet.ts, @aztec/wallets src/embedded/embedded_wallet.ts
(4.1.2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.contracts import ContractInstanceWithAddress, partial_address
from aztecd.protocol.gas import GasSettings
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.abi import decode_values
from aztecd.pxe.accounts import (
    AccountKind,
    FeeOption,
    Signer,
    StubSigner,
    account_payload,
    account_request,
    instantiate,
    multi_call_request,
    random_nonce,
)
from aztecd.pxe.artifacts import ContractArtifact, contract_class_of
from aztecd.pxe.execution.views import Scopes
from aztecd.pxe.keys import Secret
from aztecd.pxe.node import PxeNode
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall, TxExecutionRequest
from aztecd.pxe.results import ProfileResult, UtilityResult
from aztecd.pxe.stores import ContractOverride
from aztecd.wallet.accounts import (
    AccountArtifacts,
    AccountBook,
    AccountSecrets,
    Contacts,
    OwnAccount,
    describe_account,
)
from aztecd.wallet.api import EventDefinition, PrivateEventQuery
from aztecd.wallet.apps import AppBook
from aztecd.wallet.authorization import message_hash_of
from aztecd.wallet.errors import (
    AccountUnknownError,
    ContractNotRegisteredError,
    DuplicateTransactionError,
    WalletError,
)
from aztecd.wallet.gas import GasOptions, complete_gas, padded_fees
from aztecd.wallet.intents import Intent
from aztecd.wallet.options import NOBODY, ProfileOptions, SendOptions, SimulateOptions
from aztecd.wallet.public_calls import batches_of_calls, public_call_tx, split_leading_public_calls
from aztecd.wallet.pxe import WalletPxe
from aztecd.wallet.results import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    EventPlace,
    FoundEvent,
    SendResult,
    Simulation,
    offchain_output,
)
from aztecd.wallet.simulation import merged, node_simulation, pxe_simulation
from aztecd.wallet.waiting import wait_for_tx

__all__ = ["LocalWallet", "WalletSettings"]

_log = structlog.get_logger("aztecd.wallet")


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """Choices of a wallet. `min_fee_padding` is what maximum fees add to the current minimum, as a part."""

    min_fee_padding: float = 0.5
    is_cancellable: bool = False
    simulates_with_stub: bool = True


class LocalWallet:
    """A wallet whose accounts and notes are in this process."""

    def __init__(
        self,
        *,
        pxe: WalletPxe,
        node: PxeNode,
        accounts: AccountBook,
        contacts: Contacts,
        apps: AppBook,
        artifacts: AccountArtifacts,
        settings: WalletSettings | None = None,
    ) -> None:
        self.apps: Final = apps
        self.node: Final = node
        self.pxe: Final = pxe
        self._accounts = accounts
        self._contacts = contacts
        self._artifacts = artifacts
        self._settings = settings or WalletSettings()
        self._chain: ChainInfo | None = None
        self._stub: ContractOverride | None = None

    # About the chain and its contracts.

    async def get_chain_info(self) -> ChainInfo:
        """Say which chain the wallet works on."""
        if self._chain is None:
            info = await self.node.get_node_info()
            self._chain = ChainInfo(chain_id=info.l1_chain_id, version=info.rollup_version)
        return self._chain

    async def get_contract_metadata(self, address: AztecAddress) -> ContractMetadata:
        """Tell what is known about a contract."""
        published = await self.node.get_contract(address)
        initialized = await self.node.get_nullifier_membership_witness(
            "latest", silo_nullifier(address, address)
        )
        is_updated = (
            published is not None
            and published.current_contract_class_id != published.original_contract_class_id
        )
        return ContractMetadata(
            instance=self.pxe.get_contract_instance(address),
            is_initialized=initialized is not None,
            is_published=published is not None,
            is_updated=is_updated,
            updated_class_id=published.current_contract_class_id if published and is_updated else None,
        )

    async def get_class_metadata(self, class_id: Fr) -> ClassMetadata:
        """Tell what is known about a contract class."""
        return ClassMetadata(
            is_artifact_registered=await self.pxe.get_contract_artifact(class_id) is not None,
            is_published=await self.node.get_contract_class(class_id) is not None,
        )

    async def register_contract(
        self,
        instance: ContractInstanceWithAddress,
        artifact: ContractArtifact | None = None,
        secret: Secret | None = None,
    ) -> ContractInstanceWithAddress:
        """Learn about a contract, or of its new class; with a secret, it is an account whose keys are kept.

        Raises ContractNotRegisteredError when the artifact is neither given nor known, and as the PXE does.
        """
        known = self.pxe.get_contract_instance(instance.address)
        if known is not None:
            if artifact is not None:
                class_id = (await asyncio.to_thread(contract_class_of, artifact)).id
                if class_id != known.current_contract_class_id:
                    await self.pxe.update_contract(instance.address, artifact)
                    instance = instance.replace(current_contract_class_id=class_id)
        else:
            if artifact is None:
                artifact = await self.pxe.get_contract_artifact(instance.current_contract_class_id)
            if artifact is None:
                raise ContractNotRegisteredError(
                    f"Cannot register contract at 0x{instance.address.hex()}: artifact is required but not "
                    "provided, and wallet does not have the artifact for contract class "
                    f"0x{instance.current_contract_class_id.hex()}"
                )
            await self.pxe.register_contract(instance, artifact)
        if secret is not None:
            await self.pxe.register_account(secret, partial_address(instance))
        return instance

    async def get_contract_name(self, address: AztecAddress) -> str | None:
        """Give the name in a registered contract's artifact."""
        artifact = await self._artifact_of(address)
        return None if artifact is None else artifact.name

    async def get_function_name(self, address: AztecAddress, selector: FunctionSelector) -> str | None:
        """Give the name of a registered contract's function; None when it is not known."""
        artifact = await self._artifact_of(address)
        found = None if artifact is None else artifact.abi_by_selector(selector)
        return None if found is None else found.name

    # Accounts and contacts.

    async def get_accounts(self) -> list[Aliased[AztecAddress]]:
        """List the own accounts."""
        return list(self._accounts.addresses())

    async def create_account(self, secrets: AccountSecrets, alias: str = "") -> ContractInstanceWithAddress:
        """Take in an account; that does not deploy it. Raises WalletError, VaultLockedError."""
        if secrets.kind is AccountKind.STUB:
            raise WalletError("a stub approves everything: it is no account")
        artifact = await self.account_artifact(secrets.kind)
        instance, complete = await asyncio.to_thread(describe_account, secrets, artifact)
        await self.register_contract(instance, artifact, secrets.secret)
        self._accounts.add(secrets, complete, alias)
        return instance

    async def account_artifact(self, kind: AccountKind) -> ContractArtifact:
        """Give the code of a kind of account."""
        return await self.standard_artifact(kind.contract_name)

    async def standard_artifact(self, name: str) -> ContractArtifact:
        """Give the code of a contract of the wallet's folders, by name. Raises ArtifactMissingError."""
        # The first time megabytes of JSON are read.
        return await asyncio.to_thread(self._artifacts.artifact, name)

    async def own_account(self, address: AztecAddress) -> OwnAccount:
        """Open an account. Raises AccountUnknownError, VaultLockedError."""
        for complete in self.pxe.get_registered_accounts():
            if complete.address == address:
                return self._accounts.get(complete)
        raise AccountUnknownError(f"Account not found in wallet for address: 0x{address.hex()}")

    async def register_sender(self, address: AztecAddress, alias: str = "") -> AztecAddress:
        """Look for notes that this address sends."""
        self._contacts.name(address, alias)
        return await self.pxe.register_sender(address)

    async def get_address_book(self) -> list[Aliased[AztecAddress]]:
        """List the registered senders."""
        senders = self.pxe.get_senders()
        return [Aliased(alias=self._contacts.alias(sender), item=sender) for sender in senders]

    async def create_auth_witness(self, account: AztecAddress, intent: Intent) -> AuthWitness:
        """Let an account approve what somebody else will do. Raises AccountUnknownError."""
        message = message_hash_of(intent, await self.get_chain_info())
        return await asyncio.to_thread((await self.own_account(account)).signer().sign, message)

    async def wrap_payload(
        self, account: AztecAddress, payload: ExecutionPayload, fee_option: FeeOption
    ) -> ExecutionPayload:
        """Turn calls into one call of an own account's entrypoint, for another entrypoint to make."""
        signer = (await self.own_account(account)).signer()
        return await asyncio.to_thread(account_payload, account, signer, payload, fee_option=fee_option)

    # Transactions.

    async def simulate_tx(self, payload: ExecutionPayload, options: SimulateOptions) -> Simulation:
        """Tell what a transaction would do. Raises with the contract's own text when it would fail."""
        gas = await self._gas(options.gas, for_estimation=options.estimates_gas)
        leading, rest = split_leading_public_calls(payload)
        answered = await self._ask_node(leading, gas, options) if leading else []
        if not rest.calls and leading:
            return merged(answered, None)
        scopes = _scopes(options.sender, options.additional_scopes)
        return merged(answered, await self._simulate_via_entrypoint(rest, gas, options, scopes))

    async def execute_utility(
        self, call: FunctionCall, *, scope: AztecAddress, auth_witnesses: Sequence[AuthWitness] = ()
    ) -> UtilityResult:
        """Run a utility function."""
        return await self.pxe.execute_utility(call, auth_witnesses=auth_witnesses, scopes=(scope,))

    async def profile_tx(self, payload: ExecutionPayload, options: ProfileOptions) -> ProfileResult:
        """Tell what the steps of a transaction take."""
        gas = await self._gas(options.gas)
        request = await self._request(payload, options.sender, gas)
        return await self.pxe.profile_tx(request, scopes=_scopes(options.sender, options.additional_scopes))

    async def send_tx(self, payload: ExecutionPayload, options: SendOptions) -> SendResult:
        """Make, prove and send a transaction, and wait for it if that is wanted.

        Raises TransactionError and its kin, WaitTimeoutError, and what executing it raises.
        """
        gas = await self._gas(options.gas)
        request = await self._request(payload, options.sender, gas)
        proven = await self.pxe.prove_tx(request, _scopes(options.sender, options.additional_scopes))
        tx_hash = proven.tx.tx_hash
        if await self.node.get_tx_effect(tx_hash) is not None:
            raise DuplicateTransactionError(f"A settled tx with equal hash 0x{tx_hash.hex()} exists.")
        await self.node.send_tx(proven.tx)
        _log.info("tx_sent", tx_hash=f"0x{tx_hash.hex()}")
        sent = SendResult(tx_hash=tx_hash, offchain=offchain_output(proven.private.offchain_effects()))
        if options.wait is None:
            return sent
        receipt = await wait_for_tx(self.node, tx_hash, options.wait)
        await self.pxe.log_public_lines(receipt.debug_logs or ())
        return replace(sent, receipt=receipt)

    async def get_private_events(
        self, definition: EventDefinition, query: PrivateEventQuery
    ) -> list[FoundEvent]:
        """Find private events of own accounts, by block, transaction and place in it."""
        found = await self.pxe.get_private_events(
            definition.selector,
            contract=query.contract_address,
            scopes=query.scopes,
            from_block=query.from_block,
            to_block=query.to_block,
            tx_hash=query.tx_hash,
        )
        return [
            FoundEvent(
                event=decode_values([definition.type], event.packed),
                place=EventPlace(
                    block_number=event.block_number,
                    block_hash=event.block_hash,
                    tx_hash=event.tx_hash,
                ),
            )
            for event in found
        ]

    # How requests are made.

    async def _gas(self, options: GasOptions, *, for_estimation: bool = False) -> GasSettings:
        max_fees = options.max_fees_per_gas
        if max_fees is None:
            max_fees = padded_fees(await self.node.get_current_min_fees(), self._settings.min_fee_padding)
        return complete_gas(options, max_fees, for_estimation=for_estimation)

    async def _context(self, gas: GasSettings) -> TxContext:
        chain = await self.get_chain_info()
        return TxContext(chain_id=chain.chain_id, version=chain.version, gas_settings=gas)

    async def _request(
        self, payload: ExecutionPayload, sender: AztecAddress, gas: GasSettings, signer: Signer | None = None
    ) -> TxExecutionRequest:
        context = await self._context(gas)
        if sender == NOBODY:
            return multi_call_request(payload, context)
        if signer is None:
            signer = (await self.own_account(sender)).signer()
        return await asyncio.to_thread(
            account_request,
            sender,
            signer,
            payload,
            context,
            fee_option=_fee_option(sender, payload),
            is_cancellable=self._settings.is_cancellable,
        )

    async def _simulate_via_entrypoint(
        self, payload: ExecutionPayload, gas: GasSettings, options: SimulateOptions, scopes: Scopes
    ) -> Simulation:
        if options.sender == NOBODY or not self._settings.simulates_with_stub:
            request = await self._request(payload, options.sender, gas)
            overrides = None
        else:
            if not self._accounts.has(options.sender):
                raise AccountUnknownError(
                    f"Account not found in wallet for address: 0x{options.sender.hex()}"
                )
            request = await self._request(payload, options.sender, gas, StubSigner())
            overrides = {options.sender: await self._stub_override()}
        simulated = await self.pxe.simulate_tx(
            request,
            simulate_public=True,
            skip_tx_validation=options.skips_validation or overrides is not None,
            skip_fee_enforcement=options.skips_fee_enforcement or overrides is not None,
            overrides=overrides,
            scopes=scopes,
        )
        return pxe_simulation(simulated)

    async def _stub_override(self) -> ContractOverride:
        """Give what stands in for an account, made once."""
        if self._stub is None:
            artifact = await self.account_artifact(AccountKind.STUB)
            class_id = (await asyncio.to_thread(contract_class_of, artifact)).id
            self._stub = ContractOverride(
                instance=instantiate(class_id, salt=random_nonce()), artifact=artifact
            )
        return self._stub

    async def _ask_node(
        self, calls: Sequence[FunctionCall], gas: GasSettings, options: SimulateOptions
    ) -> list[Simulation]:
        context, anchor = await self._context(gas), await self._anchor()
        answers = []
        for batch in batches_of_calls(calls):
            tx = await asyncio.to_thread(
                public_call_tx, batch, sender=options.sender, context=context, anchor=anchor
            )
            output = await self.node.simulate_public_calls(tx, options.skips_fee_enforcement)
            await self.pxe.log_public_lines(output.debug_logs)
            stack = () if output.revert_reason is None else output.revert_reason.function_error_stack
            called = {call.contract_address for call in stack}
            artifacts = {address: await self._artifact_of(address) for address in called}
            answers.append(node_simulation(tx, output, artifacts.get))
        return answers

    async def _artifact_of(self, address: AztecAddress) -> ContractArtifact | None:
        instance = self.pxe.get_contract_instance(address)
        if instance is None:
            return None
        return await self.pxe.get_contract_artifact(instance.current_contract_class_id)

    async def _anchor(self) -> BlockHeader:
        # Before its first operation the PXE has none.
        header = self.pxe.get_synced_block_header() or await self.node.get_block_header("latest")
        if header is None:
            raise WalletError("the node has no block yet")
        return header


def _fee_option(sender: AztecAddress, payload: ExecutionPayload) -> FeeOption:
    if payload.fee_payer is None:
        return FeeOption.PREEXISTING_FEE_JUICE
    return FeeOption.FEE_JUICE_WITH_CLAIM if payload.fee_payer == sender else FeeOption.EXTERNAL


def _scopes(sender: AztecAddress, additional: Sequence[AztecAddress]) -> tuple[AztecAddress, ...]:
    own = () if sender == NOBODY else (sender,)
    return tuple(dict.fromkeys((*own, *additional)))
