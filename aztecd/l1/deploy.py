"""Deploy the Aztec contracts of a local network.

All transactions are signed in advance and sent in one go; receipts are looked at in the end. On a
development node mining is paused meanwhile, so that a handful of blocks holds everything.

Authority: @aztec/ethereum src/deploy_aztec_l1_contracts.ts (4.1.2).
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aztecd.crypto.keccak import keccak256
from aztecd.l1.attach import Deployment, attach
from aztecd.l1.deploy_plan import (
    CREATE2_FACTORY,
    MULTICALL3,
    DeploymentPlan,
    PlannedStep,
    Present,
    library_addresses,
    plan_deployment,
)
from aztecd.l1.errors import DeployError, L1RpcError, TransactionTimeoutError
from aztecd.l1.failures import mined_failure
from aztecd.l1.multicall3 import MULTICALL3_TRANSACTION
from aztecd.l1.transaction import Fees, L1Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.l1.client import L1Client
    from aztecd.l1.contracts import ContractSet
    from aztecd.l1.deploy_config import DeployConfig

__all__ = ["deploy"]

_MULTICALL3_LABEL = "Multicall3"
_MULTICALL3_GAS = 1_000_000
_MINIMUM_BALANCE_WEI = 10**18
_PRIORITY_FEE_WEI = 10**9
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class _Head:
    base_fee: int
    gas_limit: int


@dataclass(frozen=True, slots=True)
class _Sent:
    label: str
    raw: bytes
    gas: int

    @property
    def tx_hash(self) -> str:
        return f"0x{keccak256(self.raw).hex()}"

    @property
    def request(self) -> tuple[str, list[str]]:
        return "eth_sendRawTransaction", [f"0x{self.raw.hex()}"]


def deploy(
    client: L1Client,
    contracts: ContractSet,
    account: L1Account,
    config: DeployConfig,
    *,
    allow_used_account: bool = False,
    timeout_s: float = 120.0,
) -> Deployment:
    """Deploy everything, move L1 to slot 1, and read the result back from the chain.

    With an account that has sent transactions before, the addresses and the rollup version differ from the
    reference's local network; that must be allowed explicitly.

    Raises:
        DeployError: the account can't be used, or a step failed (it is named).
        WrongChainError: the node serves another chain.
        L1UnavailableError, TransactionTimeoutError: the node does not answer, or does not mine.
    """
    client.require_chain(config.chain_id)
    present, nonce, block = _inspect(client, contracts, account)
    if nonce and not allow_used_account:
        raise DeployError(
            f"the deployer 0x{account.address.hex()} has sent {nonce} transactions already, so the contracts "
            "would get other addresses than usual; use a fresh L1 chain, another key, or allow it"
        )
    plan = plan_deployment(contracts, config, sender=account.address, nonce=nonce, present=present)
    # The base fee may rise by an eighth with each full block.
    fees = Fees(max_fee=block.base_fee * 4 + _PRIORITY_FEE_WEI, max_priority_fee=_PRIORITY_FEE_WEI)
    sent = [_sign(step, account, config.chain_id, fees) for step in plan.steps]
    _send(client, plan, sent, block.gas_limit, timeout_s)
    deployment = attach(
        client,
        contracts,
        plan.addresses.registry_address,
        version=plan.rollup_version,
        known=plan.addresses,
    )
    if deployment.addresses != plan.addresses:
        raise DeployError("the contracts on L1 are not at the addresses that were worked out for them")
    _leave_slot_zero(client, deployment)
    return deployment


def _inspect(client: L1Client, contracts: ContractSet, account: L1Account) -> tuple[Present, int, _Head]:
    libraries = sorted(library_addresses(contracts).values())
    sender = f"0x{account.address.hex()}"
    nonce, balance, block, multicall3, factory, *codes = client.batch(
        [
            ("eth_getTransactionCount", [sender, "latest"]),
            ("eth_getBalance", [sender, "latest"]),
            ("eth_getBlockByNumber", ["latest", False]),
            *(
                ("eth_getCode", [f"0x{address.hex()}", "latest"])
                for address in (MULTICALL3, CREATE2_FACTORY, *libraries)
            ),
        ]
    )
    if int(balance, 16) < _MINIMUM_BALANCE_WEI:
        raise DeployError(f"the deployer {sender} has {int(balance, 16)} wei; it needs at least 1 ETH")
    present = Present(
        multicall3=multicall3 != "0x",
        create2_factory=factory != "0x",
        libraries=frozenset(a for a, code in zip(libraries, codes, strict=True) if code != "0x"),
    )
    head = _Head(int(block.get("baseFeePerGas", "0x1"), 16), int(block["gasLimit"], 16))
    return present, int(nonce, 16), head


def _sign(step: PlannedStep, account: L1Account, chain_id: int, fees: Fees) -> _Sent:
    signed = step.transaction.sign(account, chain_id=chain_id, nonce=step.nonce, fees=fees)
    return _Sent(step.label, signed.raw, step.transaction.gas)


def _send(
    client: L1Client, plan: DeploymentPlan, sent: Sequence[_Sent], block_gas_limit: int, timeout_s: float
) -> None:
    multicall3 = (
        [_Sent(_MULTICALL3_LABEL, MULTICALL3_TRANSACTION, _MULTICALL3_GAS)] if plan.needs_multicall3 else []
    )
    was_automining = _pause_mining(client)
    if was_automining is None:  # not a development node: its own blocks take the transactions
        _submit(client, sent)
        _await_receipts(client, sent, timeout_s)
        _submit(client, multicall3)
        _await_receipts(client, multicall3, timeout_s)
        return
    try:
        # The first block funds the sender of the Multicall3 transaction, so that one goes last.
        for group in [*_blocks(sent, block_gas_limit), multicall3]:
            _submit(client, group)
            client.call("evm_mine")
        _require_mined(client, [*sent, *multicall3])
    finally:
        client.call("evm_setAutomine", was_automining)


def _pause_mining(client: L1Client) -> bool | None:
    """Stop automatic mining; give whether it was on, None when the node can't stop it."""
    # One after the other: nodes may work on the requests of a batch in any order.
    try:
        was_on = bool(client.call("hardhat_getAutomine"))
        client.call("evm_setAutomine", False)
    except L1RpcError:
        return None
    return was_on


