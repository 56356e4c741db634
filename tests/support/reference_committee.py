"""aztecd and the unmodified reference on one rollup with a committee.

    python -m tests.support.reference_committee [skipped] [attested]

skipped   checkpoints of all kinds, made here; both follow, and skip the same ones
attested  the reference builds and attests with all validators' keys, beginning with the replacement of a bad
          checkpoint; aztecd follows, then another reference

In the end every block is compared. It needs the reference's packages (AZTEC_REFERENCE_DIR, see
`native_simulator`) and takes about two minutes for each.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts import fetch
from aztecd.crypto.kzg import Kzg
from aztecd.l1.blobs import BlobNamespace, BlobStore
from tests.support.committee_l1 import CommitteeMaker, Said, deploy_with_committee, validator_keys
from tests.support.json_rpc import RpcClient
from tests.support.node_comparison import await_equal_tips, compare_nodes
from tests.support.reference_peer import THIRD_KEY, Peers, Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from aztecd.l1 import Deployment
    from tests.support.node_comparison import Comparison

_SIZE, _VALIDATORS = 4, 6
_BLOB_BYTES = 2**30
_BLOCKS = 10
_SLOT_S = 72
_LOOK_LIMIT_S = 120
_OURS, _THEIRS = "checkpoint_skipped", "Skipping checkpoint .* due to invalid attestations"


class _Published(dict[bytes, bytes]):
    """Blobs that are in a folder for everybody as soon as they are here."""

    def __init__(self, folder: Path, rollup: Deployment, kzg: Kzg) -> None:
        super().__init__()
        self._store = BlobStore.open(folder, BlobNamespace.of(rollup), max_bytes=_BLOB_BYTES)
        self._kzg = kzg

    def __setitem__(self, blob_hash: bytes, blob: bytes) -> None:
        super().__setitem__(blob_hash, blob)
        self._store.put(blob, self._kzg.commitment(blob))


class CommitteeRun:
    """Both nodes on one L1; blobs are in a folder that both read."""

    def __init__(self, peers: Peers, stack: ExitStack) -> None:
        self.peers = peers
        self.anvil = stack.enter_context(peers.anvil())
        validators = deploy_with_committee(self.anvil.url, fetch(), size=_SIZE, validators=_VALIDATORS)
        kzg = Kzg()
        self.maker = CommitteeMaker(validators, kzg)
        folder = peers.folder / "blobs"
        self.maker.blobs = _Published(folder, validators.l1.deployment, kzg)
        self._blobs = folder.as_uri()
        self._skipped = 0
        self.ours, self.theirs = (stack.enter_context(node) for node in self.start("live"))

    def start(self, name: str) -> tuple[Program, Program]:
        """Start a node of each kind, from nothing."""
        registry = f"0x{self.maker.l1.deployment.addresses.registry_address.hex()}"
        joining = ("--l1-rpc-url", self.anvil.url, "--registry", registry, "--blob-source", self._blobs)
        ours = self.peers.aztecd(f"aztecd-{name}", "node", *joining)
        theirs = self.peers.reference_follower(f"reference-{name}", self.anvil.url, registry, self._blobs)
        return ours, theirs

    def both_are_at(self, number: int) -> None:
        """Both follow so many checkpoints."""
        self.is_at(self.ours, number)
        self.is_at(self.theirs, number)
        await_equal_tips(self.ours.url, self.theirs.url)

    def is_at(self, node: Program, number: int) -> None:
        """A node follows so many checkpoints."""
        _await(lambda: _checkpoints(node) == number, f"{node.name} at checkpoint {number}", node)

    def both_skip(self) -> None:
        """Both say that they skip one more."""
        self._skipped += 1
        _await(
            lambda: len(self.ours.said(_OURS)) == self._skipped <= len(self.theirs.said(_THEIRS)),
            "both skip a checkpoint",
            self.theirs,
        )


def skipped(peers: Peers) -> Comparison:
    """Let both follow good and bad checkpoints; give what they say in the end."""
    with ExitStack() as stack:
        run = CommitteeRun(peers, stack)
        maker = run.maker
        maker.prove(maker.make(Said.SIGNED, Said.NAMED, Said.SIGNED))
        maker.make()
        run.both_are_at(2)
        for how in (Said.BY_OTHER, Said.OF_OTHER, Said.BROKEN, Said.HIGH_S, Said.LOW_V):
            assert maker.make(Said.SIGNED, how, Said.SIGNED) == 3
            run.both_skip()
            run.both_are_at(2)
            maker.invalidate(3, maker.place_of(3, 1))
        assert maker.make(Said.NAMED, Said.NAMED, Said.SIGNED) == 3
        run.both_skip()
        maker.invalidate(3)
        assert maker.make(again=True) == 3
        run.both_are_at(3)
        assert maker.make(Said.NAMED, Said.NAMED, Said.NAMED) == 4
        run.both_skip()
        maker.replace(4, Said.BROKEN, Said.SIGNED, Said.SIGNED)
        run.both_skip()
        run.both_are_at(3)
        maker.replace(4, place=maker.place_of(4, 0))
        maker.make(Said.SIGNED, Said.SIGNED, Said.NAMED)
        maker.make()
        run.both_are_at(6)
        result = compare_nodes(run.ours.url, run.theirs.url, run.anvil.url)
        maker.make(Said.BY_OTHER, Said.BY_OTHER, Said.BY_OTHER)
        run.both_skip()
        run.both_are_at(6)
        for node in run.start("late"):
            with node:
                run.is_at(node, 6)
                assert node.await_answer("node_isReady")
    return result


def attested(peers: Peers) -> Comparison:
    """Let the reference build and attest; give what ours and another reference say about it."""
    with peers.anvil() as anvil:
        validators = deploy_with_committee(
            anvil.url, fetch(), size=_SIZE, validators=_VALIDATORS, slot_s=_SLOT_S
        )
        kzg, folder = Kzg(), peers.folder / "blobs"
        maker = CommitteeMaker(validators, kzg, with_blobs=True)
        maker.blobs = _Published(folder, validators.l1.deployment, kzg)
        registry = f"0x{validators.l1.deployment.addresses.registry_address.hex()}"
        joining = ("--l1-rpc-url", anvil.url, "--registry", registry)
        building = {
            "REGISTRY": registry,
            "PUBLISHER_KEY": THIRD_KEY,
            "VALIDATOR_KEYS": ",".join(f"0x{key.hex()}" for key in validator_keys(_VALIDATORS)),
            "SEQ_MIN_TX_PER_BLOCK": "0",
        }
        with peers.aztecd("aztecd", "node", *joining) as ours:
            maker.make(Said.SIGNED, Said.BY_OTHER, Said.SIGNED)
            _await(lambda: ours.said(_OURS), "ours skips a checkpoint", ours)
            # Of its own checkpoints the builder has the blobs from ours, which has them from Anvil.
            blobs = f"{folder.as_uri()},{ours.url}/blobs"
            with peers.reference_sequencer("builder", anvil.url, **building, BLOB_FILE_STORE_URLS=blobs):
                _await(lambda: _checkpoints(ours) >= _BLOCKS, "checkpoints of the reference", ours)
            # The builder settles epochs in the contract's storage, which nobody sees before the next block.
            validators.l1.client.call("evm_mine")
            with peers.reference_follower("follower", anvil.url, registry, f"{ours.url}/blobs") as theirs:
                await_equal_tips(ours.url, theirs.url)
                assert len(ours.said(_OURS)) == 1
                assert not theirs.said(_THEIRS)
                return compare_nodes(ours.url, theirs.url, anvil.url)


def _checkpoints(node: Program) -> int:
    with RpcClient(node.url) as client:
        return int(client.call("node_getL2Tips")["checkpointed"]["checkpoint"]["number"])


def _await(is_so: Callable[[], object], what: str, node: Program) -> None:
    deadline = time.monotonic() + _LOOK_LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not after {_LOOK_LIMIT_S} s\n{node.tail}"
        time.sleep(0.2)


RUNS = {"skipped": skipped, "attested": attested}


def _main() -> None:
    for name in sys.argv[1:] or RUNS:
        with tempfile.TemporaryDirectory(prefix="committee-") as folder:
            print(f"{name}: {RUNS[name](Peers.in_folder(Path(folder)))}")


if __name__ == "__main__":
    _main()
