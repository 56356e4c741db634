"""Approvals, entrypoints, witnesses, payments and publications against recorded ones."""

from __future__ import annotations

import pytest

from aztecd.constants import DOM_SEP_TX_NULLIFIER
from aztecd.crypto.ecdsa import EcdsaCurve, ecdsa_public_key, ecdsa_verify
from aztecd.crypto.field import FR_ZERO, fr, fr_from_hex, fr_hex, fr_int
from aztecd.crypto.grumpkin import Point
from aztecd.crypto.poseidon2 import hash_with_separator
from aztecd.crypto.schnorr import schnorr_public_key, schnorr_verify
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.contracts import PublicKeys
from aztecd.protocol.gas import Gas, GasFees, GasSettings
from aztecd.protocol.hashes import var_args_hash
from aztecd.protocol.tx_data import TxContext
from aztecd.pxe.abi import selector_field, selector_of_signature
from aztecd.pxe.accounts import (
    AccountKind,
    AccountsError,
    CallAuthorization,
    EcdsaSigner,
    EntrypointError,
    EntrypointPayload,
    FeeOption,
    SchnorrSigner,
    SingleKeySigner,
    StubSigner,
    account_payload,
    account_request,
    auth_witness_nullifier,
    claim_payment,
    constructor_arguments,
    direct_request,
    fee_option_for,
    inner_hash_of_call,
    instantiate,
    is_consumable_call,
    lookup_validity_call,
    make_signer,
    multi_call_payload,
    multi_call_request,
    outer_hash_of,
    private_fpc_payment,
    private_fpc_transfer,
    public_fpc_payment,
    public_fpc_transfer,
    publish_class_payload,
    publish_instance_call,
    set_authorized_call,
    sponsored_payment,
)
from aztecd.pxe.artifacts import ContractClass, FunctionAbi, FunctionKind
from aztecd.pxe.keys import CompleteAddress, Secret
from aztecd.pxe.requests import AuthWitness, ExecutionPayload, FunctionCall
from tests.support.vectors import load

FACTS = load("schnorr.json.gz")
ENTRYPOINT = FACTS["account_entrypoint"]
ACCOUNT = load("keys.json.gz")["accounts"][0]
OWNER, OTHER, ASSET = (AztecAddress(fr(number)) for number in (11, 12, 13))


def address(text: str) -> AztecAddress:
    return AztecAddress(fr_from_hex(text))


def call(entry) -> FunctionCall:
    return FunctionCall(
        name="f",
        to=address(entry["to"]),
        selector=FunctionSelector(bytes.fromhex(entry["selector"][2:])),
        type=FunctionKind(entry["type"]),
        hide_msg_sender=entry["hide_msg_sender"],
        is_static=entry["is_static"],
        args=tuple(map(fr_from_hex, entry["args"])),
        return_types=(),
    )


CALLS = tuple(call(entry) for entry in ENTRYPOINT["calls"])
CONTEXT = TxContext(
    chain_id=int(ENTRYPOINT["chain_id"], 16),
    version=int(ENTRYPOINT["version"], 16),
    gas_settings=GasSettings(
        gas_limits=Gas(da_gas=196608, l2_gas=6540000),
        teardown_gas_limits=Gas(da_gas=98304, l2_gas=817500),
        max_fees_per_gas=GasFees(fee_per_da_gas=10, fee_per_l2_gas=20),
        max_priority_fees_per_gas=GasFees(fee_per_da_gas=0, fee_per_l2_gas=0),
    ),
)


class RecordedSigner:
    """Gives the witness that was recorded with the request."""

    def sign(self, message_hash):
        return AuthWitness(request_hash=message_hash, witness=(fr(1), fr(2), fr(3)))


