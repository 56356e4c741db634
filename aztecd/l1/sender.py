"""Get one transaction mined: nonce, fees, replacement, and what a lost answer means.

A nonce carries one intention. A retry replaces the transaction under the same nonce with higher fees, and
before another nonce is taken the caller is asked whether the effect is on L1 already.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aztecd.l1.errors import (
    L1DecodeError,
    L1RpcError,
    L1UnavailableError,
    PublishError,
    TransactionTimeoutError,
)
from aztecd.l1.reads import hex_bytes, hex_number
from aztecd.l1.transaction import Fees, L1Account, Signable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from aztecd.l1.client import L1Client, Request

__all__ = ["Receipt", "SenderOptions", "TransactionSender", "sleep_until_stopped"]

_ALREADY_KNOWN = (
    "already known",
    "already imported",
    "known transaction",
    "already in mempool",
    "already exists",
)
_NONCE_USED = ("nonce too low", "nonce is too low", "nonce has already been used", "invalid nonce")
_UNDERPRICED = ("underpriced", "replacement", "fee too low", "gas price too low")
_FEE_BELOW_BASE = (
    "less than block base fee",
    "max fee per gas",
    "maxfeepergas",
    "max fee per blob gas",
    "maxfeeperblobgas",
    "fee cap",
)
_NO_FUNDS = ("insufficient funds", "doesn't have enough funds", "insufficient balance")
_SEND_AND_WAIT = "eth_sendRawTransactionSync"
# What Anvil and EIP-7966 say of a transaction that is in the pool when the node has waited long enough.
_NOT_MINED_YET = ("confirmation timeout", "wasn't processed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a mined transaction."""

    tx_hash: bytes
    succeeded: bool
    block_number: int
    block_hash: bytes
    gas_used: int
    logs: Sequence[dict[str, Any]] = field(repr=False)

    @classmethod
    def from_rpc(cls, value: Any) -> Receipt:
        """Read a node's receipt. Raises L1DecodeError."""
        if not isinstance(value, Mapping) or not isinstance(value.get("logs"), list):
            raise L1DecodeError(f"expected a receipt from L1, got {str(value)[:80]!r}")
        return cls(
            tx_hash=hex_bytes(value.get("transactionHash")),
            succeeded=hex_number(value.get("status")) == 1,
            block_number=hex_number(value.get("blockNumber")),
            block_hash=hex_bytes(value.get("blockHash")),
            gas_used=hex_number(value.get("gasUsed")),
            logs=value["logs"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderOptions:
    """How long to wait, and how often to try again."""

    attempts: int = 6
    receipt_timeout_s: float = 30.0
    """After this time without a receipt the fees are doubled."""
    first_poll_s: float = 0.005
    longest_poll_s: float = 1.0
    priority_fee_wei: int = 10**9


def sleep_until_stopped(is_stopping: Event, seconds: float) -> None:
    """Sleep as a sender does, but not when the daemon is asked to stop. Raises L1UnavailableError then."""
    if is_stopping.wait(seconds):
        raise L1UnavailableError(
            "stopped while L1 did not answer; what became of the transaction is looked up at the next start"
        )


@dataclass(slots=True)
class _Attempt:
    """Where the sending of one transaction stands."""

    nonce: int
    fees: Fees
    hashes: list[bytes] = field(default_factory=list)


class TransactionSender:
    """Sends from one account. Not for use by several threads at once: a nonce has one user.

    Raises from `send`:
        PublishError: the account has no funds.
        TransactionTimeoutError: not mined after all attempts; it may still be, ask before you send again.
        L1UnavailableError: the node stayed away.
        L1RpcError: the node refuses the transaction for another reason.
        L1DecodeError: the node gives damaged answers.
    """

    def __init__(
        self,
        client: L1Client,
        account: L1Account,
        chain_id: int,
        *,
        options: SenderOptions | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self.account = account
        self._chain_id = chain_id
        self._options = options or SenderOptions()
        self._sleep = sleep
        self._monotonic = monotonic
        self._can_send_and_wait = True

    def send(
        self, transaction: Signable, *, is_done: Callable[[], bool], before: Sequence[Request] = ()
    ) -> Receipt | None:
        """Get a transaction mined; its receipt may say that it failed.

        `is_done` tells whether the effect is on L1 already; it is asked whenever an answer was lost or the
        nonce was used by someone else, and None is returned when it says yes. `before` are requests that
        must directly precede the sending (setting the next block's time); their errors do not count.
        """
        attempt = self._start()
        last_error: Exception | None = None
        for _ in range(self._options.attempts):
            try:
                receipt = self._try(transaction, attempt, before)
                if receipt is not None:
                    return receipt
            except L1UnavailableError as error:  # the answer is lost, not necessarily the transaction
                last_error = error
                self._sleep(self._options.longest_poll_s)
            except L1RpcError as error:
                last_error = error
                if not self._prepare_retry(error, attempt):
                    raise
                self._sleep(self._options.first_poll_s)
            else:
                last_error = None
                attempt.fees = attempt.fees.doubled()
            outcome = self._look(attempt, is_done)
            if isinstance(outcome, Receipt):
                return outcome
            if outcome:
                return None
        if isinstance(last_error, L1UnavailableError):
            raise last_error
        raise TransactionTimeoutError(
            f"a transaction of 0x{self.account.address.hex()} with nonce {attempt.nonce} was not mined "
            f"after {self._options.attempts} attempts"
        ) from last_error

    def _start(self) -> _Attempt:
        nonce, block, blob_fee = self.client.batch_settled(
            [
                ("eth_getTransactionCount", [f"0x{self.account.address.hex()}", "latest"]),
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_blobBaseFee", []),
            ]
        )
        for answer in (nonce, block):
            if isinstance(answer, L1RpcError):
                raise answer
        if not isinstance(block, Mapping):
            raise L1DecodeError(f"expected the latest block from L1, got {str(block)[:80]!r}")
        base_fee = hex_number(block.get("baseFeePerGas") or "0x1")
        blob_base_fee = 1 if isinstance(blob_fee, L1RpcError) else hex_number(blob_fee)
        priority = self._options.priority_fee_wei
        fees = Fees(
            max_fee=2 * base_fee + priority, max_priority_fee=priority, max_blob_fee=2 * blob_base_fee
        )
        return _Attempt(nonce=hex_number(nonce), fees=fees)

    def _try(self, transaction: Signable, attempt: _Attempt, before: Sequence[Request]) -> Receipt | None:
        """Send once and wait for the receipt; None when it does not come in time."""
        signed = transaction.sign(
            self.account, chain_id=self._chain_id, nonce=attempt.nonce, fees=attempt.fees
        )
        if signed.tx_hash not in attempt.hashes:
            attempt.hashes.append(signed.tx_hash)
        raw = f"0x{signed.raw.hex()}"
        if self._can_send_and_wait:
            answer = self.client.batch_settled([*before, (_SEND_AND_WAIT, [raw])])[-1]
            if isinstance(answer, dict) and answer.get("status") is not None:
                return Receipt.from_rpc(answer)
            if isinstance(answer, L1RpcError) and answer.is_unknown_method:
                self._can_send_and_wait = False
            if isinstance(answer, L1RpcError) and _says(answer, _NOT_MINED_YET):
                return self._find_receipt(attempt)
        if not self._can_send_and_wait:
            # Other nodes than Anvil work on the requests of a batch in any order.
            for request in before:
                self.client.batch_settled([request])
            answer = self.client.batch_settled([("eth_sendRawTransaction", [raw])])[0]
        # A node that has it already will mine it: that is no reason to offer more.
        if isinstance(answer, L1RpcError) and not _says(answer, _ALREADY_KNOWN):
            raise answer
        return self._await_receipt(attempt)

    def _await_receipt(self, attempt: _Attempt) -> Receipt | None:
        deadline = self._monotonic() + self._options.receipt_timeout_s
        pause = self._options.first_poll_s
        while True:
            receipt = self._find_receipt(attempt)
            if receipt is not None or self._monotonic() >= deadline:
                return receipt
            self._sleep(pause)
            pause = min(pause * 2, self._options.longest_poll_s)

    def _find_receipt(self, attempt: _Attempt) -> Receipt | None:
        """Look for any of the transactions that were sent under the nonce: only one can be mined."""
        answers = self.client.batch(
            [("eth_getTransactionReceipt", [f"0x{tx_hash.hex()}"]) for tx_hash in attempt.hashes]
        )
        for answer in answers:
            if answer is not None:
                return Receipt.from_rpc(answer)
        return None

    def _prepare_retry(self, error: L1RpcError, attempt: _Attempt) -> bool:
        """Whether a refusal is of the kind that another attempt can cure; adapts the attempt."""
        if _says(error, _NO_FUNDS):
            raise PublishError(
                f"the L1 account 0x{self.account.address.hex()} can't pay for its transaction; fund it"
            ) from error
        if _says(error, _NONCE_USED):
            return True
        if _says(error, (*_UNDERPRICED, *_FEE_BELOW_BASE)):
            attempt.fees = attempt.fees.doubled()
            return True
        return False

    def _look(self, attempt: _Attempt, is_done: Callable[[], bool]) -> Receipt | bool | None:
        """After a failed attempt: the receipt if there is one, None if it is done otherwise, False if not.

        When the nonce was used by a transaction that is not ours, the next one is taken.
        """
        try:
            receipt = self._find_receipt(attempt)
            if receipt is not None:
                return receipt
            if is_done():
                return True
            used = hex_number(
                self.client.call("eth_getTransactionCount", f"0x{self.account.address.hex()}", "latest")
            )
        except L1UnavailableError:
            return False
        if used > attempt.nonce:
            # Somebody else's transaction: a receipt of ours would have been found above.
            attempt.nonce = used
            attempt.hashes.clear()
        return False


def _says(error: L1RpcError, parts: Sequence[str]) -> bool:
    text = error.rpc_message.lower()
    return any(part in text for part in parts)
