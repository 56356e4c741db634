"""Class identifiers and addresses against recorded values and recorded logs."""

from __future__ import annotations

import pytest

from aztecd.constants import (
    CONTRACT_CLASS_PUBLISHED_TAG,
    CONTRACT_INSTANCE_PUBLISHED_MAGIC,
    CONTRACT_INSTANCE_PUBLISHED_TAG,
    CONTRACT_INSTANCE_REGISTRY_ADDRESS,
    CONTRACT_INSTANCE_UPDATED_TAG,
    PROTOCOL_CONTRACTS_HASH,
)
from aztecd.crypto.field import FR_ZERO, fr, fr_from_hex, fr_hex
from aztecd.protocol.contracts import (
    DEFAULT_PUBLIC_KEYS,
    ContractInstanceWithAddress,
    InvalidContractError,
    PublicKeys,
    contract_address,
    contract_class_id,
    initialization_hash,
    private_functions_root,
    protocol_contracts_hash,
    public_bytecode_commitment,
)
from aztecd.protocol.effect import IndexedTxEffect
from aztecd.protocol.hashes import silo_private_log_tag
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, PublicLog
from aztecd.protocol.registry_events import (
    ContractInstanceUpdate,
    class_from_log,
    instance_from_log,
    is_class_published,
    is_instance_published,
    is_instance_updated,
    update_from_log,
)
from tests.support.recorded_blocks import SESSIONS, blocks_of, checkpoint_cases, session
from tests.support.vectors import cases, load

KEY_NAMES = ("npk_m", "ivpk_m", "ovpk_m", "tpk_m")
ADDRESSES = load("addresses.json.gz")
KEYS = load("keys.json.gz")


def _cases(kind):
    return cases("poseidon2.json", kind)


def _keys(points):
    """Make keys of four points, as pairs or with members x and y."""
    pairs = [point.values() if isinstance(point, dict) else point for point in points]
    return _keys_of_text("".join(text[2:] for pair in pairs for text in pair))


def _keys_of_text(text):
    data = bytes.fromhex(text.removeprefix("0x"))
    return PublicKeys(
        master_nullifier_public_key=data[:64],
        master_incoming_viewing_public_key=data[64:128],
        master_outgoing_viewing_public_key=data[128:192],
        master_tagging_public_key=data[192:],
    )


def _instance(*, salt, deployer, class_id, initialization, keys):
    return ContractInstanceWithAddress(
        version=1,
        salt=fr_from_hex(salt),
        deployer=fr_from_hex(deployer),
        current_contract_class_id=fr(99),
        original_contract_class_id=fr_from_hex(class_id),
        initialization_hash=fr_from_hex(initialization),
        public_keys=keys,
        address=FR_ZERO,
    )


@pytest.mark.parametrize("case", _cases("public_keys_hash"), ids=lambda case: case["name"])
def test_public_keys_hash(case):
    keys = _keys([case["keys"][name] for name in KEY_NAMES])
    assert fr_hex(keys.hash()) == case["output"]
    assert PublicKeys.from_json(keys.to_json()) == keys


def test_no_keys_hash_to_zero():
    assert PublicKeys.empty().hash() == FR_ZERO


def test_default_keys():
    recorded = KEYS["default_public_keys"]
    assert _keys_of_text(recorded["string"]) == DEFAULT_PUBLIC_KEYS
    assert fr_hex(DEFAULT_PUBLIC_KEYS.hash()) == recorded["hash"]


@pytest.mark.parametrize("account", KEYS["accounts"], ids=lambda account: account["name"])
def test_accounts(account):
    keys = _keys([account[name] for name in KEY_NAMES])
    assert keys == _keys_of_text(account["public_keys_string"])
    assert fr_hex(keys.hash()) == account["public_keys_hash"]
    if "schnorr_account" in account:
        contract = account["schnorr_account"]
        instance = _instance(
            salt=contract["salt"],
            deployer="0",
            class_id=contract["contract_class_id"],
            initialization=contract["initialization_hash"],
            keys=keys,
        )
        assert fr_hex(contract_address(instance)) == contract["address"]


@pytest.mark.parametrize("case", _cases("contract_address"), ids=lambda case: case["name"])
def test_contract_address(case):
    instance = _instance(
        salt=case["salt"],
        deployer=case["deployer"],
        class_id=case["original_contract_class_id"],
        initialization=case["initialization_hash"],
        keys=_keys([case["keys"][name] for name in KEY_NAMES]),
    )
    assert fr_hex(contract_address(instance)) == case["address"]