def test_the_recorded_entrypoint():
    payload = EntrypointPayload.of(CALLS, fr_from_hex(ENTRYPOINT["tx_nonce"]))
    assert [fr_hex(field) for field in payload.to_fields()] == ENTRYPOINT["payload_fields"]
    assert fr_hex(payload.hash()) == ENTRYPOINT["payload_hash"]
    hashed = payload.hashed_arguments()
    assert [
        {"values": [fr_hex(value) for value in item.values], "hash": fr_hex(item.hash)} for item in hashed
    ] == ENTRYPOINT["hashed_arguments"]

    request = account_request(
        address(ENTRYPOINT["account"]),
        RecordedSigner(),
        ExecutionPayload(calls=CALLS),
        CONTEXT,
        fee_option=FeeOption(ENTRYPOINT["fee_payment_method"]),
        is_cancellable=ENTRYPOINT["cancellable"],
        tx_nonce=fr_from_hex(ENTRYPOINT["tx_nonce"]),
        salt=fr_from_hex(ENTRYPOINT["salt"]),
    )
    assert "0x" + request.encode().hex() == ENTRYPOINT["tx_execution_request"]
    assert type(request).decode(request.encode()) == request
    assert "0x" + request.function_selector.hex() == ENTRYPOINT["entrypoint_selector"]
    assert fr_hex(request.first_call_args_hash) == ENTRYPOINT["first_call_args_hash"]
    assert [fr_hex(value) for value in request.args_of_calls[5].values] == ENTRYPOINT["entrypoint_args"]
    assert fr_hex(request.auth_witnesses[-1].request_hash) == ENTRYPOINT["auth_witness_request_hash"]
    asked = request.to_tx_request()
    assert [fr_hex(field) for field in asked.to_fields()] == ENTRYPOINT["tx_request_fields"]
    assert fr_hex(asked.hash()) == ENTRYPOINT["tx_request_hash"]
    assert fr_hex(asked.protocol_nullifier()) == ENTRYPOINT["protocol_nullifier"]
    assert (
        fr_hex(hash_with_separator(DOM_SEP_TX_NULLIFIER, [fr_from_hex(ENTRYPOINT["tx_nonce"])]))
        == ENTRYPOINT["cancel_nullifier_inner"]
    )


def test_the_multi_call_entrypoint():
    recorded = FACTS["multicall_entrypoint"]
    nonce = fr_from_hex(ENTRYPOINT["tx_nonce"])
    request = multi_call_request(ExecutionPayload(calls=CALLS), CONTEXT, tx_nonce=nonce)
    assert fr_hex(request.origin) == recorded["origin"]
    assert "0x" + request.function_selector.hex() == recorded["entrypoint_selector"]
    assert [fr_hex(value) for value in request.args_of_calls[5].values] == ENTRYPOINT["payload_fields"]
    assert request.auth_witnesses == ()
    wrapped = multi_call_payload(ExecutionPayload(calls=CALLS, fee_payer=OTHER), tx_nonce=nonce)
    assert [fr_hex(value) for value in wrapped.calls[0].args] == ENTRYPOINT["payload_fields"]
    assert len(wrapped.extra_hashed_args) == 5
    assert wrapped.fee_payer == OTHER


def test_nonces_and_salts_are_random():
    payload = ExecutionPayload(calls=CALLS)
    first, second = (multi_call_request(payload, CONTEXT) for _ in range(2))
    assert first.salt != second.salt
    assert first.first_call_args_hash != second.first_call_args_hash
    assert direct_request(ExecutionPayload(calls=CALLS[:1]), CONTEXT).salt != first.salt


def test_an_account_inside_another_entrypoint():
    given = AuthWitness(request_hash=fr(5), witness=())
    payload = ExecutionPayload(calls=CALLS, auth_witnesses=(given,))
    wrapped = account_payload(OWNER, RecordedSigner(), payload, fee_option=FeeOption.EXTERNAL)
    (entry,) = wrapped.calls
    assert (entry.name, entry.to, len(entry.args)) == ("entrypoint", OWNER, 33)
    assert entry.args[-2:] == (fr(0), fr(0))
    assert wrapped.auth_witnesses[1] == given
    assert wrapped.auth_witnesses[0].witness == (fr(1), fr(2), fr(3))
    assert wrapped.fee_payer == OWNER
    other = account_payload(
        OWNER, RecordedSigner(), payload.replace(fee_payer=OTHER), fee_option=FeeOption.EXTERNAL
    )
    assert other.fee_payer == OTHER


