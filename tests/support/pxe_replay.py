"""Recorded executions of private and utility functions, and views that can answer what they asked."""

from __future__ import annotations

from functools import cache

from aztecd.crypto.field import FR_ZERO, fr, fr_from_hex, fr_int
from aztecd.crypto.grumpkin import Point
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.contracts import DEFAULT_PUBLIC_KEYS, ContractInstanceWithAddress, PublicKeys
from aztecd.protocol.hashes import silo_nullifier
from aztecd.protocol.tree_types import (
    PublicDataLeaf,
    PublicDataTreeLeafPreimage,
    PublicDataWitness,
    SiblingPath,
)
from aztecd.pxe.execution.views import SettledNote, TaggingSecret
from aztecd.pxe.kernel.public_inputs import CallContext
from aztecd.pxe.keys import KeyStore, KeyValidationRequest, Plain, Secret, Vault
from aztecd.pxe.oracles import PendingNote, PrivateOracles, UtilityOracles
from aztecd.pxe.oracles.tagging import tag_of
from aztecd.pxe.requests import AuthWitness
from aztecd.storage.memory import MemoryStore
from tests.support.pxe_views import FakeViews, empty_caches, header_of
from tests.support.vectors import VECTORS, load

MOST_TAGS = 100
CIRCUITS = sorted(path.name for path in (VECTORS / "circuits").glob("*.*.*.json.gz"))


def number(text):
    return int(text, 16)


def plain(value):
    """A recorded slot as numbers."""
    return [number(item) for item in value] if isinstance(value, list) else number(value)


def plain_answer(given):
    return [value if isinstance(value, int) else list(value) for value in given]


@cache
def known_accounts():
    """Give a key store with the accounts whose secrets were recorded."""
    store = MemoryStore()
    vault = Vault(store, b"\x01")
    vault.create(Plain())
    keys = KeyStore(store, vault, b"\x02")
    for account in load("keys.json.gz")["accounts"]:
        keys.add_account(Secret.from_hex(account["secret"]), fr_from_hex(account["partial_address"]))
    return keys


@cache
def known_key_hashes():
    names = ("npk_m_hash", "ivpk_m_hash", "ovpk_m_hash", "tpk_m_hash")
    return {fr_from_hex(account[name]) for account in load("keys.json.gz")["accounts"] for name in names}


@cache
def recorded(name):
    """Give the parameters and foreign calls of a circuit."""
    case = load(f"circuits/{name}")
    calls = [
        (call["name"], [plain(item) for item in call["inputs"]], [plain(item) for item in call["outputs"]])
        for call in case["oracle_calls"]
    ]
    witness = case["initial_witness"]
    parameters = [number(witness[str(index)]) for index in range(len(witness))]
    return parameters, calls


