"""What `aztecd node` prints when it starts: what it has joined, and what it does there."""

from __future__ import annotations

from collections.abc import Sequence

from aztecd.chain import Tips
from aztecd.constants import AZTEC_VERSION
from aztecd.l1 import Deployment
from aztecd.protocol.basic import EthAddress

__all__ = ["node_card"]


def node_card(
    *,
    node_url: str,
    l1_url: str,
    deployment: Deployment,
    prefunded: int,
    proposer: EthAddress | None,
    blob_sources: Sequence[str],
    data_dir: str,
    tips: Tips,
) -> str:
    """Make the card; URLs come without credentials. Without a `proposer` the node only follows."""
    role = "follows L1" if proposer is None else f"follows L1 and proposes as 0x{proposer.hex()}"
    blocks = f"{tips.proposed.number}, {tips.proven.number} proven, {tips.finalized.number} finalized"
    committee = deployment.target_committee_size
    who = f"a committee of {committee} decides" if committee else "anyone may propose"
    slots = f"{deployment.slot_duration_s} s, {deployment.epoch_duration} in an epoch, {who}"
    return "\n".join(
        [
            f"aztecd node, Aztec {AZTEC_VERSION}",
            "",
            f"  node URL         {node_url}",
            f"  L1 URL           {l1_url}",
            f"  L1 chain id      {deployment.chain_id}",
            f"  registry         0x{deployment.addresses.registry_address.hex()}",
            f"  rollup           0x{deployment.addresses.rollup_address.hex()}",
            f"  rollup version   {deployment.rollup_version}",
            f"  slots            {slots}",
            f"  genesis          0x{deployment.genesis_archive_root.hex()}, {prefunded} prefunded addresses",
            f"  role             {role}",
            f"  blob sources     {', '.join(blob_sources)}",
            f"  data             {data_dir}",
            f"  blocks           {blocks}",
            "",
        ]
    )
