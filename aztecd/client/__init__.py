"""The SDK: contracts, accounts and deployments as Python objects, over a wallet.

Responsible for: everything between a Python program and a wallet. Not for: the wallet itself
(`aztecd.wallet`), private execution (`aztecd.pxe`).

Authority: @aztec/aztec.js src/{contract,deployment,fee,wallet,ethereum} (4.1.2).
"""

from aztecd.client.accounts import AccountDeployment, AccountManager
from aztecd.client.authorization import Authorization, lookup_authorization, public_authorization
from aztecd.client.blocking import connect_blocking
from aztecd.client.connection import Client, connect
from aztecd.client.contract import Contract, Method, Methods
from aztecd.client.deployment import Deployment, DeployResult, Publication
from aztecd.client.errors import ArgumentsError, ClientError, DeploymentError
from aztecd.client.events import PublicEvents, event_definition, get_public_events
from aztecd.client.fees import (
    Claim,
    FeeJuiceWithClaim,
    FeeMethod,
    PrivateFeePayment,
    PublicFeePayment,
    SponsoredFee,
)
from aztecd.client.interaction import BatchCall, ContractCall, Interaction, Simulated
from aztecd.client.node_http import HttpNode
from aztecd.wallet import NOBODY

__all__ = [
    "NOBODY",
    "AccountDeployment",
    "AccountManager",
    "ArgumentsError",
    "Authorization",
    "BatchCall",
    "Claim",
    "Client",
    "ClientError",
    "Contract",
    "ContractCall",
    "DeployResult",
    "Deployment",
    "DeploymentError",
    "FeeJuiceWithClaim",
    "FeeMethod",
    "HttpNode",
    "Interaction",
    "Method",
    "Methods",
    "PrivateFeePayment",
    "PublicEvents",
    "PublicFeePayment",
    "Publication",
    "Simulated",
    "SponsoredFee",
    "connect",
    "connect_blocking",
    "event_definition",
    "get_public_events",
    "lookup_authorization",
    "public_authorization",
]