@pytest.mark.parametrize("case", ADDRESSES["instances"], ids=lambda case: case["name"])
def test_addresses_of_instances(case):
    instance = _instance(
        salt=case["salt"],
        deployer=case["deployer"],
        class_id=case["class_id"],
        initialization=case["initialization_hash"],
        keys=_keys_of_text(case["public_keys"]),
    )
    assert fr_hex(contract_address(instance)) == case["address"]


def test_keys_off_the_curve_give_no_address():
    keys = DEFAULT_PUBLIC_KEYS.replace(master_incoming_viewing_public_key=bytes(64))
    with pytest.raises(InvalidContractError, match="not on the curve"):
        contract_address(_instance(salt="1", deployer="0", class_id="1", initialization="0", keys=keys))


@pytest.mark.parametrize("case", _cases("initialization_hash"))
def test_initialization_hash(case):
    arguments = tuple(fr_from_hex(value) for value in case["args"])
    assert fr_hex(initialization_hash(int(case["selector"], 16), arguments)) == case["output"]


@pytest.mark.parametrize("case", _cases("public_bytecode_commitment"))
def test_public_bytecode_commitment(case):
    assert fr_hex(public_bytecode_commitment(bytes.fromhex(case["packed_bytecode"][2:]))) == case["output"]


def test_bytecode_of_3000_chunks_is_too_long():
    public_bytecode_commitment(bytes(31 * 2999))
    with pytest.raises(InvalidContractError, match="exceeds maximum deployable size"):
        public_bytecode_commitment(bytes(31 * 2999 + 1))


@pytest.mark.parametrize("case", _cases("private_functions_root"))
def test_private_functions_root(case):
    assert fr_hex(private_functions_root(_functions(case["functions"]))) == case["output"]


def test_functions_are_sorted_by_selector():
    case = max(_cases("private_functions_root"), key=lambda case: len(case["functions"]))
    functions = _functions(case["functions"])
    assert len(functions) > 2
    assert fr_hex(private_functions_root(functions[::-1])) == case["output"]


def test_at_most_128_private_functions():
    private_functions_root([(number, fr(1)) for number in range(128)])
    with pytest.raises(InvalidContractError, match="at most 128 private functions, got 129"):
        private_functions_root([(number, fr(1)) for number in range(129)])


@pytest.mark.parametrize("case", _cases("contract_class_id"))
def test_contract_class_id(case):
    found = contract_class_id(
        fr_from_hex(case["artifact_hash"]),
        fr_from_hex(case["private_functions_root"]),
        fr_from_hex(case["public_bytecode_commitment"]),
    )
    assert fr_hex(found) == case["output"]


@pytest.mark.parametrize("case", ADDRESSES["classes"], ids=lambda case: case["name"])
def test_class_ids_of_contracts(case):
    root = private_functions_root(_functions(case["private_functions"]))
    assert fr_hex(root) == case["private_functions_root"]
    commitment = fr_from_hex(case["public_bytecode_commitment"])
    assert fr_hex(contract_class_id(fr_from_hex(case["artifact_hash"]), root, commitment)) == case["class_id"]


@pytest.mark.parametrize("case", _cases("contract_class"))
def test_live_contract_class(case):
    commitment = public_bytecode_commitment(bytes.fromhex(case["packed_bytecode"][2:]))
    assert fr_hex(commitment) == case["public_bytecode_commitment"]
    found = contract_class_id(
        fr_from_hex(case["artifact_hash"]), fr_from_hex(case["private_functions_root"]), commitment
    )
    assert fr_hex(found) == case["id"]


@pytest.mark.parametrize("case", _cases("protocol_contracts_hash"))
def test_protocol_contracts_hash(case):
    derived = [fr_from_hex(address) for address in case["derived_addresses"]]
    assert len(derived) == 11
    assert fr_hex(protocol_contracts_hash(derived)) == case["output"]
    assert fr_hex(PROTOCOL_CONTRACTS_HASH) == case["output"] == ADDRESSES["protocol_contracts_hash"]


@pytest.mark.parametrize("case", ADDRESSES["protocol_contracts"], ids=lambda case: case["name"])
def test_protocol_contracts(case):
    instance = _instance(
        salt=case["salt"],
        deployer=case["address"],
        class_id=case["class_id"],
        initialization="0",
        keys=DEFAULT_PUBLIC_KEYS,
    )
    assert fr_hex(contract_address(instance)) == case["derived_address"]