def test_payloads_have_limits():
    with pytest.raises(EntrypointError, match="Expected at most 5 function calls, got 6"):
        EntrypointPayload.of(CALLS * 2)
    with pytest.raises(EntrypointError, match="Expected a single call, got 3"):
        direct_request(ExecutionPayload(calls=CALLS), CONTEXT)
    with pytest.raises(EntrypointError, match="Public entrypoints are not allowed"):
        direct_request(ExecutionPayload(calls=CALLS[1:2]), CONTEXT)
    request = direct_request(ExecutionPayload(calls=CALLS[:1]), CONTEXT, salt=fr(9))
    assert (request.origin, request.salt) == (CALLS[0].to, fr(9))
    assert request.first_call_args_hash == request.args_of_calls[0].hash == var_args_hash(CALLS[0].args)


@pytest.mark.parametrize("case", FACTS["authwit"])
def test_recorded_approvals(case):
    approved = call(
        {"to": case["consumer"], "type": "private", "hide_msg_sender": False, "is_static": False} | case
    )
    assert fr_hex(var_args_hash(approved.args)) == case["args_hash"]
    inner = inner_hash_of_call(address(case["caller"]), approved)
    assert fr_hex(inner) == case["inner_hash"]
    outer = outer_hash_of(approved.to, int(case["chain_id"], 16), int(case["version"], 16), inner)
    assert fr_hex(outer) == case["message_hash"]
    nullifier = auth_witness_nullifier(address(case["on_behalf_of"]), inner)
    assert fr_hex(nullifier) == case["nullifier_inner"]


def test_calls_about_approvals():
    approve = set_authorized_call(fr(7), is_authorized=True)
    assert (approve.name, approve.to, approve.type) == ("set_authorized", fr(1), FunctionKind.PUBLIC)
    assert approve.args == (fr(7), fr(1))
    assert set_authorized_call(fr(7), is_authorized=False).args == (fr(7), fr(0))
    lookup = lookup_validity_call(OWNER, OTHER, fr(7))
    assert (lookup.to, lookup.args, lookup.type) == (OWNER, (OTHER, fr(7)), FunctionKind.UTILITY)
    consumable = is_consumable_call(OWNER, fr(7))
    assert (consumable.to, consumable.args) == (fr(1), (OWNER, fr(7)))


def test_authorizations_of_simulations():
    selector = selector_field(selector_of_signature("CallAuthorization((Field),(u32),Field)"))
    fields = [selector, fr(1), OWNER, fr(0x11223344), fr(4), fr(5), fr(6)]
    read = CallAuthorization.from_fields(fields)
    assert (read.inner_hash, read.msg_sender, read.args) == (fr(1), OWNER, (fr(5), fr(6)))
    assert (read.function_selector, read.args_hash) == (b"\x11\x22\x33\x44", fr(4))
    for bad in ([], fields[:4], [fr(3), *fields[1:]], [*fields[:3], fr(1 << 32), fr(0)]):
        with pytest.raises(AccountsError):
            CallAuthorization.from_fields(bad)


def signature_of(witness) -> bytes:
    return bytes(fr_int(field) for field in witness)


