"""Who may call which oracle, and what is refused, with the texts that clients look for."""

from __future__ import annotations

import pytest

from aztecd.crypto.aes import encrypt_cbc
from aztecd.crypto.field import FR_MODULUS, FR_ZERO, fr, fr_hex, fr_int
from aztecd.crypto.grumpkin import GENERATOR, Point
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS
from aztecd.protocol.hashes import l1_to_l2_message_nullifier, silo_nullifier
from aztecd.protocol.tree_types import (
    MembershipWitness,
    NullifierLeaf,
    NullifierLeafPreimage,
    NullifierMembershipWitness,
    SiblingPath,
)
from aztecd.pxe.execution.views import ALL_SCOPES, SettledNote, TaggingSecret
from aztecd.pxe.kernel.public_inputs import CallContext
from aztecd.pxe.keys import KeyValidationRequest
from aztecd.pxe.oracles import (
    PRIVATE_ORACLES,
    UTILITY_ORACLES,
    MiscOracles,
    OracleError,
    OracleUnavailableError,
    PendingNote,
    PrivateOracles,
    UtilityOracles,
    answer,
)
from aztecd.pxe.oracles.tagging import tag_of
from aztecd.pxe.requests import AuthWitness, Capsule
from tests.support.pxe_views import ANCHOR, FakeViews, empty_caches, header_of

CONTRACT, OTHER = AztecAddress(fr(0xC0)), AztecAddress(fr(0xC1))
ALICE, BOB = AztecAddress(fr(0xA1)), AztecAddress(fr(0xB0))
BLOCK = fr(0xB10C)
C, OTHER_C, A, B = (fr_int(item) for item in (CONTRACT, OTHER, ALICE, BOB))
BLOCK_ARGUMENT = [fr_int(BLOCK)]


@pytest.fixture
def fake():
    return FakeViews()


@pytest.fixture
def utility(fake):
    return make_utility(fake)


@pytest.fixture
def private(fake):
    return make_private(fake)


def make_utility(fake, *, scopes=(ALICE,), auth_witnesses=()):
    return UtilityOracles(fake.environment(), CONTRACT, scopes=scopes, auth_witnesses=auth_witnesses)


def make_private(fake, *, is_static=False, capsules=(), call=None):
    return PrivateOracles(
        fake.environment(),
        empty_caches(),
        CallContext(ALICE, CONTRACT, fr(1), is_static),
        scopes=(ALICE,),
        auth_witnesses=(),
        capsules=capsules,
        call=call,
    )


def refused(handler, name, *arguments):
    with pytest.raises(OracleError) as caught:
        answer(handler, name, [[item] if isinstance(item, int) else item for item in arguments])
    return str(caught.value)


def ask(handler, name, *arguments):
    return list(answer(handler, name, [[item] if isinstance(item, int) else item for item in arguments]))


class TestNames:
    def test_utility_functions_have_no_private_oracles(self, utility):
        for name in PRIVATE_ORACLES:
            with pytest.raises(OracleUnavailableError) as caught:
                answer(utility, name, [])
            assert str(caught.value) == "Private oracles not available with the current handler"

    def test_some_code_has_misc_oracles_only(self, fake):
        misc = MiscOracles(fake.environment(), CONTRACT)
        assert ask(misc, "utilityGetRandomField") == [4]
        for name in UTILITY_ORACLES:
            with pytest.raises(OracleUnavailableError) as caught:
                answer(misc, name, [])
            assert str(caught.value) == "Utility oracles not available with the current handler"

    def test_unknown_names(self, private):
        assert refused(private, "utilityGetMoon") == "Oracle callback utilityGetMoon not found"

    def test_the_version_is_checked(self, utility):
        assert ask(utility, "utilityAssertCompatibleOracleVersion", 12) == []
        assert (
            refused(utility, "utilityAssertCompatibleOracleVersion", 13)
            == "Incompatible oracle version. Expected version 12, got 13."
        )


