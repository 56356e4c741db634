"""What the scenarios of the SDK share: accounts, transactions that are checked, facts that are compared.

`facts` are what every node has to say alike. The steps carry the names of those in tests/e2e/client/*.mjs, so
that they can be compared with what the unmodified client was told by the reference.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from aztecd.client import NOBODY, Client, Contract, Publication, connect
from aztecd.constants import FEE_JUICE_ADDRESS, FEE_JUICE_BALANCES_SLOT
from aztecd.crypto.field import FR_ZERO, fr_int
from aztecd.errors import AztecdError
from aztecd.localnet.accounts import TEST_ACCOUNTS
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.hashes import map_slot
from aztecd.pxe.errors import PublicExecutionError
from aztecd.pxe.execution.errors import PrivateExecutionError
from aztecd.pxe.keys import Secret
from aztecd.wallet import SendResult, WaitOptions
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup
from tests.support.contract_artifacts import PACKAGES
from tests.support.vectors import load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence
    from pathlib import Path

    from aztecd.client import Deployment, FeeMethod, Interaction
    from aztecd.protocol.effect import TxEffect
    from aztecd.protocol.header import BlockHeader
    from aztecd.pxe.artifacts import ContractArtifact
    from aztecd.wallet.gas import GasOptions
    from tests.support.client_install import Client as JsClient

WAIT = WaitOptions(interval_s=0.05, timeout_s=120, ignore_dropped_for_s=0, accepts_revert=True)

_FEE_JUICE = AztecAddress(FEE_JUICE_ADDRESS)
_PLACE = re.compile(r"[\w./-]+\.nr:\d+:\d+")
_HEX = re.compile(r"0x[0-9a-f]{40,64}\b|<[a-z ]+>")
_OF_CLASS = ("mana", "nullifiers", "privateLogs", "classLogs")
"""What differs when somebody has published the class before."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step and what was found."""

    name: str
    facts: dict[str, Any]
    is_compared: bool


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in its block."""

    sent: SendResult
    effect: TxEffect
    header: BlockHeader
    fee: int


@dataclass
class Session:
    """A wallet on a node, with the accounts that have fee juice from the start. Mutable: keeps the steps."""

    client: Client
    artifacts: ArtifactFolders
    l1_url: str
    is_verbose: bool = False
    people: list[AztecAddress] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    _last: float = field(default_factory=time.monotonic)

    def artifact(self, name: str) -> ContractArtifact:
        """Load a contract's code."""
        return self.artifacts.artifact(name)

    def say(self, name: str, facts: dict[str, Any] | None = None, *, is_compared: bool = True) -> None:
        """Note a step."""
        step = Step(name, _plain(facts or {}), is_compared)
        self.steps.append(step)
        now = time.monotonic()
        if self.is_verbose:
            print(f"{now - self._last:7.2f} s  {name}  {json.dumps(step.facts)[:300]}", flush=True)
        self._last = now

    async def begin(self, count: int) -> Sequence[AztecAddress]:
        """Take in so many accounts, and deploy those that nobody has deployed."""
        for index, account in enumerate(TEST_ACCOUNTS[:count]):
            manager = await self.client.create_account(secret=Secret(account.secret), salt=FR_ZERO)
            assert manager.address == account.address
            metadata = await self.client.wallet.get_contract_metadata(manager.address)
            if not metadata.is_initialized:
                publication = Publication(publishes_class=index == 0, publishes_instance=False)
                await manager.deployment(publication).send(sender=NOBODY, wait=WAIT)
            self.people.append(manager.address)
        self.say("begin", is_compared=False)
        return self.people

    async def fee_juice(self, address: AztecAddress) -> int:
        """Read a balance of fee juice."""
        slot = map_slot(FEE_JUICE_BALANCES_SLOT, address)
        return fr_int(await self.client.node.get_public_storage_at("latest", _FEE_JUICE, slot))

    async def mine(
        self,
        name: str,
        interaction: Interaction,
        sender: AztecAddress,
        *,
        payer: AztecAddress | None = None,
        result: str = "success",
        fee: FeeMethod | None = None,
        gas: GasOptions | None = None,
        priority: int = 0,
        claimed: int = 0,
        scopes: Sequence[AztecAddress] = (),
        is_compared: bool = True,
    ) -> Mined:
        """Send a transaction and check what holds for each: the payer has paid what receipt and block say.

        `claimed` is what the payer gets in it.
        """
        payer = payer or sender
        before = await self.fee_juice(payer) + claimed
        sent = await interaction.send(sender=sender, fee=fee, gas=gas, wait=WAIT, additional_scopes=scopes)
        receipt = sent.receipt
        assert receipt is not None
        assert receipt.execution_result == result, f"{name}: {receipt}"
        assert receipt.error is None
        assert receipt.transaction_fee is not None
        paid = receipt.transaction_fee
        assert await self.fee_juice(payer) == before - paid, f"{name}: the payer paid the fee"

        found = await self.client.node.get_tx_effect(sent.tx_hash)
        assert found is not None
        effect = found.data
        header = await self.client.node.get_block_header(found.l2_block_number)  # type: ignore[arg-type]
        assert header is not None
        assert header.hash() == receipt.block_hash == found.l2_block_hash
        assert header.number == receipt.block_number
        assert (effect.tx_hash, effect.transaction_fee) == (sent.tx_hash, paid)
        assert header.total_fees == paid, f"{name}: a block of its own"

        prices = header.global_variables.gas_fees
        rest = paid - header.total_mana_used * (prices.fee_per_l2_gas + priority)
        facts: dict[str, Any] = {"result": result, "mana": header.total_mana_used}
        if prices.fee_per_da_gas == 0:
            assert rest == 0, f"{name}: fee of no gas {rest}"
        else:
            facts["daGas"], nothing = divmod(rest, prices.fee_per_da_gas)
            assert nothing == 0
        facts |= {
            "revertCode": Number(effect.revert_code),
            "noteHashes": Number(len(effect.note_hashes)),
            "nullifiers": Number(len(effect.nullifiers)),
            "messages": Number(len(effect.l2_to_l1_msgs)),
            "writes": Number(len(effect.public_data_writes)),
            "privateLogs": Number(len(effect.private_logs)),
            "publicLogs": [Number(len(log.fields)) for log in effect.public_logs],
            "classLogs": Number(len(effect.contract_class_logs)),
        }
        self.say(name, facts, is_compared=is_compared)
        return Mined(sent, effect, header, paid)

    async def send(self, interaction: Interaction, sender: AztecAddress, fee: FeeMethod) -> SendResult:
        """Send a transaction that will not be mined."""
        return await interaction.send(sender=sender, fee=fee, wait=WAIT)

    async def deploy(self, word: str, deployment: Deployment[Contract], sender: AztecAddress) -> Contract:
        """Deploy a contract: class if nobody has published it, instance, initializer."""
        mined = await self.mine(f"deploy {word}", deployment, sender)
        return mined.sent.contract  # type: ignore[attr-defined,no-any-return]

    async def fails(
        self, name: str, action: Awaitable[object], text: str = "", *, is_compared: bool = True
    ) -> AztecdError:
        """Something has to fail; note what it says, and where in the source."""
        with pytest.raises(AztecdError) as caught:
            await action
        error = caught.value
        assert text in str(error), f"{name}: {error}"
        facts: dict[str, Any] = {"error": str(error)}
        if isinstance(error, PrivateExecutionError | PublicExecutionError):
            facts["stack"] = error.call_stack()
        self.say(name, facts, is_compared=is_compared)
        return error