def test_witnesses():
    message, key = fr(99), Secret.from_hex(ACCOUNT["signing_key_default"])
    complete = CompleteAddress.from_text(ACCOUNT["complete_address"])
    public = schnorr_public_key(key.reveal_int())
    schnorr = SchnorrSigner(key).sign(message)
    assert schnorr.request_hash == message
    assert schnorr_verify(message, public, signature_of(schnorr.witness))
    for kind, curve in (
        (AccountKind.ECDSA_K, EcdsaCurve.SECP256K1),
        (AccountKind.ECDSA_R, EcdsaCurve.SECP256R1),
    ):
        witness = make_signer(kind, key).sign(message).witness
        assert len(witness) == 64
        public_key = ecdsa_public_key(key.reveal(), curve)
        assert ecdsa_verify(message, public_key, signature_of(witness), curve)
    single = make_signer(AccountKind.SINGLE_KEY, key, complete).sign(message).witness
    assert len(single) == 77
    assert list(single[:12]) == complete.public_keys.to_fields()
    assert single[76] == complete.partial_address
    # The incoming viewing key signs: that public key is in the witness.
    viewing = Point(fr_int(single[3]), fr_int(single[4]))
    assert schnorr_verify(message, viewing, signature_of(single[12:76]))
    assert make_signer(AccountKind.STUB, None).sign(message).witness == ()
    for signer in (
        SchnorrSigner(key),
        EcdsaSigner(key, EcdsaCurve.SECP256K1),
        SingleKeySigner(key, complete),
    ):
        assert ACCOUNT["signing_key_default"][2:] not in repr(signer)
    assert repr(StubSigner()) == "StubSigner()"


def test_signers_need_their_keys():
    for kind in (AccountKind.SCHNORR, AccountKind.ECDSA_K, AccountKind.ECDSA_R, AccountKind.SINGLE_KEY):
        with pytest.raises(AccountsError, match="needs a signing key"):
            make_signer(kind, None)
    with pytest.raises(AccountsError, match="needs its complete address"):
        make_signer(AccountKind.SINGLE_KEY, Secret.from_int(1))
    with pytest.raises(AccountsError, match="needs a signing key"):
        constructor_arguments(AccountKind.SCHNORR, None)


def test_constructors():
    arguments = constructor_arguments(AccountKind.SCHNORR, Secret.from_hex(ACCOUNT["signing_key_default"]))
    assert arguments is not None
    assert [fr_hex(field) for field in arguments] == ACCOUNT["schnorr_account"]["constructor_args"]
    assert constructor_arguments(AccountKind.SINGLE_KEY, Secret.from_int(1)) is None
    assert constructor_arguments(AccountKind.STUB, None) is None


def initializer(signature_parameters=()) -> FunctionAbi:
    return FunctionAbi(
        name="constructor",
        kind=FunctionKind.PRIVATE,
        is_only_self=False,
        is_static=False,
        is_initializer=True,
        parameters=signature_parameters,
        return_types=(),
        error_types={},
    )


@pytest.mark.parametrize(
    "case",
    [case for case in load("addresses.json.gz")["instances"] if case["constructor"] is None],
    ids=lambda case: case["name"],
)
def test_recorded_instances_without_initializer(case):
    instance = instantiate(
        fr_from_hex(case["class_id"]),
        salt=fr_from_hex(case["salt"]),
        deployer=address(case["deployer"]),
        public_keys=PublicKeys.decode(bytes.fromhex(case["public_keys"][2:])),
    )
    assert fr_hex(instance.address) == case["address"]
    assert instance.initialization_hash == FR_ZERO


