from __future__ import annotations

import json

import pytest

from aztecd.crypto.field import fr
from aztecd.node.record import DataDirError, NetworkRecord
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.node_types import L1ContractAddresses


def record() -> NetworkRecord:
    addresses = L1ContractAddresses.empty().replace(registry_address=bytes(range(20)), gse_address=b"\7" * 20)
    return NetworkRecord(
        chain_id=31_337,
        rollup_version=344_372_055,
        addresses=addresses,
        genesis_time=1_700_000_000,
        prefunded=(AztecAddress(fr(5)), AztecAddress(fr(7))),
        standard_contracts=True,
    )


def test_a_new_directory_has_none(tmp_path):
    assert NetworkRecord.load(tmp_path) is None


def test_what_is_saved_is_loaded(tmp_path):
    record().save(tmp_path)
    assert NetworkRecord.load(tmp_path) == record()
    assert [path.name for path in tmp_path.iterdir()] == ["network.json"]


def test_an_older_record_is_of_a_chain_that_gets_no_contracts(tmp_path):
    record().save(tmp_path)
    path = tmp_path / "network.json"
    value = json.loads(path.read_text())
    assert value.pop("standard_contracts") is True
    del value["genesis_time"], value["prefunded"]
    path.write_text(json.dumps(value))
    found = NetworkRecord.load(tmp_path)
    assert found is not None
    assert not found.standard_contracts
    assert found.prefunded is found.genesis_time is None


@pytest.mark.parametrize("prefunded", [["0x1g"], "0x01", [1], [f"0x{'ff' * 32}"]])
def test_damaged_addresses_are_named(tmp_path, prefunded):
    record().save(tmp_path)
    path = tmp_path / "network.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"prefunded": prefunded}))
    with pytest.raises(DataDirError, match="is damaged"):
        NetworkRecord.load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "\xff\xfe",  # no UTF-8
        "",
        "{",
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 1, "chain_id": 1, "rollup_version": 1, "addresses": {}}',
    ],
)
def test_damage_is_named(tmp_path, text):
    (tmp_path / "network.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataDirError, match="is damaged"):
        NetworkRecord.load(tmp_path)


def test_another_format_is_named(tmp_path):
    record().save(tmp_path)
    path = tmp_path / "network.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 9}))
    with pytest.raises(DataDirError, match="has format 9, this aztecd knows 1"):
        NetworkRecord.load(tmp_path)


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    with pytest.raises(DataDirError, match="can't write"):
        record().save(tmp_path / "missing")