class TestArguments:
    def test_missing_ones_are_named(self, utility):
        assert refused(utility, "utilityDeleteCapsule", C) == (
            "utilityDeleteCapsule was called with only 1 arguments"
        )

    def test_a_list_in_the_place_of_a_value(self, utility):
        assert refused(utility, "utilityFetchTaggedLogs", [1, 2]) == (
            "argument 1 of utilityFetchTaggedLogs has 2 values, expected 1"
        )

    def test_counters_have_32_bits(self, private):
        assert refused(private, "privateIsSideEffectCounterRevertible", 1 << 32) == (
            "argument 1 of privateIsSideEffectCounterRevertible does not fit 32 bits: 0x100000000"
        )

    def test_what_is_left_over_is_ignored(self, private):
        assert ask(private, "privateIsSideEffectCounterRevertible", 1, 2, 3) == [0]


class TestLog:
    def test_fields_go_into_the_text(self, fake, utility):
        fake.names = {CONTRACT: "Token"}
        text = list(map(ord, "{1} of {0}, {2}, {}"))
        assert ask(utility, "utilityLog", 6, text, 2, [5, 6]) == []
        (line,) = fake.logs
        five, six = fr_hex(fr(5)), fr_hex(fr(6))
        assert line.message == f"{six} of {five}, {{2}}, {five},{six}"
        assert (line.level, line.contract) == ("debug", CONTRACT)
        assert line.logger_name == "contract_log::Token(0x00000000)"

    def test_unknown_contracts_and_levels(self, fake, utility):
        ask(utility, "utilityLog", 0, [], 0, [])
        assert fake.logs[0].level == "silent"
        assert fake.logs[0].logger_name.startswith("contract_log::Unknown(")
        assert refused(utility, "utilityLog", 8, [], 0, []) == "Invalid log level: 8"


