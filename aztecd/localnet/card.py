"""What the local network prints when it starts: everything that a developer needs to connect."""

from __future__ import annotations

from aztecd.constants import AZTEC_VERSION
from aztecd.crypto.field import fr_hex
from aztecd.l1 import Deployment
from aztecd.localnet.accounts import BANANA_COIN, BANANA_FPC, SPONSORED_FPC, TEST_ACCOUNTS

__all__ = ["start_card"]


def start_card(
    *,
    node_url: str,
    wallet_url: str | None,
    l1_url: str,
    deployment: Deployment,
    data_dir: str,
    blocks: int,
    has_contracts: bool,
) -> str:
    """Make the card; URLs come without credentials."""
    state = "deployed" if has_contracts else "not deployed until a wallet does it"
    lines = [
        f"aztecd local network, Aztec {AZTEC_VERSION}",
        "",
        f"  node URL         {node_url}",
        *([] if wallet_url is None else [f"  wallet URL       {wallet_url}"]),
        f"  L1 URL           {l1_url}",
        f"  L1 chain id      {deployment.chain_id}",
        f"  rollup version   {deployment.rollup_version}",
        f"  rollup           0x{deployment.addresses.rollup_address.hex()}",
        f"  registry         0x{deployment.addresses.registry_address.hex()}",
        f"  data             {data_dir}",
        f"  blocks           {blocks}",
        "",
        f"Test accounts (Schnorr, salt 0, funded with fee juice, {state})",
    ]
    for index, account in enumerate(TEST_ACCOUNTS):
        lines += [
            "",
            f"  ({index}) address  {fr_hex(account.address)}",
            f"      secret   {fr_hex(account.secret)}",
        ]
    lines += ["", "Contracts (salt 0)", ""]
    if has_contracts:
        lines += [
            f"  banana coin      {fr_hex(BANANA_COIN)}",
            f"  banana FPC       {fr_hex(BANANA_FPC)}",
        ]
    lines += [f"  sponsored FPC    {fr_hex(SPONSORED_FPC)}"]
    return "\n".join([*lines, ""])
