"""The limits of one transaction's effect, with the reference's words."""

from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.codec import DecodeError
from aztecd.protocol.effect import PublicDataWrite, TxEffect
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields, PrivateLog, PublicLog

WRITE = PublicDataWrite(leaf_slot=fr(1), value=FR_ZERO)
PRIVATE_LOG = PrivateLog(fields=(fr(1),) * 16, emitted_length=1)
CLASS_LOG = ContractClassLog(
    contract_address=fr(3), fields=ContractClassLogFields.padded((fr(1),)), emitted_length=1
)


def _public_log(fields):
    return PublicLog(contract_address=fr(1), fields=(fr(1),) * fields)


@pytest.mark.parametrize(
    "changes",
    [
        {"note_hashes": (fr(1),) * 64},
        {"nullifiers": (fr(1),) * 64},
        {"l2_to_l1_msgs": (fr(1),) * 8},
        {"public_data_writes": (WRITE,) * 64},
        {"public_data_writes": (PublicDataWrite(leaf_slot=FR_ZERO, value=fr(1)),)},
        {"private_logs": (PRIVATE_LOG,) * 64},
        {"public_logs": (_public_log(4094),)},
        {"public_logs": (_public_log(0),) * 2048},
        {"contract_class_logs": (CLASS_LOG,)},
        {"revert_code": 3},
    ],
)
def test_the_most_that_is_allowed(changes):
    effect = TxEffect.empty().replace(**changes)
    assert TxEffect.decode(effect.encode()) == effect
    assert TxEffect.from_json(effect.to_json()) == effect


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"note_hashes": (fr(1),) * 65}, "Too many note hashes: 65, max: 64"),
        ({"nullifiers": (fr(1),) * 65}, "Too many nullifiers: 65, max: 64"),
        ({"l2_to_l1_msgs": (fr(1),) * 9}, "Too many l2 to l1 messages: 9, max: 8"),
        ({"public_data_writes": (WRITE,) * 65}, "Too many public data writes: 65, max: 64"),
        ({"private_logs": (PRIVATE_LOG,) * 65}, "Too many private logs: 65, max: 64"),
        ({"contract_class_logs": (CLASS_LOG,) * 2}, "Too many contract class logs: 2, max: 1"),
        ({"public_logs": (_public_log(4095),)}, "Too many public log fields"),
        ({"public_logs": (_public_log(0),) * 2049}, "Too many public log fields"),
        ({"note_hashes": (fr(1), FR_ZERO)}, "Note hash is zero"),
        ({"nullifiers": (FR_ZERO,)}, "Nullifier is zero"),
        ({"l2_to_l1_msgs": (FR_ZERO,)}, "L2 to L1 message is zero"),
        ({"public_data_writes": (PublicDataWrite.empty(),)}, "Public data write is empty"),
        ({"private_logs": (PRIVATE_LOG.replace(emitted_length=0),)}, "Private log is empty"),
        ({"contract_class_logs": (CLASS_LOG.replace(emitted_length=0),)}, "Contract class log is empty"),
        ({"revert_code": 4}, "Invalid RevertCode: 4"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        TxEffect.empty().replace(**changes)


def test_refused_from_outside():
    data = bytearray(TxEffect.empty().encode())
    data[0] = 4
    with pytest.raises(DecodeError, match="Invalid RevertCode: 4"):
        TxEffect.decode(bytes(data))
    body = TxEffect.empty().to_json() | {"nullifiers": ["0x0"]}
    with pytest.raises(DecodeError, match="Nullifier is zero") as caught:
        TxEffect.from_json(body, "0.data")
    assert caught.value.path == "0.data"


def test_class_logs_have_3023_fields():
    with pytest.raises(ValueError, match="3024 fields"):
        CLASS_LOG.replace(emitted_length=3024)
    assert ContractClassLogFields.padded(()).length() == 0
    assert ContractClassLogFields.padded((FR_ZERO, fr(256), FR_ZERO)).length() == 2
    assert len(ContractClassLogFields.padded((fr(1),)).fields) == 3023


def test_gas_and_fees():
    gas = Gas(da_gas=2, l2_gas=30)
    fees = GasFees(fee_per_da_gas=5, fee_per_l2_gas=7)
    assert fees.cost(gas) == 220
    assert gas.plus(Gas(da_gas=1, l2_gas=1)) == Gas(da_gas=3, l2_gas=31)
    settings = GasSettings.empty().replace(gas_limits=gas, max_fees_per_gas=fees)
    assert settings.fee_limit() == 220
    assert gas.encode() == bytes.fromhex("000000020000001e")
