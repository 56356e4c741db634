"""aztecd and the unmodified reference node on one chain, in the roles that nodes can have.

    python -m tests.support.reference_chains [follow] [followed] [handover] [restarts]

follow    the reference builds, aztecd follows: live, executing what it has in full again; from an empty
          directory while its source of blobs is away; killed again and again while it catches up
followed  `aztecd local` builds, the reference follows; its blobs come from aztecd
handover  the reference, aztecd and the reference build one chain in turn, while both also follow
restarts  the chain of the catch-up benchmark: aztecd is killed ten times on the way; made at the first time

Transactions come from the scripts of the unmodified client: private and public ones, messages both ways. In
the end every block is compared, with all that nodes tell about it. It needs the reference's packages
(AZTEC_REFERENCE_DIR, see `native_simulator`) and takes some minutes for each role.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aztecd.artifacts import fetch
from aztecd.localnet.anvil import Anvil
from tests.bench.make_chain import kept_chain
from tests.bench.processes import free_port
from tests.support.client import run_client_script
from tests.support.client_install import install
from tests.support.json_rpc import RpcClient
from tests.support.native_simulator import ReferenceMissingError
from tests.support.node_comparison import await_equal_tips, compare_nodes
from tests.support.node_relay import relay
from tests.support.reference_peer import THIRD_KEY, Peers, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_KILLS = 10
_LONG_CHAIN = 1000
_SEED = 5
_SCRIPTS = {"messages": "bridge", "public": "calls", "private": "tokens"}
"""In this order: the last one leaves an account that takes no more authorizations."""
_BEGINNING = "deploy_accounts"
_SCRIPT_LIMIT_S = 1800


class ChainsDifferError(Exception):
    """The nodes do not say the same; the message has what differs."""


def follow(peers: Peers, kinds: Iterable[str] = _SCRIPTS) -> None:
    """The reference builds, aztecd follows."""
    with peers.anvil() as anvil, peers.reference_sequencer("reference", anvil.url) as reference:
        joining = _joining(anvil.url, _registry(reference))
        port = free_port()
        live_arguments = (*joining, "--verify", "execution", "--log-level", "debug")
        with ExitStack() as stack:
            live = stack.enter_context(peers.aztecd("live", *live_arguments, port=port))
            with relay(reference.url, second_url=live.url) as url:
                for kind in kinds:
                    _run(_SCRIPTS[kind], url, anvil.url)
            _compare("follower", live.url, reference.url, anvil.url)
            _say(f"executed again: transactions of {len(live.said('block_executed_again'))} blocks")
            if not live.said("block_executed_again"):
                raise ChainsDifferError("the follower executed nothing again")
        blobs = ("--blob-source", f"http://127.0.0.1:{port}/blobs")
        with peers.aztecd("late", *joining, *blobs) as late:
            _await(lambda: late.said("l1_not_followed"), "the follower says that it has no blobs")
            _require(_tip(late) == 0, "there are no blobs, but blocks")
            with peers.aztecd("live", *live_arguments, port=port):
                _compare("empty directory, blobs came late", late.url, reference.url, anvil.url)
        _kill_again_and_again(peers, joining, end=_tip(reference), most=2)
        with peers.aztecd("killed", *joining) as killed:
            _compare("killed ten times", killed.url, reference.url, anvil.url)


def followed(peers: Peers, kinds: Iterable[str] = _SCRIPTS) -> None:
    """`aztecd local` builds, the reference follows."""
    l1_port = free_port()
    l1_url = f"http://127.0.0.1:{l1_port}"
    with peers.aztecd("local", "local", "--bare", "--l1-port", str(l1_port)) as local:
        with peers.reference_follower(
            "reference", l1_url, _registry(local), f"{local.url}/blobs"
        ) as reference:
            for kind in kinds:
                _run(_SCRIPTS[kind], local.url, l1_url)
            _compare("reference follows aztecd local", local.url, reference.url, l1_url)
        with peers.reference_follower("empty", l1_url, _registry(local), f"{local.url}/blobs") as reference:
            _compare("reference from an empty directory", local.url, reference.url, l1_url)


def handover(peers: Peers, _kinds: Iterable[str] = ()) -> None:
    """The reference, aztecd and the reference build one chain in turn."""
    port = free_port()
    blobs_url = f"http://127.0.0.1:{port}/blobs"
    peers.folder.mkdir(parents=True, exist_ok=True)
    key_file = peers.folder / "key"
    key_file.write_text(THIRD_KEY)
    building = ("--sequencer", "--publisher-key-file", str(key_file), "--move-l1-time", "--settle-epochs")
    with peers.anvil() as anvil, ExitStack() as stack:
        with peers.reference_sequencer("first", anvil.url) as first:
            addresses = _addresses(first)
            _run(_BEGINNING, first.url, anvil.url)
            parts = [_tip(first)]
        joining = _joining(anvil.url, addresses["registryAddress"])
        with peers.aztecd("second", *joining, *building, data="ours", port=port) as ours:
            beside = stack.enter_context(
                peers.reference_follower("beside", anvil.url, addresses["registryAddress"], blobs_url)
            )
            with relay(ours.url, addresses=addresses) as url:
                _run(_SCRIPTS["messages"], url, anvil.url)
                _run(_SCRIPTS["public"], url, anvil.url)
            parts.append(_tip(ours) - sum(parts))
            _compare("aztecd builds", ours.url, beside.url, anvil.url)
        with peers.aztecd("third", *joining, data="ours", port=port) as ours:
            settings = {"REGISTRY": addresses["registryAddress"], "BLOB_FILE_STORE_URLS": blobs_url}
            with peers.reference_sequencer("last", anvil.url, **settings) as last:
                _run(_SCRIPTS["private"], last.url, anvil.url)
                parts.append(_tip(last) - sum(parts))
                _compare("the reference builds again", ours.url, last.url, anvil.url)
                _compare("the reference beside", beside.url, last.url, anvil.url)
    _say(f"one chain: {' + '.join(map(str, parts))} blocks")
    _require(all(part > 0 for part in parts), "somebody built no block")


def restarts(peers: Peers, _kinds: Iterable[str] = ()) -> None:
    """A long chain, and ten kills on the way."""
    chain = kept_chain(_LONG_CHAIN, fetch(), _say)
    anvil = Anvil.start(chain.anvil_options(fetch()))
    try:
        joining = _joining(anvil.url, chain.registry)
        _kill_again_and_again(peers, joining, end=chain.checkpoints, most=60)
        with peers.aztecd("killed", *joining) as killed:
            _await(lambda: _tip(killed) == chain.checkpoints, "the end of the chain")
            with RpcClient(killed.url) as client:
                found = client.call("node_getL2Tips")["proposed"]["hash"]
        _require(found == chain.block_hash, f"the tip is {found}, and not {chain.block_hash}")
    finally:
        anvil.kill()
    _say(f"restarts: {chain.checkpoints} blocks, and the same tip")


def _joining(l1_url: str, registry: str) -> tuple[str, ...]:
    return ("node", "--l1-rpc-url", l1_url, "--registry", registry)


def _addresses(node: Program) -> dict[str, str]:
    with RpcClient(node.url) as client:
        return dict(client.call("node_getL1ContractAddresses"))


def _registry(node: Program) -> str:
    return _addresses(node)["registryAddress"]


def _tip(node: Program) -> int:
    with RpcClient(node.url) as client:
        return int(client.call("node_getBlockNumber"))


def _kill_again_and_again(peers: Peers, joining: tuple[str, ...], *, end: int, most: int) -> None:
    """Kill a follower on its way from nothing to block `end`, each time up to `most` blocks later."""
    chance = random.Random(_SEED)
    stations = []
    for _ in range(_KILLS):
        with peers.aztecd("killed", *joining) as victim:
            wanted = min(_tip(victim) + chance.randint(0, most), end)
            _await(lambda node=victim, block=wanted: _tip(node) >= block, "more blocks", every_s=0.01)
            victim.kill()
        stations.append(wanted)
    _say(f"killed at blocks {', '.join(map(str, stations))}")


def _compare(what: str, ours: str, theirs: str, l1_url: str) -> None:
    tips = await_equal_tips(ours, theirs)
    result = compare_nodes(ours, theirs, l1_url)
    proven = tips["proven"]["block"]["number"]
    _say(f"{what}: {result}; {proven} proven, {tips['finalized']['block']['number']} finalized")
    if result.differences:
        raise ChainsDifferError(what)


def _run(name: str, node_url: str, l1_url: str) -> None:
    begin = time.monotonic()
    told = run_client_script(
        install(), f"{name}.mjs", node_url=node_url, l1_url=l1_url, timeout_s=_SCRIPT_LIMIT_S
    )
    _say(f"{name}: {len(told)} steps in {time.monotonic() - begin:.0f} s")


def _say(text: str) -> None:
    print(f"[{time.strftime('%X')}] {text}", flush=True)


def _await(is_so: Callable[[], object], what: str, *, every_s: float = 0.2, timeout_s: float = 1200) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not after {timeout_s:.0f} s"
        time.sleep(every_s)


def _require(is_so: bool, fault: str) -> None:
    if not is_so:
        raise ChainsDifferError(fault)


ROLES = {"follow": follow, "followed": followed, "handover": handover, "restarts": restarts}


def _main() -> int:
    parser = argparse.ArgumentParser(description="aztecd and the unmodified reference node on one chain")
    parser.add_argument("roles", nargs="*", choices=[*ROLES, []], metavar="ROLE", help=", ".join(ROLES))
    parser.add_argument("--folder", type=Path, help="keep data and logs here (default: nowhere)")
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=_SCRIPTS,
        default=_SCRIPTS,
        help="transactions for the roles with one builder (default: all, minutes each on a small machine)",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops what runs
    with ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="aztecd-", ignore_cleanup_errors=True))
        )
        for role in options.roles or ROLES:
            try:
                ROLES[role](Peers.in_folder(folder / role), options.kinds)
            except (ReferenceMissingError, ChainsDifferError) as error:
                print(f"{role}: {error}", file=sys.stderr)
                return 1
            _say(f"{role}: done")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
