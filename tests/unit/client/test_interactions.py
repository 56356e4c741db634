from __future__ import annotations

import pytest

from aztecd.client import (
    ArgumentsError,
    BatchCall,
    ClientError,
    Contract,
    DeploymentError,
    PrivateFeePayment,
    Publication,
    PublicFeePayment,
    SponsoredFee,
)
from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.gas import GasFees
from aztecd.pxe.artifacts import UnknownFunctionError, contract_class_of, load_artifact
from aztecd.pxe.requests import MixedFeePayersError
from aztecd.wallet import CallIntent, GasOptions, WaitOptions
from aztecd.wallet.gas import complete_gas
from tests.support.fake_wallet import ALICE, BOB, FakeWallet, function

U128 = {"kind": "integer", "sign": "unsigned", "width": 128}
FIELD = {"kind": "field"}
OPTION = {
    "kind": "struct",
    "path": "std::option::Option",
    "fields": [{"name": "_is_some", "type": {"kind": "boolean"}}, {"name": "_value", "type": FIELD}],
}
TOKEN = AztecAddress(fr(0x70CE))
SPONSOR = AztecAddress(fr(0x5905))
GAS = complete_gas(GasOptions(), GasFees(fee_per_da_gas=2, fee_per_l2_gas=3))


def parameter(name: str, kind: object) -> dict[str, object]:
    return {"name": name, "type": kind, "visibility": "private"}


@pytest.fixture(scope="module")
def artifact():
    code = {"bytecode": "AAAA", "debugSymbols": "", "verificationKey": "AAAA"}
    two = [parameter("to", FIELD), parameter("amount", U128)]
    return load_artifact(
        {
            "name": "Purse",
            "functions": [
                function("give", "private", two, returnTypes=[U128], **code),
                function("look", "utility", [parameter("who", FIELD)], returnTypes=[FIELD], **code),
            ],
            "nonDispatchPublicFunctions": [
                function("total", "public", returnTypes=[U128], isStatic=True),
                function("note", "public", [parameter("what", OPTION)]),
                function("constructor", "public", [parameter("owner", FIELD)], isInitializer=True),
            ],
            "outputs": {"structs": {}, "globals": {}},
            "storageLayout": {},
            "fileMap": {},
        }
    )


@pytest.fixture
def wallet():
    return FakeWallet()


@pytest.fixture
def purse(artifact, wallet):
    return Contract.at(TOKEN, artifact, wallet)


async def test_a_call_is_sent_as_it_was_made(purse, wallet):
    sent = await purse.methods.give(BOB, 5).send(sender=ALICE)
    ((payload, options),) = wallet.sent
    (call,) = payload.calls
    assert (call.name, call.to, call.args) == ("give", TOKEN, (BOB, fr(5)))
    assert call.selector == purse.methods.give.selector
    assert options.sender == ALICE
    assert options.wait == WaitOptions()
    assert sent.receipt is not None
    assert (await purse.methods.give(BOB, 5).send(sender=ALICE, wait=None)).receipt is None


async def test_values_are_found_by_their_call_whoever_pays(purse, wallet):
    wallet.values = {"give": (fr(42),), "sponsor_unconditionally": (fr(1),)}
    found = await purse.methods.give(BOB, 5).simulate(sender=ALICE, fee=SponsoredFee(sponsor=SPONSOR))
    assert found.value == 42
    payload, _ = wallet.simulated[0]
    assert [call.name for call in payload.calls] == ["sponsor_unconditionally", "give"]
    assert payload.fee_payer == SPONSOR


async def test_a_utility_function_runs_in_the_wallet_alone(purse, wallet):
    wallet.values = {"look": (fr(9),)}
    assert (await purse.methods.look(BOB).simulate(sender=ALICE)).value == 9
    assert wallet.simulated == []
    with pytest.raises(ClientError, match="Can't profile a utility function"):
        await purse.methods.look(BOB).profile(sender=ALICE)


async def test_a_batch_gives_each_part_its_value(purse, wallet):
    wallet.values = {"look": (fr(9),), "total": (fr(100),), "give": (fr(1),)}
    parts = [purse.methods.total(), purse.methods.look(BOB), purse.methods.give(BOB, 1)]
    found = await BatchCall(wallet, parts).simulate(sender=ALICE)
    assert [item.value for item in found] == [100, 9, 1]
    with pytest.raises(ClientError, match="look is a utility function"):
        await BatchCall(wallet, parts).send(sender=ALICE)


async def test_fee_payers_are_not_mixed(purse, wallet):
    other = await SponsoredFee(sponsor=BOB).payload()
    with pytest.raises(MixedFeePayersError, match="different fee payers"):
        await BatchCall(wallet, [other]).send(sender=ALICE, fee=SponsoredFee(sponsor=SPONSOR))


