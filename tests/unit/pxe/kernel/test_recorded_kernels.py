"""The kernel against transactions whose circuits were run by the reference."""

from __future__ import annotations

import dataclasses
import hashlib
from functools import cache

import pytest

from aztecd.constants import PROTOCOL_CONTRACTS_HASH, VK_TREE_ROOT
from aztecd.crypto.field import fr, fr_from_hex, fr_int
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.header import BlockHeader, GlobalVariables
from aztecd.protocol.tree_types import AppendOnlyTreeSnapshot, PartialStateReference, StateReference
from aztecd.protocol.tx_data import TxConstantData, TxContext
from aztecd.pxe.kernel import (
    CircuitInputs,
    CircuitInputsError,
    ClassUpdate,
    KernelError,
    KernelInput,
    PrivateCall,
    TxRequest,
    class_horizon,
    prove,
)
from tests.support.vectors import load

_NEVER_UPDATED = ClassUpdate.from_slots([bytes(32)] * 3)


@cache
def _cases():
    return {case["name"]: case for case in load("kernels.json.gz")["cases"]}


def _header(fields):
    snapshots = [
        AppendOnlyTreeSnapshot(root=fields[2 * i], next_available_leaf_index=fr_int(fields[2 * i + 1]))
        for i in range(5)
    ]
    rest = [fr_int(value) for value in fields[11:]]
    return BlockHeader(
        last_archive=snapshots[0],
        state=StateReference(
            l1_to_l2_message_tree=snapshots[1],
            partial=PartialStateReference(
                note_hash_tree=snapshots[2], nullifier_tree=snapshots[3], public_data_tree=snapshots[4]
            ),
        ),
        sponge_blob_hash=fields[10],
        global_variables=GlobalVariables(
            chain_id=rest[0],
            version=rest[1],
            block_number=rest[2],
            slot_number=rest[3],
            timestamp=rest[4],
            coinbase=fields[16][12:],
            fee_recipient=fields[17],
            gas_fees=GasFees(fee_per_da_gas=rest[7], fee_per_l2_gas=rest[8]),
        ),
        total_fees=rest[9],
        total_mana_used=rest[10],
    )


def _tx_context(fields):
    chain_id, version, *rest = (fr_int(value) for value in fields)
    gas = [Gas(da_gas=rest[i], l2_gas=rest[i + 1]) for i in (0, 2)]
    fees = [GasFees(fee_per_da_gas=rest[i], fee_per_l2_gas=rest[i + 1]) for i in (4, 6)]
    return TxContext(
        chain_id=chain_id,
        version=version,
        gas_settings=GasSettings(
            gas_limits=gas[0],
            teardown_gas_limits=gas[1],
            max_fees_per_gas=fees[0],
            max_priority_fees_per_gas=fees[1],
        ),
    )


def tree(calls):
    """Put calls that are listed in the order of visit under their callers."""
    inputs = next(calls)
    return PrivateCall(inputs, tuple(tree(calls) for _ in inputs.nested_calls))


def links(root):
    """Find which nullifier consumes which note by comparing values, as nobody counted here."""
    found = {}
    notes = [(c.inputs.context.contract_address, n) for c in root.in_order() for n in c.inputs.note_hashes]
    nullifiers = [
        (c.inputs.context.contract_address, n) for c in root.in_order() for n in c.inputs.nullifiers
    ]
    for contract, note in notes:
        for other, nullifier in nullifiers:
            if (
                other == contract
                and nullifier.note_hash == note.value
                and nullifier.counter > note.counter
                and nullifier.counter not in found.values()
            ):
                found[note.counter] = nullifier.counter
                break
    return found


def kernel_input(case):
    request = [fr_from_hex(value) for value in case["tx_request"]]
    calls = [
        CircuitInputs.from_fields([fr_from_hex(value) for value in call["public_inputs"]])
        for call in case["calls"]
    ]
    # Two recordings begin with the calls of a simulation that the client made first.
    first = next(index for index, call in enumerate(calls) if call.args_hash == request[1])
    root = tree(iter(calls[first:]))
    header = _header(root.inputs.header)
    anchor = header.global_variables.timestamp
    return KernelInput(
        request=TxRequest(
            origin=request[0],
            args_hash=request[1],
            tx_context=_tx_context(request[2:12]),
            selector=request[12],
            salt=request[14],
        ),
        root=root,
        constants=TxConstantData(
            anchor_block_header=header,
            tx_context=_tx_context(root.inputs.tx_context),
            vk_tree_root=VK_TREE_ROOT,
            protocol_contracts_hash=PROTOCOL_CONTRACTS_HASH,
        ),
        first_nullifier=fr_from_hex(case["first_nullifier_hint"]),
        nullifier_of_note=links(root),
        horizons={
            call.inputs.context.contract_address: class_horizon(_NEVER_UPDATED, anchor)
            for call in root.in_order()
        },
    )