class TestTreesAndStorage:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (
                "utilityGetNoteHashMembershipWitness",
                "Note hash {leaf} not found in the note hash tree at anchor block hash {block}.",
            ),
            (
                "utilityGetBlockHashMembershipWitness",
                "Block hash {leaf} not found in the archive tree at anchor block {block}.",
            ),
            (
                "utilityGetNullifierMembershipWitness",
                "Nullifier witness not found for nullifier {leaf} at block hash {block}.",
            ),
            (
                "utilityGetLowNullifierMembershipWitness",
                "Low nullifier witness not found for nullifier {leaf} at block hash {block}.",
            ),
            (
                "utilityGetPublicDataWitness",
                "Public data witness not found for slot {leaf} at block hash {block}.",
            ),
        ],
    )
    def test_leaves_that_are_not_there(self, utility, name, text):
        expected = text.format(leaf=fr_hex(fr(9)), block=fr_hex(BLOCK))
        assert refused(utility, name, BLOCK_ARGUMENT, 9) == expected

    @pytest.mark.parametrize(
        ("name", "table", "height"),
        [
            ("utilityGetNoteHashMembershipWitness", "note_hash", 42),
            ("utilityGetBlockHashMembershipWitness", "block_hash", 30),
        ],
    )
    def test_membership_witnesses(self, fake, utility, name, table, height):
        fake.witnesses[table, BLOCK, fr(9)] = MembershipWitness(7, tuple(fr(n) for n in range(height)))
        assert ask(utility, name, BLOCK_ARGUMENT, 9) == [7, list(range(height))]

    @pytest.mark.parametrize(
        ("name", "table"),
        [
            ("utilityGetNullifierMembershipWitness", "nullifier"),
            ("utilityGetLowNullifierMembershipWitness", "low_nullifier"),
        ],
    )
    def test_nullifier_witnesses(self, fake, utility, name, table):
        fake.witnesses[table, BLOCK, fr(9)] = NullifierMembershipWitness(
            index=7,
            leaf_preimage=NullifierLeafPreimage(
                leaf=NullifierLeaf(nullifier=fr(8)), next_key=fr(10), next_index=11
            ),
            sibling_path=SiblingPath(tuple(fr(n) for n in range(42))),
        )
        assert ask(utility, name, BLOCK_ARGUMENT, 9) == [7, 8, 10, 11, list(range(42))]

    def test_headers_up_to_the_anchor(self, fake, utility):
        anchor = ANCHOR.number
        fields = [fr(n) for n in range(101, 123)]
        fake.headers[3] = header_of(fields)
        assert ask(utility, "utilityGetBlockHeader", 3) == list(range(101, 123))
        assert refused(utility, "utilityGetBlockHeader", 4) == "Block header not found for block 4."
        assert refused(utility, "utilityGetBlockHeader", anchor + 1) == (
            f"Block number {anchor + 1} is higher than current block {anchor}"
        )

    def test_messages_from_l1_at_the_latest_block(self, fake, utility):
        ask_message = ("utilityGetL1ToL2MembershipWitness", C, 50, 60)
        shown = fr_hex(fr(50))
        assert refused(utility, *ask_message) == f"No L1 to L2 message found for message hash {shown}"
        fake.messages[fr(50)] = (5, [fr(n) for n in range(36)])
        assert ask(utility, *ask_message) == [5, list(range(36))]
        fake.nullifiers.add(("latest", l1_to_l2_message_nullifier(CONTRACT, fr(50), fr(60))))
        assert refused(utility, *ask_message) == (
            f"No non-nullified L1 to L2 message found for message hash {shown}"
        )

    def test_storage(self, fake, utility):
        fake.storage[BLOCK, OTHER, fr(8)] = fr(80)
        assert ask(utility, "utilityStorageRead", BLOCK_ARGUMENT, OTHER_C, 7, 3) == [[0, 80, 0]]
        assert "more than there are" in refused(
            utility, "utilityStorageRead", BLOCK_ARGUMENT, OTHER_C, FR_MODULUS - 1, 2
        )

    def test_nullifiers_at_the_anchor_and_of_the_transaction(self, fake, utility, private):
        assert ask(utility, "utilityCheckNullifierExists", 5) == [0]
        fake.nullifiers.add((ANCHOR.hash(), silo_nullifier(CONTRACT, fr(5))))
        assert ask(utility, "utilityCheckNullifierExists", 5) == [1]
        assert ask(private, "utilityCheckNullifierExists", 5) == [1]
        assert ask(private, "utilityCheckNullifierExists", 6) == [0]
        ask(private, "privateNotifyCreatedNullifier", 6)
        assert ask(private, "utilityCheckNullifierExists", 6) == [1]
        assert ask(utility, "utilityCheckNullifierExists", 6) == [0]
        assert ask(private, "privateIsNullifierPending", 6, C) == [1]
        assert ask(private, "privateIsNullifierPending", 6, OTHER_C) == [0]


class TestKeysAndAccounts:
    def test_keys_of_scoped_accounts_only(self, fake):
        fake.keys[fr(7)] = (ALICE, KeyValidationRequest(public_key=Point(1, 2), app_secret=fr(3)))
        for scopes in ((ALICE,), (BOB, ALICE), (), ALL_SCOPES):
            handler = make_utility(fake, scopes=scopes)
            assert ask(handler, "utilityGetKeyValidationRequest", 7, 0) == [1, 2, 0, 3]
        assert refused(make_utility(fake, scopes=(BOB,)), "utilityGetKeyValidationRequest", 7, 0) == (
            f"Key validation request denied: no scoped account has a key with hash {fr_hex(fr(7))}."
        )

    def test_contracts(self, utility):
        assert refused(utility, "utilityGetContractInstance", OTHER_C) == (
            f"No contract instance found for address {fr_hex(OTHER)}"
        )

    def test_an_unknown_account_has_no_keys(self, utility):
        assert ask(utility, "utilityTryGetPublicKeysAndPartialAddress", B) == [0, [0] * 13]

    def test_shared_secrets(self, fake, utility):
        point = (GENERATOR.x, GENERATOR.y, 0)
        assert f"No public key registered for address {fr_hex(ALICE)}" in refused(
            utility, "utilityGetSharedSecret", A, *point
        )
        fake.accounts[ALICE] = (DEFAULT_PUBLIC_KEYS, FR_ZERO)
        fake.shared_secrets[ALICE, GENERATOR] = Point(3, 4)
        assert ask(utility, "utilityGetSharedSecret", A, *point) == [3, 4, 0]
        assert "is no point of the curve" in refused(utility, "utilityGetSharedSecret", A, 1, 1, 0)

    def test_auth_witnesses_of_the_request(self, fake):
        handler = make_utility(fake, auth_witnesses=[AuthWitness(request_hash=fr(5), witness=(fr(1), fr(2)))])
        assert ask(handler, "utilityGetAuthWitness", 5) == [[1, 2]]
        assert refused(handler, "utilityGetAuthWitness", 6) == (
            f"Unknown auth witness for message hash {fr_hex(fr(6))}"
        )

    def test_decryption(self, utility):
        key, iv = bytes(range(16)), bytes(range(16, 32))
        sealed = encrypt_cbc(b"hello", iv, key)
        storage = [*sealed, *bytes(16)]
        plain = [*b"hello", *bytes(27)]
        assert ask(utility, "utilityAes128Decrypt", storage, 16, [*iv], [*key]) == [plain, 5]
        assert "33 bytes in a vector of at most 32" in refused(
            utility, "utilityAes128Decrypt", storage, 33, [*iv], [*key]
        )
        assert "blocks of 16 bytes" in refused(utility, "utilityAes128Decrypt", storage, 15, [*iv], [*key])