def test_publications():
    keys = PublicKeys.decode(bytes.fromhex(ACCOUNT["public_keys_string"][2:]))
    instance = instantiate(fr(5), initializer=initializer(), salt=fr(3), public_keys=keys)
    published = publish_instance_call(instance)
    assert (published.name, published.to) == ("publish_for_public_execution", fr(2))
    assert published.args == (
        fr(3),
        fr(5),
        instance.initialization_hash,
        *keys.to_fields(),
        fr(1),
    )
    owned = instantiate(fr(5), salt=fr(3), deployer=OWNER)
    assert publish_instance_call(owned).args[-1] == fr(0)
    assert owned.address != instance.address

    made = ContractClass(
        id=fr(1),
        artifact_hash=fr(2),
        private_functions_root=fr(3),
        public_bytecode_commitment=fr(4),
        packed_bytecode=bytes(range(1, 41)),
        private_functions=(),
    )
    payload = publish_class_payload(made)
    (publish,) = payload.calls
    assert (publish.name, publish.to, publish.args) == ("publish", fr(3), (fr(2), fr(3), fr(4)))
    (capsule,) = payload.capsules
    assert capsule.contract_address == fr(3)
    assert len(capsule.data) == 3000
    assert capsule.data[0] == fr(40)
    assert capsule.data[1] == b"\0" + bytes(range(1, 32))
    assert capsule.data[2] == b"\0" + bytes(range(32, 41)) + bytes(22)
    assert capsule.data[3] == FR_ZERO


def test_class_bytecode_has_a_limit():
    def made(size):
        return ContractClass(
            id=fr(1),
            artifact_hash=fr(2),
            private_functions_root=fr(3),
            public_bytecode_commitment=fr(4),
            packed_bytecode=bytes(size),
            private_functions=(),
        )

    assert len(publish_class_payload(made(2999 * 31)).capsules[0].data) == 3000
    with pytest.raises(AccountsError, match="got 3001 but max is 3000"):
        publish_class_payload(made(2999 * 31 + 1))


def test_payments():
    sponsored = sponsored_payment(OTHER)
    assert sponsored.fee_payer == OTHER
    assert [(item.name, item.to, item.args) for item in sponsored.calls] == [
        ("sponsor_unconditionally", OTHER, ())
    ]
    claim = claim_payment(OWNER, amount=7, claim_secret=fr(8), message_leaf_index=9)
    (claimed,) = claim.calls
    assert claim.fee_payer == OWNER
    assert (claimed.to, claimed.args) == (fr(5), (OWNER, fr(7), fr(8), fr(9)))
    recorded = {case["signature"]: case["selector"] for case in load("abi.json.gz")["selectors"]}
    wanted = recorded["claim_and_end_setup((Field),u128,Field,Field)"]
    assert "0x" + claimed.selector.hex() == wanted

    transfer = private_fpc_transfer(OWNER, OTHER, ASSET, max_fee=5, nonce=fr(6))
    assert (transfer.to, transfer.args) == (ASSET, (OWNER, OTHER, fr(5), fr(6)))
    approval = AuthWitness(request_hash=fr(1), witness=())
    private = private_fpc_payment(OTHER, max_fee=5, nonce=fr(6), approval=approval)
    assert private.auth_witnesses == (approval,)
    assert (private.fee_payer, private.calls[0].args) == (OTHER, (fr(5), fr(6)))

    transfer = public_fpc_transfer(OWNER, OTHER, ASSET, max_fee=5, nonce=fr(6))
    assert (transfer.type, transfer.args) == (FunctionKind.PUBLIC, (OWNER, OTHER, fr(5), fr(6)))
    approve = set_authorized_call(fr(7), is_authorized=True)
    public = public_fpc_payment(OTHER, max_fee=5, nonce=fr(6), approval=approve)
    assert [item.name for item in public.calls] == ["set_authorized", "fee_entrypoint_public"]
    assert public.fee_payer == OTHER


def test_the_option_follows_from_the_payment():
    assert fee_option_for(OWNER, None) is FeeOption.PREEXISTING_FEE_JUICE
    assert fee_option_for(OWNER, ExecutionPayload(calls=())) is FeeOption.PREEXISTING_FEE_JUICE
    assert fee_option_for(OWNER, sponsored_payment(OTHER)) is FeeOption.EXTERNAL
    claim = claim_payment(OWNER, amount=7, claim_secret=fr(8), message_leaf_index=9)
    assert fee_option_for(OWNER, claim) is FeeOption.FEE_JUICE_WITH_CLAIM