def _fields(data):
    """Write the data as the circuits do: gas, payer and expiration last."""
    part = data.for_public or data.for_rollup
    return [
        *data.constants.to_fields(),
        *part.to_fields(),
        *data.gas_used.to_fields(),
        data.fee_payer,
        data.expiration_timestamp.to_bytes(32, "big"),
    ]


@pytest.mark.parametrize("name", list(_cases()))
def test_the_kernel_gives_what_the_circuits_gave(name):
    case = _cases()[name]
    data = prove(kernel_input(case))
    assert _fields(data) == [fr_from_hex(value) for value in case["tail_output"]]
    if "tx_hash" in case:
        assert "0x" + data.tx_hash().hex() == case["tx_hash"]
        assert hashlib.sha256(data.encode()).hexdigest() == case["tx_data_sha256"]


def test_calls_that_break_a_rule_are_refused():
    case = kernel_input(_cases()["transfer_in_private authwit"])
    inputs = case.root.inputs
    second = case.root.nested[0]

    def with_first(**changes):
        return dataclasses.replace(
            case, root=PrivateCall(dataclasses.replace(inputs, **changes), case.root.nested)
        )

    def with_second(**changes):
        changed = PrivateCall(dataclasses.replace(second.inputs, **changes), second.nested)
        return dataclasses.replace(case, root=PrivateCall(inputs, (changed, *case.root.nested[1:])))

    context = inputs.context
    for broken, text in [
        (
            with_first(context=dataclasses.replace(context, msg_sender=inputs.args_hash)),
            "Users cannot set msg_sender",
        ),
        (
            with_first(context=dataclasses.replace(context, is_static=True)),
            "First call in a tx cannot be static",
        ),
        (with_first(start_counter=1), "start_side_effect_counter must be greater than 1"),
        (with_first(args_hash=inputs.returns_hash), "not the one that was requested"),
        (with_first(is_fee_payer=False), "Fee payer can't be empty"),
        (with_second(end_counter=second.inputs.end_counter + 1), "incorrect counter range"),
        (with_second(is_fee_payer=True), "Cannot overwrite non-empty fee_payer"),
        (with_second(min_revertible_counter=9), "min_revertible_side_effect_counter"),
        (with_second(header=second.inputs.header[::-1]), "anchor block"),
        (
            with_second(nullifiers=second.inputs.nullifiers[::-1] * 2),
            "Counter must be greater than previous counter",
        ),
        (
            dataclasses.replace(case, first_nullifier=inputs.args_hash),
            "First nullifier claim was not satisfied",
        ),
        (dataclasses.replace(case, root=PrivateCall(inputs, ())), "were executed"),
    ]:
        with pytest.raises(KernelError, match=text):
            prove(broken)


def test_too_low_gas_limits_are_refused():
    case = kernel_input(_cases()["transfer"])
    settings = case.constants.tx_context.gas_settings
    low = settings.replace(gas_limits=Gas(da_gas=1, l2_gas=1))
    context = case.constants.tx_context.replace(gas_settings=low)
    with pytest.raises(KernelError, match="The gas used exceeds the gas limits"):
        prove(dataclasses.replace(case, constants=case.constants.replace(tx_context=context)))


def test_the_class_horizon_follows_the_scheduled_change():
    never = _NEVER_UPDATED
    assert class_horizon(never, 1000) == 1000 + 86399
    packed = 5000 | (0 << 32) | (1 << 64) | (600 << 72)
    update = ClassUpdate.from_slots([packed.to_bytes(32, "big"), bytes(32), bytes(31) + b"\x07"])
    # The change is at 5000, the delay 600: before, the change itself bounds; after, the delay does.
    assert class_horizon(update, 4700) == 4999
    assert class_horizon(update, 4000) == 4599
    assert class_horizon(update, 5000) == 5599
    assert update.class_at(4999) == bytes(32)
    assert update.class_at(5000) == bytes(31) + b"\x07"


def test_fields_that_are_no_public_inputs_are_refused():
    fields = [fr_from_hex(value) for value in _cases()["transfer"]["calls"][0]["public_inputs"]]
    with pytest.raises(CircuitInputsError, match="870 public inputs, got 869"):
        CircuitInputs.from_fields(fields[:-1])
    fields[39] = fr(2)
    with pytest.raises(CircuitInputsError, match="public input 39 does not fit 1 bits"):
        CircuitInputs.from_fields(fields)
    fields[39] = fr(1)
    fields[486] = fr(17)
    with pytest.raises(CircuitInputsError, match="an array of 16 items claims to hold 17"):
        CircuitInputs.from_fields(fields)