# What the chains publish.


def _effects():
    for name in SESSIONS:
        for line in session(name)["tx_effect"]:
            yield IndexedTxEffect.from_json(line["value"]).data
    for case in checkpoint_cases(synthetic=False):
        for block in blocks_of(case):
            yield from block.body.tx_effects


EFFECTS = list(_effects())


def test_published_classes_have_their_ids():
    logs = [log for effect in EFFECTS for log in effect.contract_class_logs]
    assert len(logs) > 5
    for log in logs:
        assert is_class_published(log)
        found = class_from_log(log, 7)
        assert found.id == log.fields.fields[1]
        assert found.l2_block_number == 7
        changed = _with_field(log, 3, fr(1))
        with pytest.raises(InvalidContractError, match="Invalid contract class id"):
            class_from_log(changed, 7)


def test_published_instances_have_their_addresses():
    logs = [log for effect in EFFECTS for log in effect.private_logs if is_instance_published(log)]
    assert len(logs) > 5
    for log in logs:
        found = instance_from_log(log)
        assert found.address == log.fields[1] == contract_address(found)
        assert contract_address(found.replace(salt=fr(1))) != found.address
        assert ContractInstanceWithAddress.from_json(found.to_json()) == found
        with pytest.raises(InvalidContractError, match="version 2"):
            instance_from_log(log.replace(fields=(*log.fields[:2], fr(2), *log.fields[3:])))
        with pytest.raises(InvalidContractError, match="max safe integer"):
            instance_from_log(log.replace(fields=(*log.fields[:2], fr(1 << 53), *log.fields[3:])))


def test_ordinary_logs_publish_nothing():
    private = [log for effect in EFFECTS for log in effect.private_logs]
    published = [log for log in private if is_instance_published(log)]
    assert 0 < len(published) < len(private)
    assert not any(is_instance_updated(log) for effect in EFFECTS for log in effect.public_logs)


def test_the_instance_tag_is_the_siloed_magic():
    siloed = silo_private_log_tag(CONTRACT_INSTANCE_REGISTRY_ADDRESS, CONTRACT_INSTANCE_PUBLISHED_MAGIC)
    assert siloed == CONTRACT_INSTANCE_PUBLISHED_TAG


def test_class_version_must_be_one():
    log = next(log for effect in EFFECTS for log in effect.contract_class_logs)
    with pytest.raises(InvalidContractError, match="class version 2"):
        class_from_log(_with_field(log, 2, fr(2)), 1)
    with pytest.raises(InvalidContractError, match="max safe integer"):
        class_from_log(_with_field(log, 5, fr(1 << 60)), 1)


def test_only_the_registry_publishes_classes():
    fields = ContractClassLogFields.padded((CONTRACT_CLASS_PUBLISHED_TAG,))
    log = ContractClassLog(contract_address=fr(3), fields=fields, emitted_length=1)
    assert is_class_published(log)
    assert not is_class_published(log.replace(contract_address=fr(2)))


def test_updates():
    fields = (CONTRACT_INSTANCE_UPDATED_TAG, fr(11), fr(22), fr(33), fr(44))
    log = PublicLog(contract_address=CONTRACT_INSTANCE_REGISTRY_ADDRESS, fields=fields)
    assert is_instance_updated(log)
    assert update_from_log(log) == ContractInstanceUpdate(
        address=fr(11), previous_class_id=fr(22), new_class_id=fr(33), timestamp_of_change=44
    )
    assert not is_instance_updated(log.replace(contract_address=fr(3)))
    assert not is_instance_updated(log.replace(fields=()))
    with pytest.raises(InvalidContractError, match="5 fields, got 4"):
        update_from_log(log.replace(fields=fields[:4]))


def test_a_private_log_has_its_length():
    with pytest.raises(ValueError, match="17 fields"):
        PrivateLog(fields=(FR_ZERO,) * 16, emitted_length=17)


def _functions(functions):
    return [(int(entry["selector"], 16), fr_from_hex(entry["vk_hash"])) for entry in functions]


def _with_field(log, index, value):
    fields = list(log.fields.fields)
    fields[index] = value
    if index == 2:  # the version is not part of the identifier
        return log.replace(fields=ContractClassLogFields(fields=tuple(fields)))
    return log.replace(fields=log.fields.replace(fields=tuple(fields)))
