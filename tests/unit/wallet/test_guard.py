from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress, FunctionSelector
from aztecd.protocol.contracts import ContractInstanceWithAddress
from aztecd.pxe.artifacts import FunctionKind
from aztecd.pxe.keys import Secret
from aztecd.pxe.requests import ExecutionPayload, FunctionCall
from aztecd.wallet import CallIntent, ProfileOptions, SendOptions, SimulateOptions
from aztecd.wallet.capabilities import read_manifest
from aztecd.wallet.errors import NotGrantedError
from aztecd.wallet.guard import ApproveAll, DenyAll, GuardedWallet, Question
from aztecd.wallet.terminal import AskOnTerminal
from tests.support.fake_wallet import ALICE, BOB, FakeWallet

TOKEN = AztecAddress(fr(0x70))
TRANSFER = FunctionSelector(bytes.fromhex("aabbccdd"))
BURN = FunctionSelector(bytes.fromhex("00000bad"))
SCOPE = [{"contract": "0x" + TOKEN.hex(), "function": "transfer"}]


def call(name: str = "transfer", selector: FunctionSelector = TRANSFER) -> FunctionCall:
    return FunctionCall(
        name=name,
        to=TOKEN,
        selector=selector,
        type=FunctionKind.PRIVATE,
        hide_msg_sender=False,
        is_static=False,
        args=(),
        return_types=(),
    )


def manifest(*capabilities, **behavior):
    value = {
        "version": "1.0",
        "metadata": {"name": "app", "version": "1"},
        "capabilities": list(capabilities),
        "behavior": behavior,
    }
    return read_manifest(value, "0")


ACCOUNTS = {"type": "accounts", "canGet": True}
SENDING = {"type": "transaction", "scope": SCOPE}


class Rule(DenyAll):
    """Grants what is wanted, confirms nothing, and remembers the questions."""

    def __init__(self) -> None:
        self.questions: list[Question] = []

    async def confirm(self, question: Question) -> bool:
        self.questions.append(question)
        return False

    async def grant(self, app, manifest):
        return manifest.capabilities


@pytest.fixture
def wallet():
    fake = FakeWallet()
    fake.names = {TRANSFER: "transfer", BURN: "burn"}
    return fake


async def test_nothing_is_allowed_before_it_is_granted(wallet):
    guarded = GuardedWallet(wallet, "shop", DenyAll())
    assert (await guarded.get_chain_info()).chain_id == 31337
    with pytest.raises(NotGrantedError, match="shop may not see the accounts"):
        await guarded.get_accounts()
    with pytest.raises(NotGrantedError, match="send a transaction"):
        await guarded.send_tx(ExecutionPayload(calls=(call(),)), SendOptions(sender=ALICE))
    assert wallet.sent == []


async def test_the_grant_says_which_accounts_there_are(wallet):
    guarded = GuardedWallet(wallet, "shop", Rule())
    answer = await guarded.request_capabilities(manifest(ACCOUNTS, SENDING))
    account = {"alias": "alice", "item": "0x" + ALICE.hex()}
    assert answer["granted"] == [{**ACCOUNTS, "accounts": [account]}, SENDING]
    assert answer["version"] == "1.0"
    assert "expiresAt" not in answer
    assert [item.alias for item in await guarded.get_accounts()] == ["alice"]
    await guarded.send_tx(ExecutionPayload(calls=(call(),)), SendOptions(sender=ALICE))
    assert len(wallet.sent) == 1


async def test_a_false_name_opens_nothing(wallet):
    guarded = GuardedWallet(wallet, "shop", Rule())
    await guarded.request_capabilities(manifest(ACCOUNTS, SENDING))
    for selector in (BURN, FunctionSelector(b"\7\7\7\7")):
        payload = ExecutionPayload(calls=(call("transfer", selector),))
        with pytest.raises(NotGrantedError):
            await guarded.send_tx(payload, SendOptions(sender=ALICE))
    assert wallet.sent == []


