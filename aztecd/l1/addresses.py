"""The addresses of one Aztec deployment on L1.

Authority: @aztec/ethereum src/l1_contract_addresses.ts (4.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from aztecd.protocol.basic import EthAddress

__all__ = ["L1Addresses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class L1Addresses:
    """Where the contracts are. The optional ones are unknown when only the Registry was given."""

    registry_address: EthAddress
    rollup_address: EthAddress
    inbox_address: EthAddress
    outbox_address: EthAddress
    fee_juice_address: EthAddress
    staking_asset_address: EthAddress
    fee_juice_portal_address: EthAddress
    coin_issuer_address: EthAddress
    reward_distributor_address: EthAddress
    governance_proposer_address: EthAddress
    governance_address: EthAddress
    gse_address: EthAddress | None = None
    slash_factory_address: EthAddress | None = None
    fee_asset_handler_address: EthAddress | None = None
    staking_asset_handler_address: EthAddress | None = None
    zk_passport_verifier_address: EthAddress | None = None
    date_gated_relayer_address: EthAddress | None = None

    def to_record(self) -> dict[str, str]:
        """Give what is known as `name: 0x...`, for a file."""
        values = {member.name: getattr(self, member.name) for member in fields(self)}
        return {name: f"0x{value.hex()}" for name, value in values.items() if value is not None}

    @classmethod
    def from_record(cls, record: dict[str, str]) -> L1Addresses:
        """Read what `to_record` wrote. Raises ValueError or TypeError when it is something else."""
        return cls(
            **{name: EthAddress(bytes.fromhex(text.removeprefix("0x"))) for name, text in record.items()}
        )
