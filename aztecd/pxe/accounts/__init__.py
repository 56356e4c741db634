"""What account contracts expect of a wallet, as pure functions: approvals, entrypoints, payments, deployment.

Responsible for: the messages that accounts sign and their witnesses, the payload of an entrypoint and the
request made of it, the calls of fee payment methods and of publications. Not for: asking a node or a PXE
anything, deciding what to send (`aztecd.wallet`), running contracts.

Authority: @aztec/entrypoints src/, @aztec/accounts src/, @aztec/aztec.js src/{utils/authwit,fee,deployment},
@aztec/stdlib src/auth_witness (4.1.2).
"""

from aztecd.pxe.accounts.authwit import (
    CallAuthorization,
    auth_witness_nullifier,
    inner_hash_of,
    inner_hash_of_call,
    is_consumable_call,
    lookup_validity_call,
    outer_hash_of,
    set_authorized_call,
)
from aztecd.pxe.accounts.deployment import (
    instantiate,
    publish_class_payload,
    publish_instance_call,
)
from aztecd.pxe.accounts.entrypoint import (
    MAX_CALLS,
    EntrypointPayload,
    FeeOption,
    account_payload,
    account_request,
    direct_request,
    fee_option_for,
    multi_call_payload,
    multi_call_request,
    random_nonce,
)
from aztecd.pxe.accounts.errors import AccountsError, EntrypointError
from aztecd.pxe.accounts.fees import (
    claim_payment,
    private_fpc_payment,
    private_fpc_transfer,
    public_fpc_payment,
    public_fpc_transfer,
    sponsored_payment,
)
from aztecd.pxe.accounts.signers import (
    AccountKind,
    EcdsaSigner,
    SchnorrSigner,
    Signer,
    SingleKeySigner,
    StubSigner,
    constructor_arguments,
    make_signer,
)

__all__ = [
    "MAX_CALLS",
    "AccountKind",
    "AccountsError",
    "CallAuthorization",
    "EcdsaSigner",
    "EntrypointError",
    "EntrypointPayload",
    "FeeOption",
    "SchnorrSigner",
    "Signer",
    "SingleKeySigner",
    "StubSigner",
    "account_payload",
    "account_request",
    "auth_witness_nullifier",
    "claim_payment",
    "constructor_arguments",
    "direct_request",
    "fee_option_for",
    "inner_hash_of",
    "inner_hash_of_call",
    "instantiate",
    "is_consumable_call",
    "lookup_validity_call",
    "make_signer",
    "multi_call_payload",
    "multi_call_request",
    "outer_hash_of",
    "private_fpc_payment",
    "private_fpc_transfer",
    "public_fpc_payment",
    "public_fpc_transfer",
    "publish_class_payload",
    "publish_instance_call",
    "random_nonce",
    "set_authorized_call",
    "sponsored_payment",
]