async def test_a_transaction_without_calls_costs_a_fee_and_needs_a_grant(wallet):
    guarded = GuardedWallet(wallet, "shop", Rule())
    nothing = ExecutionPayload(calls=())
    for capabilities in ([ACCOUNTS], [ACCOUNTS, SENDING]):
        await guarded.request_capabilities(manifest(*capabilities))
        with pytest.raises(NotGrantedError):
            await guarded.send_tx(nothing, SendOptions(sender=ALICE))
        with pytest.raises(NotGrantedError):
            await guarded.simulate_tx(nothing, SimulateOptions(sender=ALICE))
    assert wallet.sent == []
    await guarded.request_capabilities(manifest(ACCOUNTS, {"type": "transaction", "scope": "*"}))
    await guarded.send_tx(nothing, SendOptions(sender=ALICE))
    await GuardedWallet.for_owner(wallet).simulate_tx(nothing, SimulateOptions(sender=ALICE))


async def test_foreign_accounts_are_out_of_reach(wallet):
    guarded = GuardedWallet(wallet, "shop", Rule())
    await guarded.request_capabilities(manifest(ACCOUNTS, SENDING))
    payload = ExecutionPayload(calls=(call(),))
    with pytest.raises(NotGrantedError):
        await guarded.send_tx(payload, SendOptions(sender=BOB))
    with pytest.raises(NotGrantedError):
        await guarded.send_tx(payload, SendOptions(sender=ALICE, additional_scopes=(BOB,)))


async def test_sending_needs_no_less_than_sending(wallet):
    guarded = GuardedWallet(wallet, "shop", Rule())
    await guarded.request_capabilities(
        manifest(ACCOUNTS, {"type": "simulation", "transactions": {"scope": "*"}})
    )
    payload = ExecutionPayload(calls=(call(),))
    await guarded.simulate_tx(payload, SimulateOptions(sender=ALICE))
    with pytest.raises(NotGrantedError):
        await guarded.send_tx(payload, SendOptions(sender=ALICE))
    with pytest.raises(NotGrantedError):
        await guarded.execute_utility(call(), scope=ALICE)
    with pytest.raises(NotGrantedError):
        await guarded.create_auth_witness(ALICE, CallIntent(caller=BOB, call=call()))


async def test_grants_expire(wallet):
    now = [1000.0]
    guarded = GuardedWallet(wallet, "shop", Rule(), now_ms=lambda: now[0])
    answer = await guarded.request_capabilities(manifest(ACCOUNTS, expiration=500))
    assert answer["expiresAt"] == 1500
    await guarded.get_accounts()
    now[0] = 1501
    with pytest.raises(NotGrantedError):
        await guarded.get_accounts()
    answer = await guarded.request_capabilities(manifest(ACCOUNTS, expiration=1e308))
    assert answer["expiresAt"] == 2**53 - 1
    await guarded.get_accounts()


async def test_grants_outlive_the_process_and_expire_all_the_same(wallet):
    now, kept = [1000.0], []
    first = GuardedWallet(wallet, "shop", Rule(), keep=kept.append, now_ms=lambda: now[0])
    await first.request_capabilities(manifest(ACCOUNTS, SENDING))
    await first.request_capabilities(manifest(ACCOUNTS, expiration=500))
    assert [grants.expires_ms for grants in kept] == [None, 1500]
    assert [item["type"] for item in kept[0].capabilities] == ["accounts", "transaction"]
    again = GuardedWallet(wallet, "shop", Rule(), kept[-1], now_ms=lambda: now[0])
    assert [item.alias for item in await again.get_accounts()] == ["alice"]
    now[0] = 1501
    with pytest.raises(NotGrantedError):
        await again.get_accounts()


async def test_the_user_is_asked_with_all_details(wallet):
    rule = Rule()
    guarded = GuardedWallet(wallet, "shop", rule)
    with pytest.raises(NotGrantedError):
        await guarded.create_auth_witness(ALICE, CallIntent(caller=BOB, call=call()))
    (question,) = rule.questions
    assert question.app == "shop"
    assert question.details[0] == f"account 0x{ALICE.hex()}"
    assert f"0x{BOB.hex()} may call transfer" in question.details[1]


