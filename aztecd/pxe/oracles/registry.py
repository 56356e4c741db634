"""The oracles of this version by name: what each is given and what it answers.

One line an oracle: the arguments are read in order, and the answer is written in the form that contracts
declare. Which of the three groups a name belongs to decides who may call it.

Authority: @aztec/pxe src/contract_function_simulator/oracle/{oracle,interfaces}.ts (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from aztecd.constants import CONTRACT_CLASS_LOG_SIZE_IN_FIELDS
from aztecd.protocol.basic import BlockNumber
from aztecd.protocol.logs import ContractClassLog, ContractClassLogFields
from aztecd.pxe.oracles import answers as write
from aztecd.pxe.oracles.answers import NO_ANSWER, Answer
from aztecd.pxe.oracles.arguments import Arguments
from aztecd.pxe.oracles.errors import OracleError, OracleUnavailableError
from aztecd.pxe.oracles.notes import NoteQuery, Property, Select, Sort
from aztecd.pxe.oracles.private import PrivateOracles
from aztecd.pxe.oracles.utility import MiscOracles, UtilityOracles

__all__ = ["MISC_ORACLES", "PRIVATE_ORACLES", "UTILITY_ORACLES", "answer"]


def _log(handler: MiscOracles, given: Arguments) -> None:
    level, message = given.number(), given.text()
    given.integers()  # The number of fields, which the list itself says.
    handler.log(level, message, given.fields())


def _decrypt(handler: UtilityOracles, given: Arguments) -> Answer:
    ciphertext, size = given.bounded_octets()
    return write.bounded_bytes(handler.decrypt_aes128(ciphertext, given.octets(), given.octets()), size)


def _get_notes(handler: UtilityOracles, given: Arguments) -> Answer:
    owner, storage_slot, select_count = given.optional_address(), given.field(), given.number()
    selected = _properties(given)
    values, comparators = given.fields(), given.numbers()
    sorted_by = _properties(given)
    orders = given.numbers()
    if not select_count <= min(len(selected), len(values), len(comparators)) or len(orders) < len(sorted_by):
        raise OracleError("utilityGetNotes was called with criteria of different lengths")
    limit, offset, status = given.number(), given.number(), given.number()
    if status not in (1, 2):
        raise OracleError(f"there is no note status {status}")
    query = NoteQuery(
        owner=owner,
        storage_slot=storage_slot,
        selects=tuple(
            Select(*item) for item in zip(selected[:select_count], values, comparators, strict=False)
        ),
        sorts=tuple(Sort(*item) for item in zip(sorted_by, orders, strict=False)),
        limit=limit,
        offset=offset,
        status=1 if status == 1 else 2,
    )
    max_notes, packed_length = given.number(), given.number()
    return write.bounded_lists(handler.get_notes(query), max_notes, packed_length)


def _properties(given: Arguments) -> list[Property]:
    indexes, offsets, lengths = given.numbers(), given.numbers(), given.numbers()
    if not len(indexes) == len(offsets) == len(lengths):
        raise OracleError("utilityGetNotes was called with criteria of different lengths")
    return [Property(*item) for item in zip(indexes, offsets, lengths, strict=True)]


def _class_log(given: Arguments) -> ContractClassLog:
    contract, fields, length = given.address(), given.fields(), given.number()
    size = CONTRACT_CLASS_LOG_SIZE_IN_FIELDS
    if len(fields) != size or length > size:
        raise OracleError(
            f"a contract class log has {size} fields, got {len(fields)}, {length} of them emitted"
        )
    return ContractClassLog(
        contract_address=contract, fields=ContractClassLogFields(fields=fields), emitted_length=length
    )


def _notify_public_call(handler: PrivateOracles, given: Arguments) -> None:
    # Contract, counter and static flag are in the public inputs of the call.
    given.address()
    handler.notify_public_call(given.field())


def _set_sender_for_tags(handler: PrivateOracles, given: Arguments) -> None:
    sender = given.address()
    handler.sender_for_tags = sender


MiscOracle: TypeAlias = Callable[[MiscOracles, Arguments], Answer | None]
UtilityOracle: TypeAlias = Callable[[UtilityOracles, Arguments], Answer | None]
PrivateOracle: TypeAlias = Callable[[PrivateOracles, Arguments], Answer | None]

MISC_ORACLES: Final[Mapping[str, MiscOracle]] = {
    "utilityAssertCompatibleOracleVersion": lambda h, a: h.assert_compatible_oracle_version(a.number()),
    "utilityGetRandomField": lambda h, _: write.scalar(h.get_random_field()),
    "utilityLog": _log,
}

UTILITY_ORACLES: Final[Mapping[str, UtilityOracle]] = {
    "utilityGetUtilityContext": lambda h, _: write.header_and_address(*h.get_utility_context()),
    "utilityGetBlockHeader": lambda h, a: write.header(h.get_block_header(BlockNumber(a.number()))),
    "utilityGetNoteHashMembershipWitness": lambda h, a: write.membership_witness(
        h.get_note_hash_membership_witness(a.block_hash(), a.field())
    ),
    "utilityGetBlockHashMembershipWitness": lambda h, a: write.membership_witness(
        h.get_block_hash_membership_witness(a.block_hash(), a.block_hash())
    ),
    "utilityGetNullifierMembershipWitness": lambda h, a: write.nullifier_witness(
        h.get_nullifier_membership_witness(a.block_hash(), a.field())
    ),
    "utilityGetLowNullifierMembershipWitness": lambda h, a: write.nullifier_witness(
        h.get_low_nullifier_membership_witness(a.block_hash(), a.field())
    ),
    "utilityGetPublicDataWitness": lambda h, a: write.public_data_witness(
        h.get_public_data_witness(a.block_hash(), a.field())
    ),
    "utilityGetL1ToL2MembershipWitness": lambda h, a: write.message_witness(
        h.get_l1_to_l2_membership_witness(a.address(), a.field(), a.field())
    ),
    "utilityCheckNullifierExists": lambda h, a: write.flag(h.check_nullifier_exists(a.field())),
    "utilityStorageRead": lambda h, a: write.field_list(
        h.storage_read(a.block_hash(), a.address(), a.field(), a.number())
    ),
    "utilityGetContractInstance": lambda h, a: write.contract_instance(h.get_contract_instance(a.address())),
    # The kind of key is passed too; the hash alone finds it.
    "utilityGetKeyValidationRequest": lambda h, a: write.key_request(h.get_key_validation_request(a.field())),
    "utilityTryGetPublicKeysAndPartialAddress": lambda h, a: write.optional_keys(
        h.try_get_public_keys_and_partial_address(a.address())
    ),
    "utilityGetSharedSecret": lambda h, a: write.point(h.get_shared_secret(a.address(), a.point())),
    "utilityGetAuthWitness": lambda h, a: write.field_list(h.get_auth_witness(a.field())),
    "utilityAes128Decrypt": _decrypt,
    "utilityGetNotes": _get_notes,
    "utilityFetchTaggedLogs": lambda h, a: h.fetch_tagged_logs(a.field()),
    "utilityValidateAndStoreEnqueuedNotesAndEvents": lambda h, a: (
        h.validate_and_store_enqueued_notes_and_events(a.address(), a.field(), a.field())
    ),
    "utilityBulkRetrieveLogs": lambda h, a: h.bulk_retrieve_logs(a.address(), a.field(), a.field()),
    "utilityStoreCapsule": lambda h, a: h.store_capsule(a.address(), a.field(), a.fields()),
    "utilityLoadCapsule": lambda h, a: write.capsule(h.load_capsule(a.address(), a.field()), a.number()),
    "utilityDeleteCapsule": lambda h, a: h.delete_capsule(a.address(), a.field()),
    "utilityCopyCapsule": lambda h, a: h.copy_capsule(a.address(), a.field(), a.field(), a.number()),
}

PRIVATE_ORACLES: Final[Mapping[str, PrivateOracle]] = {
    # The name says otherwise, but only a transaction can have such effects.
    "utilityEmitOffchainEffect": lambda h, a: h.emit_offchain_effect(a.fields()),
    "privateStoreInExecutionCache": lambda h, a: h.store_in_execution_cache(a.fields(), a.field()),
    "privateLoadFromExecutionCache": lambda h, a: write.field_list(h.load_from_execution_cache(a.field())),
    "privateNotifyCreatedNote": lambda h, a: h.notify_created_note(
        owner=a.address(),
        storage_slot=a.field(),
        randomness=a.field(),
        note_type_id=a.number(),
        items=a.fields(),
        note_hash=a.field(),
        counter=a.number(),
    ),
    "privateNotifyNullifiedNote": lambda h, a: h.notify_nullified_note(a.field(), a.field(), a.number()),
    "privateNotifyCreatedNullifier": lambda h, a: h.notify_created_nullifier(a.field()),
    "privateIsNullifierPending": lambda h, a: write.flag(h.is_nullifier_pending(a.field(), a.address())),
    "privateNotifyCreatedContractClassLog": lambda h, a: h.notify_created_contract_class_log(
        _class_log(a), a.number()
    ),
    "privateCallPrivateFunction": lambda h, a: write.call_result(
        *h.call_private_function(
            contract=a.address(),
            selector=a.selector(),
            args_hash=a.field(),
            counter=a.number(),
            is_static=a.flag(),
        )
    ),
    "privateNotifyEnqueuedPublicFunctionCall": _notify_public_call,
    "privateNotifySetPublicTeardownFunctionCall": _notify_public_call,
    "privateNotifySetMinRevertibleSideEffectCounter": lambda h, a: h.notify_min_revertible_counter(
        a.number()
    ),
    "privateIsSideEffectCounterRevertible": lambda h, a: write.flag(h.is_counter_revertible(a.number())),
    "privateGetSenderForTags": lambda h, _: write.optional_address(h.sender_for_tags),
    "privateSetSenderForTags": _set_sender_for_tags,
    "privateGetNextAppTagAsSender": lambda h, a: write.scalar(
        h.get_next_app_tag_as_sender(a.address(), a.address())
    ),
}


def answer(handler: MiscOracles, name: str, arguments: Sequence[Sequence[int]]) -> Answer:
    """Answer a foreign call of the function that `handler` belongs to.

    Raises: OracleUnavailableError for a name that is unknown or not for this kind of function; OracleError
    for arguments that do not fit, and for whatever the oracle refuses; errors of the views.
    """
    given = Arguments(name, arguments)
    result: Answer | None
    if (utility := UTILITY_ORACLES.get(name)) is not None:
        if not isinstance(handler, UtilityOracles):
            raise OracleUnavailableError("Utility oracles not available with the current handler")
        result = utility(handler, given)
    elif (private := PRIVATE_ORACLES.get(name)) is not None:
        if not isinstance(handler, PrivateOracles):
            raise OracleUnavailableError("Private oracles not available with the current handler")
        result = private(handler, given)
    elif (misc := MISC_ORACLES.get(name)) is not None:
        result = misc(handler, given)
    else:
        raise OracleUnavailableError(f"Oracle callback {name} not found")
    return NO_ANSWER if result is None else result
