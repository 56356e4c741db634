"""A wallet as one application sees it: what is not granted is asked for, or refused.

The name in a call is what the application says. Grants go by the name that the wallet's own artifact has for
the selector, and the user reads that name; a function that the wallet does not know has none.

Authority: @aztec/aztec.js src/wallet/capabilities.ts (4.1.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from aztecd import __version__
from aztecd.crypto.field import Fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.codec import JsonValue
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.artifacts import ContractArtifact
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from aztecd.pxe.results import ProfileResult, UtilityResult
from aztecd.wallet.api import EventDefinition, PrivateEventQuery, Wallet
from aztecd.wallet.apps import OWNER
from aztecd.wallet.capabilities import ALL_CAPABILITIES, Capability, Grants, Manifest
from aztecd.wallet.errors import NotGrantedError
from aztecd.wallet.intents import CallIntent, Intent
from aztecd.wallet.options import NOBODY, ProfileOptions, SendOptions, SimulateOptions
from aztecd.wallet.results import (
    Aliased,
    ChainInfo,
    ClassMetadata,
    ContractMetadata,
    FoundEvent,
    SendResult,
    Simulation,
)

__all__ = ["ApproveAll", "Confirmation", "DenyAll", "GuardedWallet", "Question"]

_LATEST_MS: Final = 2**53 - 1
"""The last time that clients can read; what expires later expires then."""
_SHOWN_NAME: Final = 80
"""Names come with artifacts, which applications may bring: a long one must not push the rest out of sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an application wants to do now; `details` are lines for the user."""

    app: str
    action: str
    details: tuple[str, ...] = ()


class Confirmation(Protocol):
    """Who decides: the user, or a rule."""

    async def confirm(self, question: Question) -> bool:
        """Allow one action."""
        ...

    async def grant(self, app: str, manifest: Manifest) -> Sequence[Capability]:
        """Choose what to grant of what an application wants."""
        ...


class ApproveAll:
    """Allows everything: for local networks, and for the owner's own programs."""

    async def confirm(self, question: Question) -> bool:  # noqa: ARG002 - whatever it is
        """Allow one action."""
        return True

    async def grant(self, app: str, manifest: Manifest) -> Sequence[Capability]:  # noqa: ARG002 - as above
        """Grant all that is wanted."""
        return manifest.capabilities


class DenyAll:
    """Allows what was granted, and nothing more."""

    async def confirm(self, question: Question) -> bool:  # noqa: ARG002 - whatever it is
        """Refuse one action."""
        return False

    async def grant(self, app: str, manifest: Manifest) -> Sequence[Capability]:  # noqa: ARG002 - as above
        """Grant nothing."""
        return ()