class TestCapsulesAndDiscovery:
    def test_capsules_belong_to_the_contract(self, utility):
        text = f"Contract {fr_hex(OTHER)} is not allowed to access {fr_hex(CONTRACT)}'s PXE DB"
        assert refused(utility, "utilityStoreCapsule", OTHER_C, 1, [2]) == text
        assert refused(utility, "utilityLoadCapsule", OTHER_C, 1, 1) == text
        assert refused(utility, "utilityDeleteCapsule", OTHER_C, 1) == text
        assert refused(utility, "utilityCopyCapsule", OTHER_C, 1, 2, 3) == text

    def test_store_load_delete_copy(self, fake, utility):
        assert ask(utility, "utilityLoadCapsule", C, 1, 2) == [0, [0, 0]]
        assert ask(utility, "utilityStoreCapsule", C, 1, [8, 9]) == []
        assert ask(utility, "utilityLoadCapsule", C, 1, 2) == [1, [8, 9]]
        assert ask(utility, "utilityCopyCapsule", C, 1, 2, 3) == []
        assert fake.asked == [("copy", CONTRACT, fr(1), fr(2), 3)]
        assert ask(utility, "utilityDeleteCapsule", C, 1) == []
        assert ask(utility, "utilityLoadCapsule", C, 1, 2) == [0, [0, 0]]

    def test_a_capsule_of_the_request_hides_a_stored_one(self, fake):
        fake.capsules[CONTRACT, fr(1)] = (fr(8),)
        given = Capsule(contract_address=CONTRACT, storage_slot=fr(1), data=(fr(9),))
        handler = make_private(fake, capsules=[given])
        assert ask(handler, "utilityLoadCapsule", C, 1, 1) == [1, [9]]
        ask(handler, "utilityDeleteCapsule", C, 1)
        assert ask(handler, "utilityLoadCapsule", C, 1, 1) == [1, [9]]
        assert fake.capsules == {}

    def test_messages_are_looked_for_on_behalf_of_the_scopes(self, fake, utility):
        ask(utility, "utilityFetchTaggedLogs", 5)
        ask(utility, "utilityValidateAndStoreEnqueuedNotesAndEvents", C, 5, 6)
        ask(utility, "utilityBulkRetrieveLogs", C, 7, 8)
        assert fake.asked == [
            ("fetch", CONTRACT, fr(5), (ALICE,)),
            ("validate", CONTRACT, fr(5), fr(6)),
            ("retrieve", CONTRACT, fr(7), fr(8)),
        ]
        text = f"Got a note validation request from {fr_hex(OTHER)}, expected {fr_hex(CONTRACT)}"
        assert refused(utility, "utilityValidateAndStoreEnqueuedNotesAndEvents", OTHER_C, 5, 6) == text
        assert refused(utility, "utilityBulkRetrieveLogs", OTHER_C, 7, 8) == text


