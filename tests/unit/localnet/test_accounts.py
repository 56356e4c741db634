from __future__ import annotations

from aztecd.crypto.field import fr_hex
from aztecd.localnet.accounts import FUNDED_ADDRESSES, TEST_ACCOUNTS, genesis_public_data
from aztecd.state import build_genesis
from tests.support.vectors import cases, load


def test_the_test_accounts_are_the_reference_s():
    recorded = {account["name"]: account for account in load("keys.json.gz")["accounts"]}
    for index, account in enumerate(TEST_ACCOUNTS):
        assert fr_hex(account.secret) == recorded[f"initial_{index}"]["secret"]
        assert fr_hex(account.address) == recorded[f"initial_{index}"]["address"]


def test_the_genesis_is_that_of_the_reference_s_local_network():
    case = next(case for case in cases("trees.json.gz", "genesis") if case["prefilled_public_data"])
    assert [[fr_hex(slot), fr_hex(value)] for slot, value in genesis_public_data()] == case[
        "prefilled_public_data"
    ]
    assert {fr_hex(address) for address in FUNDED_ADDRESSES} == {
        entry["address"] if isinstance(entry, dict) else entry for entry in case["funded_addresses"]
    }
    assert fr_hex(build_genesis(genesis_public_data()).archive_root) == (
        "0x2dbb06108e9a86dfd66387eac78e843c558a4c742514c4d1423e306717362435"
    )
