"""Which public functions a transaction may call before it is certain to pay: the setup allow list.

Authority: @aztec/p2p src/msg_validators/tx_validator/{allowed_public_setup,phases_validator}.ts,
src/config.ts (`parseAllowList`); @aztec/aztec src/testing/token_allowed_setup.ts (4.1.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from aztecd.constants import AUTH_REGISTRY_ADDRESS, FEE_JUICE_ADDRESS, NULL_MSG_SENDER_ADDRESS
from aztecd.crypto.field import FieldError, Fr, fr_from_hex, fr_int
from aztecd.execution.errors import AllowListError
from aztecd.protocol.basic import FunctionSelector
from aztecd.protocol.node_types import AllowedElement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aztecd.execution.views import ContractSource
    from aztecd.protocol.tx_data import PublicCallRequest

__all__ = [
    "DEFAULT_ALLOW_LIST",
    "TOKEN_ALLOW_LIST",
    "MalformedCallError",
    "parse_allow_list",
    "setup_call_refusal",
]

_HEX = re.compile(r"0x[0-9a-fA-F]{1,64}")
_SELECTOR = re.compile(r"(0x)?[0-9a-fA-F]{8}")

_SET_AUTHORIZED_PRIVATE: Final = FunctionSelector(bytes.fromhex("61966b7c"))
"""`_set_authorized((Field),Field,bool)`."""
_SET_AUTHORIZED: Final = FunctionSelector(bytes.fromhex("b839de91"))
"""`set_authorized(Field,bool)`."""
_INCREASE_PUBLIC_BALANCE: Final = FunctionSelector(bytes.fromhex("e7f045ff"))
"""`_increase_public_balance((Field),u128)`."""
_TRANSFER_IN_PUBLIC: Final = FunctionSelector(bytes.fromhex("8c9e5472"))
"""`transfer_in_public((Field),(Field),u128,Field)`."""

_TOKEN_CLASS_ID: Final = fr_from_hex("01efe16b55107894e6b6fb63cebc1a3233e23bbcd648fd9cdf6c0351749ce7ee")
"""The class of the Token contract of @aztec/noir-contracts.js 4.1.2."""

DEFAULT_ALLOW_LIST: Final[tuple[AllowedElement, ...]] = (
    AllowedElement(
        address=AUTH_REGISTRY_ADDRESS,
        selector=_SET_AUTHORIZED_PRIVATE,
        calldata_length=4,
        only_self=True,
        reject_null_msg_sender=True,
    ),
    AllowedElement(
        address=AUTH_REGISTRY_ADDRESS,
        selector=_SET_AUTHORIZED,
        calldata_length=3,
        reject_null_msg_sender=True,
    ),
    AllowedElement(
        address=FEE_JUICE_ADDRESS, selector=_INCREASE_PUBLIC_BALANCE, calldata_length=3, only_self=True
    ),
)
"""What every network allows."""

TOKEN_ALLOW_LIST: Final[tuple[AllowedElement, ...]] = (
    AllowedElement(
        class_id=_TOKEN_CLASS_ID, selector=_INCREASE_PUBLIC_BALANCE, calldata_length=3, only_self=True
    ),
    AllowedElement(class_id=_TOKEN_CLASS_ID, selector=_TRANSFER_IN_PUBLIC, calldata_length=5),
)
"""What a local network adds, so that fee contracts can take tokens."""


class MalformedCallError(Exception):
    """A public call has no calldata, or its first field is no selector."""


def parse_allow_list(text: str) -> tuple[AllowedElement, ...]:
    """Read the setting TX_PUBLIC_SETUP_ALLOWLIST, which extends the default list.

    A comma list of `I:address:selector[:flags]` and `C:classId:selector[:flags]`; flags are joined by `+`:
    `os` (only self), `rn` (no null sender), `cl=N` (calldata length, selector included).

    Raises: AllowListError.
    """
    return tuple(_entry(part.strip()) for part in text.split(",") if part.strip())


def setup_call_refusal(
    call: PublicCallRequest,
    calldata: Sequence[Fr],
    *,
    allow_list: Sequence[AllowedElement],
    contracts: ContractSource,
    timestamp: int,
) -> str | None:
    """Say why a call may not be in the setup phase; entries by address come before those by class.

    Raises: MalformedCallError if the calldata begin with no selector.
    """
    if not calldata or fr_int(calldata[0]) >> 32:
        raise MalformedCallError
    selector = calldata[0][-4:]
    for entry in allow_list:
        if entry.address == call.contract_address and entry.selector == selector:
            return _mismatch(entry, call, calldata)
    by_class = [entry for entry in allow_list if entry.class_id is not None]
    if by_class:
        instance = contracts.contract_instance(call.contract_address, timestamp)
        if instance is None:
            return "Setup function targets unknown contract"
        for entry in by_class:
            if entry.class_id == instance.current_contract_class_id and entry.selector == selector:
                return _mismatch(entry, call, calldata)
    return "Setup function not on allow list"


def _mismatch(entry: AllowedElement, call: PublicCallRequest, calldata: Sequence[Fr]) -> str | None:
    if entry.calldata_length is not None and len(calldata) != entry.calldata_length:
        return "Setup function called with wrong calldata length"
    if entry.only_self and call.msg_sender != call.contract_address:
        return "Setup only_self function called with incorrect msg_sender"
    if entry.reject_null_msg_sender and call.msg_sender == NULL_MSG_SENDER_ADDRESS:
        return "Setup function called with null msg sender"
    return None


def _entry(text: str) -> AllowedElement:
    kind, _, rest = text.partition(":")
    target, _, rest = rest.partition(":")
    selector, _, flags = rest.partition(":")
    if not selector:
        raise AllowListError(
            f'Invalid allow list entry "{text}": selector is required. '
            "Expected format: I:address:selector or C:classId:selector"
        )
    if kind not in {"I", "C"}:
        raise AllowListError(
            f'Invalid allow list entry "{text}": unknown type "{kind}". '
            'Expected "I" (instance) or "C" (class).'
        )
    if not _SELECTOR.fullmatch(selector):
        raise AllowListError(f'Invalid allow list entry "{text}": a selector has 8 hexadecimal digits.')
    identifier = _identifier(target, text)
    length, only_self, reject_null = _flags(flags, text)
    return AllowedElement(
        address=identifier if kind == "I" else None,
        class_id=identifier if kind == "C" else None,
        selector=FunctionSelector(bytes.fromhex(selector.removeprefix("0x"))),
        calldata_length=length,
        only_self=only_self,
        reject_null_msg_sender=reject_null,
    )


def _identifier(target: str, text: str) -> Fr:
    if not _HEX.fullmatch(target):
        raise AllowListError(
            f'Invalid allow list entry "{text}": "{target[:80]}" is no address or class id. '
            "Expected 0x and up to 64 hexadecimal digits."
        )
    try:
        return fr_from_hex(target)
    except FieldError as error:
        raise AllowListError(f'Invalid allow list entry "{text}": {error}') from error


def _flags(flags: str, text: str) -> tuple[int | None, bool | None, bool | None]:
    length: int | None = None
    only_self: bool | None = None
    reject_null: bool | None = None
    for flag in flags.split("+") if flags else ():
        if flag == "os":
            only_self = True
        elif flag == "rn":
            reject_null = True
        elif flag.startswith("cl="):
            digits = flag.removeprefix("cl=")
            if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
                raise AllowListError(
                    f'Invalid allow list entry "{text}": invalid calldataLength in flag "{flag}". '
                    "Expected a non-negative integer."
                )
            length = int(digits)
        else:
            raise AllowListError(
                f'Invalid allow list entry "{text}": unknown flag "{flag}". Supported flags: os, rn, cl=N.'
            )
    return length, only_self, reject_null