async def test_the_user_reads_names_that_the_wallet_knows_not_those_of_the_application(wallet):
    rule = Rule()
    guarded = GuardedWallet(wallet, "shop", rule)
    disguised, unknown = call("balance_of", BURN), call("balance_of", FunctionSelector(b"\7\7\7\7"))
    payload = ExecutionPayload(calls=(disguised, unknown))
    questions = (
        guarded.send_tx(payload, SendOptions(sender=ALICE, additional_scopes=(BOB,))),
        guarded.simulate_tx(payload, SimulateOptions(sender=ALICE, additional_scopes=(BOB,))),
        guarded.profile_tx(payload, ProfileOptions(sender=ALICE, additional_scopes=(BOB,))),
        guarded.execute_utility(disguised, scope=ALICE),
        guarded.create_auth_witness(ALICE, CallIntent(caller=BOB, call=disguised)),
    )
    for question in questions:
        with pytest.raises(NotGrantedError):
            await question
    burns = f"burn of 0x{TOKEN.hex()}"
    transaction = (
        f"from 0x{ALICE.hex()}",
        f"with what belongs to 0x{BOB.hex()}",
        burns,
        f"an unknown function (0x07070707) of 0x{TOKEN.hex()}",
    )
    assert [question.details for question in rule.questions] == [
        transaction,
        transaction,
        transaction,
        (f"from 0x{ALICE.hex()}", burns),
        (f"account 0x{ALICE.hex()}", f"0x{BOB.hex()} may call {burns}"),
    ]


async def test_the_user_learns_that_keys_come_with_a_contract(wallet):
    rule = Rule()
    guarded = GuardedWallet(wallet, "shop", rule)
    account = ContractInstanceWithAddress.empty()
    for secret in (None, Secret(bytes(32))):
        with pytest.raises(NotGrantedError):
            await guarded.register_contract(account, None, secret)
    assert [question.action for question in rule.questions] == [
        "register a contract",
        "register an account with its keys",
    ]


async def test_the_owner_may_do_everything(wallet):
    guarded = GuardedWallet.for_owner(wallet)
    assert await guarded.get_accounts()
    await guarded.send_tx(ExecutionPayload(calls=(call(),)), SendOptions(sender=BOB))
    assert isinstance(await guarded.create_auth_witness(ALICE, CallIntent(caller=BOB, call=call())), object)
    assert len(wallet.approved) == 1


async def test_whoever_approves_all_is_never_in_the_way(wallet):
    guarded = GuardedWallet(wallet, "shop", ApproveAll())
    assert len(await guarded.get_accounts()) == 1


async def test_the_terminal_shows_the_question_and_takes_only_a_yes():
    asked = []

    def ask(answer):
        def read(prompt: str) -> str:
            asked.append(prompt)
            return answer

        return AskOnTerminal(read)

    question = Question(app="evil\x1b[2Japp", action="send a transaction", details=("to you\n",))
    assert await ask(" Yes\n").confirm(question)
    assert not await ask("\n").confirm(question)
    assert not await ask("").confirm(question)
    assert "\x1b" not in asked[0]
    assert "evil?[2Japp wants to send a transaction" in asked[0]
    assert await ask("y").grant("shop", manifest(ACCOUNTS, SENDING)) == [ACCOUNTS, SENDING]
    assert await ask("n").grant("shop", manifest(ACCOUNTS)) == []


async def test_the_terminal_grants_nothing_that_the_user_does_not_see():
    asked = []

    def yes(prompt: str) -> str:
        asked.append(prompt)
        return "y"

    everything = {"contract": "*", "function": "*"}
    long = {"type": "transaction", "scope": [*SCOPE * 50, everything]}
    too_long = {"type": "transaction", "scope": [*SCOPE * 100, everything]}
    granted = await AskOnTerminal(yes).grant("shop", manifest(long, too_long, ACCOUNTS))
    assert [item["type"] for item in granted] == ["transaction", "accounts"]
    assert str(everything).replace("'", '"') in asked[0]
    assert "it does not get it" in asked[1]


async def test_the_terminal_keeps_names_short():
    asked = []
    question = Question(app="shop", action="send", details=("x" * 5000,))
    assert not await AskOnTerminal(lambda prompt: asked.append(prompt) or "n").confirm(question)
    assert len(asked[0]) < 400
    assert "xxx...\n" in asked[0]