def test_arguments_are_checked(purse):
    with pytest.raises(ArgumentsError) as caught:
        purse.methods.give(BOB, None)
    assert str(caught.value).startswith(
        "Null or undefined arguments are only allowed for Option<T> parameters in "
        "give(to: Field, amount: u128). Received: (0x"
    )
    assert str(caught.value).endswith(", null).")
    assert purse.methods.note(None).call.args == (FR_ZERO, FR_ZERO)
    with pytest.raises(ArgumentsError, match=r"note\(what: Option<Field>\) takes 1 arguments, got 0"):
        purse.methods.note()


def test_functions_have_their_names(purse):
    assert set(purse.methods) == {"give", "look", "total", "note", "constructor"}
    with pytest.raises(AttributeError, match="no function steal"):
        _ = purse.methods.steal
    with pytest.raises(UnknownFunctionError):
        _ = purse.methods["steal"]


async def test_a_private_fee_is_approved_and_bounded_by_the_gas(wallet):
    wallet.values = {"get_accepted_asset": (TOKEN,)}
    fee = PrivateFeePayment(contract=SPONSOR, account=ALICE, wallet=wallet, gas=GAS)
    payload = await fee.payload()
    most = 196_608 * 2 + 6_540_000 * 3
    assert payload.calls[0].args[0] == fr(most)
    ((account, intent),) = wallet.approved
    assert isinstance(intent, CallIntent)
    assert (account, intent.caller, intent.call.to) == (ALICE, SPONSOR, TOKEN)
    assert intent.call.args == (ALICE, SPONSOR, fr(most), payload.calls[0].args[1])
    assert len(payload.auth_witnesses) == 1
    assert fee.gas_options() == GasOptions.of(GAS)


async def test_a_public_fee_is_approved_by_a_call_before_it(wallet):
    wallet.values = {"get_accepted_asset": (TOKEN,)}
    fee = PublicFeePayment(contract=SPONSOR, account=ALICE, wallet=wallet, gas=GAS)
    payload = await fee.payload()
    assert [call.name for call in payload.calls] == ["set_authorized", "fee_entrypoint_public"]
    assert payload.calls[0].args[1] == fr(1)
    assert payload.fee_payer == SPONSOR


async def test_a_contract_that_names_no_token_is_no_payer(wallet):
    fee = PublicFeePayment(contract=SPONSOR, account=ALICE, wallet=wallet, gas=GAS)
    with pytest.raises(ClientError, match="names no token"):
        await fee.payload()


def deployment(wallet, artifact, **options):
    return Contract.deploy(wallet, artifact, ALICE, salt=fr(1), **options)


@pytest.fixture
def public_artifact(artifact):
    """An artifact whose class can be computed: nothing private in it."""
    public = [{"name": abi.name} for abi in artifact.public_functions]
    assert public
    return load_artifact(
        {
            "name": "Stone",
            "functions": [],
            "nonDispatchPublicFunctions": [
                function("constructor", "public", [parameter("owner", FIELD)], isInitializer=True)
            ],
            "outputs": {"structs": {}, "globals": {}},
            "storageLayout": {},
            "fileMap": {},
        }
    )


async def test_a_deployment_publishes_class_and_instance_then_constructs(public_artifact, wallet):
    sent = await deployment(wallet, public_artifact).send(sender=ALICE, fee=SponsoredFee(sponsor=SPONSOR))
    ((payload, _),) = wallet.sent
    assert [call.name for call in payload.calls] == [
        "sponsor_unconditionally",
        "publish",
        "publish_for_public_execution",
        "constructor",
    ]
    assert payload.calls[-1].to == sent.contract.address == sent.instance.address
    assert wallet.registered == [sent.instance]
    assert sent.instance.deployer == ALICE
    assert len(payload.capsules) == 1


async def test_a_published_class_is_not_published_again(public_artifact, wallet):
    wallet.published.add(contract_class_of(public_artifact).id)
    await deployment(wallet, public_artifact, is_universal=True).send(sender=ALICE)
    ((payload, _),) = wallet.sent
    assert [call.name for call in payload.calls] == ["publish_for_public_execution", "constructor"]
    assert wallet.registered[0].deployer == FR_ZERO


async def test_the_address_is_known_before(public_artifact, wallet):
    planned = deployment(wallet, public_artifact)
    assert planned.instance(ALICE) != planned.instance(BOB)
    assert (await planned.send(sender=BOB)).instance == planned.instance(BOB)
    with pytest.raises(DeploymentError, match="depends on the sender"):
        planned.instance()


async def test_a_deployment_of_nothing_is_refused(public_artifact, wallet):
    nothing = Publication(publishes_class=False, publishes_instance=False, initializes=False)
    with pytest.raises(
        DeploymentError, match="No transactions are needed to publish or initialize contract Stone"
    ):
        await deployment(wallet, public_artifact, publication=nothing).send(sender=ALICE)