class Replay:
    """The real handler of a recorded circuit, over views that hold what its answers were made of.

    Notes, storage and the like are put in before each call in their typed form. Computed by what is tested:
    capsules, the caches of the transaction, phases, decryption; keys, shared secrets and tags of the accounts
    whose secrets were recorded. Several circuits of one transaction may share a `fake`.
    """

    def __init__(self, circuit, fake=None):
        parameters, self.calls = recorded(circuit)
        contexts = [out for name, _, out in self.calls if name == "utilityGetUtilityContext"]
        is_private = not contexts
        if is_private:
            contract, header = fr(parameters[1]), parameters[4:26]
        else:
            contract, header = fr(contexts[0][22]), contexts[0][:22]
        self.contract = AztecAddress(contract)
        header = header_of([fr(value) for value in header])
        self.fake = fake or FakeViews(anchor=header, key_store=known_accounts())
        self.anchor = self.fake.anchor.hash()
        self.randoms = []
        self.witnesses = []
        self.nested = []
        self.caches = empty_caches()
        environment = self.fake.environment(lambda: self.randoms.pop(0))
        if is_private:
            self.handler = PrivateOracles(
                environment,
                self.caches,
                CallContext(fr(parameters[0]), contract, fr(parameters[2]), bool(parameters[3])),
                scopes=(),
                auth_witnesses=self.witnesses,
                capsules=(),
                call=lambda _, **kwargs: self.nested.pop(0),
            )
            self._enter_phase()
        else:
            self.handler = UtilityOracles(environment, self.contract, scopes=())
        self.loaded = set()

    def _enter_phase(self):
        """Begin in the second phase when the recorded call did."""
        for name, inputs, outputs in self.calls:
            if name == "privateNotifySetMinRevertibleSideEffectCounter":
                return
            if name == "privateIsSideEffectCounterRevertible" and outputs == [1]:
                self.caches.notes.enter_revertible_phase(inputs[0][0])
                return

    def prepare(self, name, inputs, outputs):
        """Put what an answer needs where it comes from."""
        setup = getattr(self, f"_{name}", None)
        if setup is not None:
            setup([list(map(fr, value)) for value in inputs], outputs)

    def _utilityGetRandomField(self, _, outputs):  # noqa: N802
        self.randoms.append(fr(outputs[0]))

    def _utilityGetAuthWitness(self, given, outputs):  # noqa: N802
        self.witnesses.append(AuthWitness(request_hash=given[0][0], witness=tuple(map(fr, outputs[0]))))

    def _utilityGetKeyValidationRequest(self, given, outputs):  # noqa: N802
        if given[0][0] in known_key_hashes():
            return
        x, y, _, secret = outputs
        request = KeyValidationRequest(public_key=Point(x, y), app_secret=fr(secret))
        self.fake.keys[given[0][0]] = (FR_ZERO, request)

    def _utilityTryGetPublicKeysAndPartialAddress(self, given, outputs):  # noqa: N802
        if outputs[0] and not self.fake.knows(given[0][0]):
            self.fake.accounts[given[0][0]] = (keys_of(outputs[1][:12]), fr(outputs[1][12]))

    def _utilityGetSharedSecret(self, given, outputs):  # noqa: N802
        if self.fake.knows(given[0][0]):
            return
        point = Point(fr_int(given[1][0]), fr_int(given[2][0]))
        self.fake.accounts.setdefault(given[0][0], (DEFAULT_PUBLIC_KEYS, FR_ZERO))
        self.fake.shared_secrets[given[0][0], point] = Point(outputs[0], outputs[1])

    def _utilityGetContractInstance(self, given, outputs):  # noqa: N802
        salt, deployer, class_id, init_hash = map(fr, outputs[:4])
        self.fake.instances[given[0][0]] = ContractInstanceWithAddress(
            version=1,
            salt=salt,
            deployer=AztecAddress(deployer),
            current_contract_class_id=class_id,
            original_contract_class_id=FR_ZERO,
            initialization_hash=init_hash,
            public_keys=keys_of(outputs[4:]),
            address=AztecAddress(given[0][0]),
        )

    def _utilityGetPublicDataWitness(self, given, outputs):  # noqa: N802
        index, slot, value, next_key, next_index, siblings = outputs
        self.fake.witnesses["public_data", given[0][0], given[1][0]] = PublicDataWitness(
            index=index,
            leaf_preimage=PublicDataTreeLeafPreimage(
                leaf=PublicDataLeaf(slot=fr(slot), value=fr(value)),
                next_key=fr(next_key),
                next_index=next_index,
            ),
            sibling_path=SiblingPath(tuple(map(fr, siblings))),
        )

    def _utilityStorageRead(self, given, outputs):  # noqa: N802
        block, contract, slot = (value[0] for value in given[:3])
        for index, value in enumerate(outputs[0]):
            self.fake.storage[block, contract, fr(fr_int(slot) + index)] = fr(value)

    def _utilityCheckNullifierExists(self, given, outputs):  # noqa: N802
        if outputs == [1]:
            self.fake.nullifiers.add((self.anchor, silo_nullifier(self.contract, given[0][0])))

    def _utilityLoadCapsule(self, given, outputs):  # noqa: N802
        # What the contract did not write itself came from the synchronisation or from the request.
        place = (given[0][0], given[1][0])
        if place not in self.loaded and place not in self.fake.capsules and outputs[0]:
            self.fake.capsules[place] = tuple(map(fr, outputs[1]))
        self.loaded.add(place)

    def _utilityGetNotes(self, given, outputs):  # noqa: N802
        storage, count = outputs
        length = fr_int(given[17][0])
        known = {note.items for note in self.caches.notes.notes}
        for index in range(count):
            packed = list(map(fr, storage[index * length : (index + 1) * length]))
            if fr_int(packed[-2]) == 3:
                self.fake.notes.append(settled_note(packed, len(self.fake.notes)))
            elif tuple(packed[:-6]) not in known:
                # Made by a call before this one.
                self.caches.notes.add_note(pending_note(packed, counter=index))

    def _privateLoadFromExecutionCache(self, given, outputs):  # noqa: N802
        # The values of a nested call's hash were stored by that call.
        if self.caches.values.find(given[0][0]) is None:
            self.caches.values.store(list(map(fr, outputs[0])), given[0][0])

    def _privateIsNullifierPending(self, given, outputs):  # noqa: N802
        nullifier, contract = given[0][0], AztecAddress(given[1][0])
        if outputs == [1] and not self.handler.is_nullifier_pending(nullifier, contract):
            self.caches.notes.add_nullifier(contract, nullifier)

    def _privateNotifyEnqueuedPublicFunctionCall(self, given, _):  # noqa: N802
        # Calldata that came with the request.
        if self.caches.values.find(given[1][0]) is None:
            self.caches.values.store([fr(1)], given[1][0])

    def _privateCallPrivateFunction(self, _, outputs):  # noqa: N802
        end, returns = outputs[0]
        self.nested.append((end, fr(returns)))

    def _privateGetSenderForTags(self, _, outputs):  # noqa: N802
        if self.handler.sender_for_tags is None and outputs[0]:
            self.handler.sender_for_tags = AztecAddress(fr(outputs[1]))

    def _privateGetNextAppTagAsSender(self, given, outputs):  # noqa: N802
        sender, recipient = given[0][0], given[1][0]
        if self.fake.knows(sender):
            secret = self.fake.tagging_secret(contract=self.contract, sender=sender, recipient=recipient)
            # The recording starts in the middle of a conversation: find out where.
            tags = (fr_int(tag_of(secret.secret, index)) for index in range(MOST_TAGS))
            found = [index for index, tag in enumerate(tags) if tag == outputs[0]]
            assert len(found) == 1, "a tag of another secret"
            self.fake.next_indexes.setdefault(secret, found[0])
        else:
            self.fake.accounts.setdefault(sender, (DEFAULT_PUBLIC_KEYS, FR_ZERO))
            self.fake.secrets[self.contract, sender, recipient] = TaggingSecret(fr(77), self.contract)


def keys_of(values):
    points = [fr(values[3 * index]) + fr(values[3 * index + 1]) for index in range(4)]
    return PublicKeys(**dict(zip(PublicKeys.__slots__, points, strict=True)))


def settled_note(packed, number_of_note):
    contract, owner, randomness, slot, _, nonce = packed[-6:]
    return SettledNote(
        contract_address=AztecAddress(contract),
        owner=AztecAddress(owner),
        storage_slot=slot,
        randomness=randomness,
        nonce=nonce,
        items=tuple(packed[:-6]),
        note_hash=fr(1),
        siloed_nullifier=fr(10**6 + number_of_note),
    )


def pending_note(packed, counter):
    contract, owner, randomness, slot, _, nonce = packed[-6:]
    return PendingNote(
        contract_address=AztecAddress(contract),
        owner=AztecAddress(owner),
        storage_slot=slot,
        randomness=randomness,
        nonce=nonce,
        items=tuple(packed[:-6]),
        note_hash=fr(1),
        counter=counter,
        consumption_hash=fr(1),
    )
