"""aztecd and the unmodified reference follow one rollup with a committee, through checkpoints of all kinds.

    python -m tests.support.reference_committee

It needs the reference's packages (AZTEC_REFERENCE_DIR, see `native_simulator`) and takes about two minutes.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts import fetch
from aztecd.crypto.kzg import Kzg
from aztecd.l1.blobs import BlobNamespace, BlobStore
from tests.support.committee_l1 import CommitteeMaker, Said, deploy_with_committee
from tests.support.json_rpc import RpcClient
from tests.support.node_comparison import await_equal_tips, compare_nodes
from tests.support.reference_peer import Peers, Program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.node_comparison import Comparison

_SIZE, _VALIDATORS = 4, 6
_BLOB_BYTES = 2**30
_LOOK_LIMIT_S = 120
_OURS, _THEIRS = "checkpoint_skipped", "Skipping checkpoint .* due to invalid attestations"


class _Published(dict[bytes, bytes]):
    """Blobs that are in a folder for everybody as soon as they are here."""

    def __init__(self, store: BlobStore, kzg: Kzg) -> None:
        super().__init__()
        self._store, self._kzg = store, kzg

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
        store = BlobStore.open(folder, BlobNamespace.of(validators.l1.deployment), max_bytes=_BLOB_BYTES)
        self.maker.blobs = _Published(store, kzg)
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
        self._await(lambda: self._at(node) == number, f"{node.name} at checkpoint {number}")

    def both_skip(self) -> None:
        """Both say that they skip one more."""
        self._skipped += 1
        self._await(
            lambda: len(self.ours.said(_OURS)) == self._skipped <= len(self.theirs.said(_THEIRS)),
            "both skip a checkpoint",
        )

    def _at(self, node: Program) -> int:
        with RpcClient(node.url) as client:
            return int(client.call("node_getL2Tips")["checkpointed"]["checkpoint"]["number"])

    def _await(self, is_so: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + _LOOK_LIMIT_S
        while not is_so():
            assert time.monotonic() < deadline, f"{what}: not after {_LOOK_LIMIT_S} s\n{self.theirs.tail}"
            time.sleep(0.2)


def committee(peers: Peers) -> Comparison:
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


def _main() -> None:
    with tempfile.TemporaryDirectory(prefix="committee-") as folder:
        print(committee(Peers.in_folder(Path(folder))))


if __name__ == "__main__":
    _main()