def _submit(client: L1Client, sent: Sequence[_Sent]) -> None:
    answers = client.batch_settled([item.request for item in sent])
    for item, answer in zip(sent, answers, strict=True):
        if isinstance(answer, L1RpcError):
            raise DeployError(f"L1 deployment failed at {item.label}: {answer.rpc_message}", step=item.label)


def _blocks(sent: Sequence[_Sent], gas_limit: int) -> list[list[_Sent]]:
    """Cut the transactions into groups that fit into a block each.

    Anvil 1.5.1 drops all but one of an account's transactions that do not fit into a block.
    """
    groups: list[list[_Sent]] = [[]]
    left = gas_limit
    for item in sent:
        if item.gas > left:
            groups.append([])
            left = gas_limit
        groups[-1].append(item)
        left -= item.gas
    return groups


def _require_mined(client: L1Client, sent: Sequence[_Sent]) -> None:
    if not _check_receipts(client, sent):
        raise DeployError("the L1 node dropped transactions of the deployment")


def _await_receipts(client: L1Client, sent: Sequence[_Sent], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not _check_receipts(client, sent):
        if time.monotonic() > deadline:
            raise TransactionTimeoutError(f"the L1 deployment was not mined within {timeout_s:.0f} s")
        time.sleep(_POLL_S)


def _check_receipts(client: L1Client, sent: Sequence[_Sent]) -> bool:
    """Whether all are mined. Raises DeployError for one that failed."""
    receipts = client.batch([("eth_getTransactionReceipt", [item.tx_hash]) for item in sent])
    for item, receipt in zip(sent, receipts, strict=True):
        if receipt is not None and int(receipt["status"], 16) != 1:
            _, reason = mined_failure(client, item.tx_hash)
            raise DeployError(f"L1 deployment failed at {item.label}: {reason}", step=item.label)
    return all(receipt is not None for receipt in receipts)


def _leave_slot_zero(client: L1Client, deployment: Deployment) -> None:
    """Move a development node to slot 1: slot 0 belongs to genesis, no checkpoint may use it."""
    first_slot = deployment.genesis_time + deployment.slot_duration_s
    latest = client.call("eth_getBlockByNumber", "latest", False)
    if int(latest["timestamp"], 16) < first_slot:
        with contextlib.suppress(L1RpcError):  # elsewhere time passes by itself
            client.call("evm_setNextBlockTimestamp", first_slot)
            client.call("evm_mine")
