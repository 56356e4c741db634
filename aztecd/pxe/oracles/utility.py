"""What utility functions may ask, and private ones too.

Authority: @aztec/pxe src/contract_function_simulator/oracle/utility_execution_oracle.ts; @aztec/stdlib
src/messaging/l1_to_l2_message.ts (`getNonNullifiedL1ToL2MessageWitness`) (4.1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aztecd.crypto.aes import decrypt_cbc
from aztecd.crypto.field import FR_MODULUS, Fr, fr, fr_hex, fr_int
from aztecd.crypto.grumpkin import Point, is_on_curve
from aztecd.protocol.basic import AztecAddress, BlockHash, BlockNumber
from aztecd.protocol.contracts import ContractInstanceWithAddress, PublicKeys
from aztecd.protocol.hashes import l1_to_l2_message_nullifier, silo_nullifier
from aztecd.protocol.header import BlockHeader
from aztecd.protocol.tree_types import MembershipWitness, NullifierMembershipWitness, PublicDataWitness
from aztecd.pxe.execution.views import ALL_SCOPES, ExecutionViews, Scopes
from aztecd.pxe.keys import KeyValidationRequest
from aztecd.pxe.oracles.contract_log import ContractLog, ContractLogger, format_message, level_name
from aztecd.pxe.oracles.errors import OracleError
from aztecd.pxe.oracles.notes import NoteQuery, pack_hinted, pick_notes
from aztecd.pxe.requests import AuthWitness, Capsule

__all__ = ["ORACLE_VERSION", "Environment", "MiscOracles", "UtilityOracles"]

ORACLE_VERSION: Final = 12
_MAX_STORAGE_READ: Final = 1 << 12
"""Slots in one read: each is a question to the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What all executions of a job share: views, a source of random fields, a sink of contracts' lines."""

    views: ExecutionViews
    random_field: Callable[[], Fr]
    log: ContractLogger


class MiscOracles:
    """What has nothing to do with the chain."""

    def __init__(self, environment: Environment, contract: AztecAddress) -> None:
        self._views: Final = environment.views
        self._environment: Final = environment
        self.contract: Final = contract

    def assert_compatible_oracle_version(self, version: int) -> None:
        """Refuse contracts that were compiled for another set of oracles."""
        if version != ORACLE_VERSION:
            raise OracleError(
                f"Incompatible oracle version. Expected version {ORACLE_VERSION}, got {version}."
            )

    def get_random_field(self) -> Fr:
        """Give an unpredictable field element."""
        return self._environment.random_field()

    def log(self, level: int, message: str, fields: Sequence[Fr]) -> None:
        """Pass on a line of the contract. Raises OracleError for an unknown level."""
        name = level_name(level)
        self._environment.log(
            ContractLog(
                level=name,
                contract=self.contract,
                contract_name=self._views.contracts.get_contract_name(self.contract),
                message=format_message(message, fields),
            )
        )


