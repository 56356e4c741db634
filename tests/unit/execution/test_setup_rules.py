from __future__ import annotations

import pytest

from aztecd.constants import NULL_MSG_SENDER_ADDRESS
from aztecd.crypto.field import fr, fr_from_hex
from aztecd.execution import DEFAULT_ALLOW_LIST, TOKEN_ALLOW_LIST, AllowListError, parse_allow_list
from aztecd.execution.setup_rules import MalformedCallError, setup_call_refusal
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.protocol.hashes import function_selector
from aztecd.protocol.tx_data import PublicCallRequest
from tests.support.fake_world import FakeContracts
from tests.support.vectors import load

TOKEN = fr(77)
SENDER = fr(9)
SET_AUTHORIZED = fr(0xB839DE91)
PRIVATE_AUTHORIZED = fr(0x61966B7C)
TRANSFER = fr(0x8C9E5472)


def test_lists_are_the_recorded_ones():
    found = [entry.to_json() for entry in DEFAULT_ALLOW_LIST + TOKEN_ALLOW_LIST]
    assert found == load("mempool.json")["allowedPublicSetup"]


@pytest.mark.parametrize(
    ("signature", "selector"),
    [
        ("_set_authorized((Field),Field,bool)", "61966b7c"),
        ("set_authorized(Field,bool)", "b839de91"),
        ("_increase_public_balance((Field),u128)", "e7f045ff"),
        ("transfer_in_public((Field),(Field),u128,Field)", "8c9e5472"),
    ],
)
def test_selectors_belong_to_their_functions(signature, selector):
    assert f"{function_selector(signature):08x}" == selector
    assert selector in {entry.selector.hex() for entry in DEFAULT_ALLOW_LIST + TOKEN_ALLOW_LIST}


def refusal(contract, calldata, *, sender=SENDER, extra=()):
    contracts = FakeContracts()
    contracts.instances[TOKEN] = ContractInstanceWithAddress.empty().replace(
        address=TOKEN,
        current_contract_class_id=TOKEN_ALLOW_LIST[0].class_id,
    )
    contracts.instances[fr(78)] = contracts.instances[TOKEN].replace(
        # What counts is the class that it has now.
        original_contract_class_id=TOKEN_ALLOW_LIST[0].class_id,
        current_contract_class_id=fr(3),
    )
    call = PublicCallRequest(
        msg_sender=sender, contract_address=contract, is_static_call=False, calldata_hash=fr(1)
    )
    return setup_call_refusal(
        call, calldata, allow_list=DEFAULT_ALLOW_LIST + tuple(extra), contracts=contracts, timestamp=1
    )


def padded(selector, length):
    return (selector, *[fr(4)] * (length - 1))


def test_by_address():
    assert refusal(fr(1), padded(SET_AUTHORIZED, 3)) is None
    assert refusal(fr(1), padded(PRIVATE_AUTHORIZED, 4), sender=fr(1)) is None


@pytest.mark.parametrize(
    ("calldata", "sender", "reason"),
    [
        (padded(SET_AUTHORIZED, 4), fr(9), "Setup function called with wrong calldata length"),
        (
            padded(PRIVATE_AUTHORIZED, 4),
            fr(9),
            "Setup only_self function called with incorrect msg_sender",
        ),
        (padded(SET_AUTHORIZED, 3), NULL_MSG_SENDER_ADDRESS, "Setup function called with null msg sender"),
        (padded(fr(5), 3), fr(9), "Setup function not on allow list"),
    ],
)
def test_refusals(calldata, sender, reason):
    assert refusal(fr(1), calldata, sender=sender) == reason


def test_by_class():
    assert refusal(TOKEN, padded(TRANSFER, 5), extra=TOKEN_ALLOW_LIST) is None
    assert refusal(TOKEN, padded(TRANSFER, 5)) == "Setup function not on allow list"
    wrong = refusal(TOKEN, padded(TRANSFER, 6), extra=TOKEN_ALLOW_LIST)
    assert wrong == "Setup function called with wrong calldata length"
    assert refusal(fr(78), padded(TRANSFER, 5), extra=TOKEN_ALLOW_LIST) == "Setup function not on allow list"
    unknown = refusal(fr(79), padded(TRANSFER, 5), extra=TOKEN_ALLOW_LIST)
    assert unknown == "Setup function targets unknown contract"


@pytest.mark.parametrize("calldata", [(), (fr(1 << 32),)])
def test_calls_without_a_selector(calldata):
    with pytest.raises(MalformedCallError):
        refusal(fr(1), calldata)


def test_reading_the_setting():
    first, second = parse_allow_list(" I:0x05:0xe7f045ff , ,C:0x0a:b839de91:os+rn+cl=12 ")
    assert (first.address, first.class_id, first.selector.hex()) == (fr(5), None, "e7f045ff")
    assert (first.calldata_length, first.only_self, first.reject_null_msg_sender) == (None, None, None)
    assert (second.address, second.class_id, second.selector.hex()) == (None, fr(10), "b839de91")
    assert (second.calldata_length, second.only_self, second.reject_null_msg_sender) == (12, True, True)
    assert parse_allow_list("") == ()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("I:0x05", "selector is required"),
        ("X:0x05:e7f045ff", 'unknown type "X"'),
        ("I:0x05:e7f045", "8 hexadecimal digits"),
        ("I:5z:e7f045ff", "no address or class id"),
        ("C:0x" + "f" * 64 + ":e7f045ff", "field modulus"),
        ("I:0x05:e7f045ff:zz", 'unknown flag "zz"'),
        ("I:0x05:e7f045ff:cl=x", "non-negative integer"),
        ("I:0x05:e7f045ff:cl=-1", "non-negative integer"),
        ("I:0x05:e7f045ff:os:rn", "unknown flag"),
    ],
)
def test_what_cannot_be_read(text, part):
    with pytest.raises(AllowListError, match=part):
        parse_allow_list(text)


def test_error_names_the_entry():
    with pytest.raises(AllowListError) as caught:
        parse_allow_list("I:0x05:e7f045ff,C:0x01:zzzz")
    assert '"C:0x01:zzzz"' in str(caught.value)
    assert caught.value.code == "allow_list"


def test_selector_may_have_a_prefix():
    (entry,) = parse_allow_list("I:0x05:0xe7f045ff")
    assert entry.address == fr_from_hex("5")