def note_query(*, owner=None, status=1, max_notes=4, length=8, limit=0):
    empty = [[]] * 9
    some = [int(owner is not None)], [fr_int(owner or FR_ZERO)]
    return [*some, [5], [0], *empty, [limit], [0], [status], [max_notes], [length]]


def settled(value, nullifier, owner=ALICE):
    return SettledNote(
        contract_address=CONTRACT,
        owner=owner,
        storage_slot=fr(5),
        randomness=fr(7),
        nonce=fr(8),
        items=(fr(value), fr(0)),
        note_hash=fr(9),
        siloed_nullifier=silo_nullifier(CONTRACT, fr(nullifier)),
    )


class TestNotes:
    def first_items(self, given):
        storage, count = given
        return [storage[8 * index] for index in range(count)]

    def test_settled_notes_by_owner_and_scope(self, fake, utility):
        fake.notes = [settled(1, 50), settled(2, 51, owner=BOB), settled(3, 52)]
        given = ask(utility, "utilityGetNotes", *note_query(owner=ALICE, status=2))
        assert self.first_items(given) == [1, 3]
        assert given[0][:16] == [1, 0, C, A, 7, 5, 3, 8, 3, 0, C, A, 7, 5, 3, 8]
        assert given[0][16:] == [0] * 16
        assert fake.asked == [("notes", 2, (ALICE,))]
        assert self.first_items(ask(utility, "utilityGetNotes", *note_query())) == [1, 2, 3]

    def test_private_functions_see_what_the_transaction_did(self, fake, private):
        fake.notes = [settled(1, 50), settled(3, 52)]
        ask(private, "privateNotifyNullifiedNote", 50, 0, 5)
        created = (A, 5, 7, 1, [4, 0], 1004)
        ask(private, "privateNotifyCreatedNote", *created, 6)
        ask(private, "privateNotifyCreatedNote", A, 5, 7, 1, [5, 0], 1005, 7)
        ask(private, "privateNotifyNullifiedNote", 60, 1004, 8)
        given = ask(private, "utilityGetNotes", *note_query(owner=ALICE))
        assert self.first_items(given) == [3, 5]
        assert given[0][8:16] == [5, 0, C, A, 7, 5, 1, 0]
        assert private.effects.nullifier_of_note == {6: 8}
        assert [note.items for note in private.effects.new_notes] == [(fr(4), fr(0)), (fr(5), fr(0))]

    def test_answers_that_do_not_fit(self, fake, utility):
        fake.notes = [settled(1, 50), settled(2, 51)]
        assert refused(utility, "utilityGetNotes", *note_query(max_notes=1)) == (
            "Array of length 2 larger than maxLen 1"
        )
        assert refused(utility, "utilityGetNotes", *note_query(length=7)) == (
            "Nested array length passed in from Noir does not correspond to the length obtained in TS: "
            "7 !== 8"
        )

    def test_questions_that_make_no_sense(self, utility):
        assert refused(utility, "utilityGetNotes", *note_query(status=3)) == "there is no note status 3"
        query = note_query()
        query[3] = [1]
        assert "criteria of different lengths" in refused(utility, "utilityGetNotes", *query)