class UtilityOracles(MiscOracles):
    """The questions of one execution of a contract, within the given scopes.

    Raises OracleError where the reference raises, with its texts; errors of the views pass through.
    """

    def __init__(
        self,
        environment: Environment,
        contract: AztecAddress,
        *,
        scopes: Scopes,
        auth_witnesses: Sequence[AuthWitness] = (),
        capsules: Sequence[Capsule] = (),
    ) -> None:
        super().__init__(environment, contract)
        self._scopes: Final = scopes
        self._auth_witnesses: Final = auth_witnesses
        self._capsules: Final = capsules

    # The block, trees and storage.

    def get_utility_context(self) -> tuple[BlockHeader, AztecAddress]:
        """Give the anchor block's header and the contract."""
        return self._views.anchor, self.contract

    def get_block_header(self, number: BlockNumber) -> BlockHeader:
        """Give the header of a block up to the anchor."""
        anchor = self._views.anchor.number
        if number > anchor:
            raise OracleError(f"Block number {number} is higher than current block {anchor}")
        header = self._views.node.get_block_header(number)
        if header is None:
            raise OracleError(f"Block header not found for block {number}.")
        return header

    def get_note_hash_membership_witness(self, block: BlockHash, note_hash: Fr) -> MembershipWitness:
        """Prove that a note hash exists."""
        witness = self._views.node.get_note_hash_membership_witness(block, note_hash)
        if witness is None:
            raise OracleError(
                f"Note hash {fr_hex(note_hash)} not found in the note hash tree at anchor block hash "
                f"{fr_hex(block)}."
            )
        return witness

    def get_block_hash_membership_witness(self, block: BlockHash, block_hash: BlockHash) -> MembershipWitness:
        """Prove that a block is in the archive."""
        witness = self._views.node.get_block_hash_membership_witness(block, block_hash)
        if witness is None:
            raise OracleError(
                f"Block hash {fr_hex(block_hash)} not found in the archive tree at anchor block "
                f"{fr_hex(block)}."
            )
        return witness

    def get_nullifier_membership_witness(self, block: BlockHash, nullifier: Fr) -> NullifierMembershipWitness:
        """Prove that a siloed nullifier exists."""
        witness = self._views.node.get_nullifier_membership_witness(block, nullifier)
        if witness is None:
            raise OracleError(
                f"Nullifier witness not found for nullifier {fr_hex(nullifier)} at block hash "
                f"{fr_hex(block)}."
            )
        return witness

    def get_low_nullifier_membership_witness(
        self, block: BlockHash, nullifier: Fr
    ) -> NullifierMembershipWitness:
        """Prove that a siloed nullifier does not exist."""
        witness = self._views.node.get_low_nullifier_membership_witness(block, nullifier)
        if witness is None:
            raise OracleError(
                f"Low nullifier witness not found for nullifier {fr_hex(nullifier)} at block hash "
                f"{fr_hex(block)}."
            )
        return witness

    def get_public_data_witness(self, block: BlockHash, leaf_slot: Fr) -> PublicDataWitness:
        """Prove the value of a public data leaf, or that there is none."""
        witness = self._views.node.get_public_data_witness(block, leaf_slot)
        if witness is None:
            raise OracleError(
                f"Public data witness not found for slot {fr_hex(leaf_slot)} at block hash {fr_hex(block)}."
            )
        return witness

    def get_l1_to_l2_membership_witness(
        self, contract: AztecAddress, message_hash: Fr, secret: Fr
    ) -> tuple[int, Sequence[Fr]]:
        """Find a message from L1 that was not consumed yet; at the latest block, not at the anchor."""
        witness = self._views.node.get_l1_to_l2_message_membership_witness("latest", message_hash)
        if witness is None:
            raise OracleError(f"No L1 to L2 message found for message hash {fr_hex(message_hash)}")
        nullifier = l1_to_l2_message_nullifier(contract, message_hash, secret)
        if self._views.node.has_nullifier("latest", nullifier):
            raise OracleError(
                f"No non-nullified L1 to L2 message found for message hash {fr_hex(message_hash)}"
            )
        return witness

    def check_nullifier_exists(self, inner_nullifier: Fr) -> bool:
        """Tell whether the contract has emitted a nullifier up to the anchor block."""
        nullifier = silo_nullifier(self.contract, inner_nullifier)
        return self._views.node.has_nullifier(self._views.anchor.hash(), nullifier)

    def storage_read(self, block: BlockHash, contract: AztecAddress, slot: Fr, count: int) -> Sequence[Fr]:
        """Read neighbouring slots of public storage."""
        start = fr_int(slot)
        if start + count > FR_MODULUS:
            raise OracleError(f"{count} storage slots from {fr_hex(slot)} on are more than there are")
        if count > _MAX_STORAGE_READ:
            raise OracleError(f"{count} storage slots in one read are more than {_MAX_STORAGE_READ}")
        return self._views.node.get_public_storage(
            block, contract, [fr(start + index) for index in range(count)]
        )

    # Contracts, keys and accounts.

    def get_contract_instance(self, address: AztecAddress) -> ContractInstanceWithAddress:
        """Give a registered contract."""
        instance = self._views.contracts.get_contract_instance(address)
        if instance is None:
            raise OracleError(f"No contract instance found for address {fr_hex(address)}")
        return instance

    def get_key_validation_request(self, public_key_hash: Fr) -> KeyValidationRequest:
        """Give a key of one of the scoped accounts, its secret bound to the contract."""
        if (
            self._scopes != ALL_SCOPES
            and self._scopes
            and not any(self._views.keys.account_has_key(scope, public_key_hash) for scope in self._scopes)
        ):
            raise OracleError(
                "Key validation request denied: no scoped account has a key with hash "
                f"{fr_hex(public_key_hash)}."
            )
        return self._views.keys.key_validation_request(public_key_hash, self.contract)

    def try_get_public_keys_and_partial_address(self, address: AztecAddress) -> tuple[PublicKeys, Fr] | None:
        """Give what an own account's address was made of."""
        return self._views.addresses.public_keys_and_partial_address(address)

    def get_shared_secret(self, address: AztecAddress, point: Point) -> Point:
        """Multiply a sender's ephemeral key by the address secret of an own account."""
        self._require_account(address)
        if not is_on_curve(point):
            raise OracleError(f"(0x{point.x:x}, 0x{point.y:x}) is no point of the curve")
        return self._views.keys.shared_secret(address, point)

    def _require_account(self, address: AztecAddress) -> None:
        if self._views.addresses.public_keys_and_partial_address(address) is None:
            raise OracleError(
                f"No public key registered for address {fr_hex(address)}. "
                "Register it as an account before using it."
            )

    def get_auth_witness(self, message_hash: Fr) -> tuple[Fr, ...]:
        """Give the witness that came with the request; none is stored."""
        for witness in self._auth_witnesses:
            if witness.request_hash == message_hash:
                return witness.witness
        raise OracleError(f"Unknown auth witness for message hash {fr_hex(message_hash)}")

    def decrypt_aes128(self, ciphertext: bytes, iv: bytes, key: bytes) -> bytes:
        """Decrypt with AES-128-CBC and remove the padding."""
        try:
            return decrypt_cbc(ciphertext, iv, key)
        except ValueError as error:
            raise OracleError(str(error)) from error

    # Notes and messages.

    def get_notes(self, query: NoteQuery) -> list[tuple[Fr, ...]]:
        """Give the packed notes that a query picks of the store."""
        notes = self._views.notes.get_notes(
            contract=self.contract,
            owner=query.owner,
            storage_slot=query.storage_slot,
            status=query.status,
            scopes=self._scopes,
        )
        return [pack_hinted(note, is_pending=False) for note in pick_notes(notes, query)]

    def fetch_tagged_logs(self, base_slot: Fr) -> None:
        """Put the logs for the scoped accounts into a capsule array."""
        self._views.discovery.fetch_tagged_logs(self.contract, base_slot, self._scopes)

    def validate_and_store_enqueued_notes_and_events(
        self, contract: AztecAddress, notes_slot: Fr, events_slot: Fr
    ) -> None:
        """Check and store what the contract has found in messages."""
        self._require_request_of_own(contract)
        self._views.discovery.validate_and_store(contract, notes_slot, events_slot)

    def bulk_retrieve_logs(self, contract: AztecAddress, requests_slot: Fr, responses_slot: Fr) -> None:
        """Look up the logs that complete partial notes."""
        self._require_request_of_own(contract)
        self._views.discovery.retrieve_logs(contract, requests_slot, responses_slot)

    def _require_request_of_own(self, contract: AztecAddress) -> None:
        if contract != self.contract:
            raise OracleError(
                f"Got a note validation request from {fr_hex(contract)}, expected {fr_hex(self.contract)}"
            )

    # Capsules.

    def store_capsule(self, contract: AztecAddress, slot: Fr, values: Sequence[Fr]) -> None:
        """Write into the contract's own capsules."""
        self._require_own_capsules(contract)
        self._views.capsules.store_capsule(contract, slot, values)

    def load_capsule(self, contract: AztecAddress, slot: Fr) -> Sequence[Fr] | None:
        """Read a capsule; those that came with the request hide stored ones."""
        self._require_own_capsules(contract)
        for given in self._capsules:
            if given.contract_address == contract and given.storage_slot == slot:
                return given.data
        return self._views.capsules.load_capsule(contract, slot)

    def delete_capsule(self, contract: AztecAddress, slot: Fr) -> None:
        """Empty a stored capsule."""
        self._require_own_capsules(contract)
        self._views.capsules.delete_capsule(contract, slot)

    def copy_capsule(self, contract: AztecAddress, source: Fr, target: Fr, count: int) -> None:
        """Copy neighbouring stored capsules; they may overlap."""
        self._require_own_capsules(contract)
        self._views.capsules.copy_capsules(contract, source, target, count)

    def _require_own_capsules(self, contract: AztecAddress) -> None:
        if contract != self.contract:
            raise OracleError(
                f"Contract {fr_hex(contract)} is not allowed to access {fr_hex(self.contract)}'s PXE DB"
            )