class GuardedWallet:
    """One application's wallet. Mutable: its grants change."""

    def __init__(
        self,
        wallet: Wallet,
        app: str,
        confirmation: Confirmation,
        grants: Grants | None = None,
        *,
        keep: Callable[[Grants], None] | None = None,
        now_ms: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        """Guard a wallet; `keep` is given the grants whenever the user has chosen new ones."""
        self._wallet = wallet
        self._app = app
        self._confirmation = confirmation
        self._grants = grants if grants is not None else Grants()
        self._keep = keep
        self._now_ms = now_ms

    @classmethod
    def for_owner(cls, wallet: Wallet) -> GuardedWallet:
        """Give the wallet of its owner's programs: everything is granted."""
        grants = Grants(capabilities=ALL_CAPABILITIES, accounts=None)
        return cls(wallet, OWNER, ApproveAll(), grants)

    async def request_capabilities(self, manifest: Manifest) -> JsonValue:
        """Let the user choose what the application may do; that replaces what was granted before."""
        granted = await self._confirmation.grant(self._app, manifest)
        accounts = await self._wallet.get_accounts()
        shares_accounts = any(item["type"] == "accounts" for item in granted)
        expires_ms = None
        if manifest.expiration_ms is not None:
            expires_ms = min(self._now_ms() + manifest.expiration_ms, _LATEST_MS)
        self._grants = Grants(
            capabilities=tuple(granted),
            accounts=frozenset(item.item for item in accounts) if shares_accounts else frozenset(),
            expires_ms=expires_ms,
        )
        if self._keep is not None:
            self._keep(self._grants)
        shown = [{"alias": item.alias, "item": f"0x{item.item.hex()}"} for item in accounts]
        answer: dict[str, JsonValue] = {
            "version": "1.0",
            "granted": [
                {**item, "accounts": shown} if item["type"] == "accounts" else dict(item) for item in granted
            ],
            "wallet": {"name": "aztecd", "version": __version__},
        }
        if expires_ms is not None:
            answer["expiresAt"] = int(expires_ms)
        return answer

    async def get_chain_info(self) -> ChainInfo:
        """Say which chain the wallet works on: nobody's secret."""
        return await self._wallet.get_chain_info()

    async def get_contract_metadata(self, address: AztecAddress) -> ContractMetadata:
        """Tell what is known about a contract."""
        allowed = self._now().allows_contract("canGetMetadata", address)
        await self._require(allowed, "look at a contract", f"contract 0x{address.hex()}")
        return await self._wallet.get_contract_metadata(address)

    async def get_class_metadata(self, class_id: Fr) -> ClassMetadata:
        """Tell what is known about a contract class."""
        allowed = self._now().allows_class(class_id)
        await self._require(allowed, "look at a contract class", f"class 0x{class_id.hex()}")
        return await self._wallet.get_class_metadata(class_id)

    async def get_private_events(
        self, definition: EventDefinition, query: PrivateEventQuery
    ) -> list[FoundEvent]:
        """Find private events of the accounts that the application sees."""
        allowed = self._now().allows_events(query.contract_address) and self._sees(query.scopes)
        accounts = (f"of 0x{account.hex()}" for account in query.scopes)
        contract = f"contract 0x{query.contract_address.hex()}"
        await self._require(allowed, "read private events", contract, *accounts)
        return await self._wallet.get_private_events(definition, query)

    async def register_sender(self, address: AztecAddress, alias: str = "") -> AztecAddress:
        """Look for notes that this address sends."""
        allowed = self._now().allows("data", "addressBook")
        await self._require(allowed, "add to the address book", f"0x{address.hex()} {alias}")
        return await self._wallet.register_sender(address, alias)

    async def get_address_book(self) -> list[Aliased[AztecAddress]]:
        """List the registered senders."""
        await self._require(self._now().allows("data", "addressBook"), "read the address book")
        return await self._wallet.get_address_book()

    async def get_accounts(self) -> list[Aliased[AztecAddress]]:
        """List the accounts that the application may see."""
        allowed = self._now().allows("accounts", "canGet")
        await self._require(allowed, "see the accounts")
        accounts = await self._wallet.get_accounts()
        # Without a grant the user has just allowed to show them all.
        return [item for item in accounts if self._now().sees(item.item)] if allowed else accounts

    async def register_contract(
        self,
        instance: ContractInstanceWithAddress,
        artifact: ContractArtifact | None = None,
        secret: Secret | None = None,
    ) -> ContractInstanceWithAddress:
        """Learn about a contract; one that comes with an account's secret only if everything is granted."""
        allowed = self._now().allows_contract("canRegister", instance.address)
        if secret is not None:
            allowed = allowed and self._now().accounts is None
        name = "" if artifact is None else artifact.name[:_SHOWN_NAME]
        action = "register a contract" if secret is None else "register an account with its keys"
        await self._require(allowed, action, f"0x{instance.address.hex()} {name}")
        return await self._wallet.register_contract(instance, artifact, secret)

    async def simulate_tx(self, payload: ExecutionPayload, options: SimulateOptions) -> Simulation:
        """Tell what a transaction would do."""
        accounts = (options.sender, *options.additional_scopes)
        rule = Grants.allows_simulation
        await self._require_calls("simulate a transaction", payload.calls, accounts, rule)
        return await self._wallet.simulate_tx(payload, options)

    async def execute_utility(
        self, call: FunctionCall, *, scope: AztecAddress, auth_witnesses: Sequence[AuthWitness] = ()
    ) -> UtilityResult:
        """Run a utility function."""
        rule = partial(Grants.allows_simulation, is_utility=True)
        await self._require_calls("read private state", [call], [scope], rule)
        return await self._wallet.execute_utility(call, scope=scope, auth_witnesses=auth_witnesses)

    async def profile_tx(self, payload: ExecutionPayload, options: ProfileOptions) -> ProfileResult:
        """Tell what the steps of a transaction take."""
        accounts = (options.sender, *options.additional_scopes)
        rule = Grants.allows_simulation
        await self._require_calls("profile a transaction", payload.calls, accounts, rule)
        return await self._wallet.profile_tx(payload, options)

    async def send_tx(self, payload: ExecutionPayload, options: SendOptions) -> SendResult:
        """Make, prove and send a transaction."""
        accounts = (options.sender, *options.additional_scopes)
        await self._require_calls("send a transaction", payload.calls, accounts, Grants.allows_sending)
        return await self._wallet.send_tx(payload, options)

    async def create_auth_witness(self, account: AztecAddress, intent: Intent) -> AuthWitness:
        """Let an account approve what somebody else will do."""
        allowed = self._now().allows("accounts", "canCreateAuthWit") and self._sees([account])
        if isinstance(intent, CallIntent):
            (call,) = await self._named([intent.call])
            what = f"0x{intent.caller.hex()} may call {_shown(call)}"
        else:
            what = f"hash 0x{intent.inner_hash.hex()} for 0x{intent.consumer.hex()}"
        await self._require(allowed, "authorize", f"account 0x{account.hex()}", what)
        return await self._wallet.create_auth_witness(account, intent)

    def _now(self) -> Grants:
        expires_ms = self._grants.expires_ms
        if expires_ms is not None and self._now_ms() > expires_ms:
            self._grants = Grants()
        return self._grants

    def _sees(self, accounts: Sequence[AztecAddress]) -> bool:
        grants = self._now()
        return all(account == NOBODY or grants.sees(account) for account in accounts)

    async def _named(self, calls: Sequence[FunctionCall]) -> list[FunctionCall]:
        """Give calls the names that the wallet knows, empty where it knows none."""
        named = []
        for call in calls:
            name = await self._wallet.get_function_name(call.to, FunctionSelector(call.selector))
            named.append(call.replace(name=name or ""))
        return named

    async def _require_calls(
        self,
        action: str,
        calls: Sequence[FunctionCall],
        accounts: Sequence[AztecAddress],
        rule: Callable[[Grants, Sequence[FunctionCall]], bool],
    ) -> None:
        """Hold that calls are granted for all these accounts, or ask."""
        named = await self._named(calls)
        allowed = rule(self._now(), named) and self._sees(accounts)
        await self._require(allowed, action, *_lines(accounts, named))

    async def _require(self, allowed: bool, action: str, *details: str) -> None:
        if allowed:
            return
        question = Question(app=self._app, action=action, details=details)
        if not await self._confirmation.confirm(question):
            raise NotGrantedError(
                f"{self._app} may not {action}: ask for the capability first, or have the user confirm it"
            )


def _lines(accounts: Sequence[AztecAddress], calls: Sequence[FunctionCall]) -> list[str]:
    """Say what is called, and for whom: the sender first, then those whose notes are used too."""
    sender, *others = accounts
    also = (f"with what belongs to 0x{account.hex()}" for account in others)
    return [f"from 0x{sender.hex()}", *also, *map(_shown, calls)]


def _shown(call: FunctionCall) -> str:
    name = call.name[:_SHOWN_NAME] or f"an unknown function (0x{call.selector.hex()})"
    return f"{name} of 0x{call.to.hex()}"