class Number(int):
    """A number that the recordings have as such, not as text."""


@asynccontextmanager
async def session(
    js_client: JsClient,
    protocol_contracts: Path,
    code_cache: Path,
    node_url: str,
    l1_url: str,
    *,
    is_verbose: bool = False,
) -> AsyncIterator[Session]:
    """Open a new wallet, forgotten at the end."""
    artifacts = ArtifactFolders([js_client.modules / name / "artifacts" for name in PACKAGES])
    setup = WalletSetup(artifacts=artifacts, protocol_contracts=protocol_contracts, code_cache=code_cache)
    async with connect(node_url, setup) as client:
        yield Session(client, artifacts, l1_url, is_verbose)


def differences(recording: str, steps: Sequence[Step]) -> list[str]:
    """Compare steps with those that a script of the unmodified client took; one line for each difference.

    Steps keep the order of the recorded ones; the recording may have more.
    """
    recorded = iter(load(f"client/{recording}.json.gz")["steps"])
    found: list[str] = []
    for step in steps:
        if not step.is_compared:
            continue
        wanted = next((entry["facts"] for entry in recorded if entry["step"] == step.name), None)
        if wanted is None:
            return [*found, f"{step.name}: no such step is recorded, or not after those before it"]
        ours, theirs = _comparable(step.facts), _comparable(wanted)
        if theirs.get("places") == []:
            # Where an oracle was asked that failed: we say it, the reference does not.
            del ours["places"], theirs["places"]
        if step.name.startswith("deploy ") and ours.get("classLogs") != theirs.get("classLogs"):
            for key in _OF_CLASS:
                del ours[key], theirs[key]
        found += [
            f"{step.name}: {key}: {ours.get(key)!r}, recorded {theirs.get(key)!r}"
            for key in sorted(ours.keys() | theirs.keys())
            if ours.get(key) != theirs.get(key)
        ]
    return found


def _comparable(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave of an error its text without what the JavaScript client adds, and the places in the source."""
    if "error" not in facts:
        return dict(facts)
    text = facts["error"].split("\nContext:")[0]
    stack = "\n".join(facts.get("stack", ()))
    places = [re.sub(r"^.*/(?=[\w-]+/src/)", "", place) for place in _PLACE.findall(stack)]
    return {"error": _HEX.sub("<hex>", text).strip(), "places": places}


def _plain(value: Any) -> Any:
    match value:
        case bool() | None | str():
            return value
        case Number():
            return int(value)
        case int():
            return str(value)
        case bytes():
            return str(int.from_bytes(value))
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            raise TypeError(type(value).__name__)