class TestTransaction:
    def test_values_by_hash(self, private):
        assert ask(private, "privateLoadFromExecutionCache", 0) == [[]]
        assert refused(private, "privateLoadFromExecutionCache", 5) == (
            f"Preimage for hash {fr_hex(fr(5))} not found in cache"
        )
        ask(private, "privateStoreInExecutionCache", [1, 2], 5)
        assert ask(private, "privateLoadFromExecutionCache", 5) == [[1, 2]]

    @pytest.mark.parametrize(
        "name", ["privateNotifyEnqueuedPublicFunctionCall", "privateNotifySetPublicTeardownFunctionCall"]
    )
    def test_calldata_of_public_calls(self, private, name):
        assert refused(private, name, OTHER_C, 5, 1, 0) == "Calldata for public call not found in cache"
        ask(private, "privateStoreInExecutionCache", [1] * 8000, 5)
        assert ask(private, name, OTHER_C, 5, 1, 0) == []
        assert ask(private, name, OTHER_C, 5, 2, 0) == []
        ask(private, "privateStoreInExecutionCache", [1], 6)
        assert refused(private, name, OTHER_C, 6, 3, 0) == (
            "Too many total args to all enqueued public calls! (> 16000)"
        )

    @pytest.mark.parametrize(
        ("is_static", "asked", "made"), [(False, 0, False), (False, 1, True), (True, 0, True)]
    )
    def test_nested_calls_inherit_that_they_are_static(self, fake, is_static, asked, made):
        seen = {}

        def call(_, **given):
            seen.update(given)
            return 9, fr(77)

        handler = make_private(fake, is_static=is_static, call=call)
        assert ask(handler, "privateCallPrivateFunction", OTHER_C, 0x01020304, 5, 6, asked) == [[9, 77]]
        assert seen == {
            "contract": OTHER,
            "selector": bytes([1, 2, 3, 4]),
            "args_hash": fr(5),
            "counter": 6,
            "is_static": made,
        }

    def test_the_sender_for_tags(self, private):
        assert ask(private, "privateGetSenderForTags") == [0, 0]
        ask(private, "privateSetSenderForTags", A)
        assert ask(private, "privateGetSenderForTags") == [1, A]

    def test_tags_count_up_from_the_first_unused_index(self, fake, private):
        assert "No public key registered" in refused(private, "privateGetNextAppTagAsSender", A, B)
        fake.accounts[ALICE] = (DEFAULT_PUBLIC_KEYS, FR_ZERO)
        secret = TaggingSecret(fr(77), CONTRACT)
        fake.secrets[CONTRACT, ALICE, BOB] = secret
        fake.next_indexes[secret] = 3
        tags = [ask(private, "privateGetNextAppTagAsSender", A, B) for _ in range(3)]
        assert tags == [[fr_int(tag_of(fr(77), index))] for index in (3, 4, 5)]
        assert fake.asked == [("next_index", secret)]

    def test_class_logs_are_kept(self, private):
        fields = [*range(1, 11), *[0] * 3013]
        ask(private, "privateNotifyCreatedContractClassLog", OTHER_C, fields, 10, 6)
        (kept,) = private.effects.class_logs
        assert (kept.counter, kept.log.contract_address, kept.log.emitted_length) == (6, OTHER, 10)
        assert [fr_int(item) for item in kept.log.fields.fields] == fields
        assert refused(private, "privateNotifyCreatedContractClassLog", OTHER_C, [1, 2], 10, 6) == (
            "a contract class log has 3023 fields, got 2, 10 of them emitted"
        )

    def test_offchain_effects(self, private):
        ask(private, "utilityEmitOffchainEffect", [1, 2])
        ask(private, "utilityEmitOffchainEffect", [])
        assert private.effects.offchain_effects == [(fr(1), fr(2)), ()]

    def test_phases(self, private):
        assert ask(private, "privateIsSideEffectCounterRevertible", 9) == [0]
        ask(private, "privateNotifySetMinRevertibleSideEffectCounter", 8)
        assert ask(private, "privateIsSideEffectCounterRevertible", 9) == [1]
        assert "Cannot enter the revertible phase twice" in refused(
            private, "privateNotifySetMinRevertibleSideEffectCounter", 9
        )


def test_pending_notes_of_the_first_phase_are_marked(fake, private):
    ask(private, "privateNotifyCreatedNote", A, 5, 7, 1, [4, 0], 1004, 3)
    ask(private, "privateNotifySetMinRevertibleSideEffectCounter", 8)
    storage, count = ask(private, "utilityGetNotes", *note_query(owner=ALICE))
    (pending,) = private._caches.notes.notes
    assert isinstance(pending, PendingNote)
    assert (count, storage[6], storage[7]) == (1, 2, fr_int(pending.nonce))
