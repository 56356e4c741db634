"""Whether an authorization holds is one thing, whether anybody could find out is another."""

from __future__ import annotations

import pytest

from aztecd.client import lookup_authorization
from aztecd.crypto.field import fr
from aztecd.protocol.basic import AztecAddress
from aztecd.pxe.errors import NodeRefusedError, NodeUnreachableError, TimeLimitError
from aztecd.pxe.execution.errors import PrivateExecutionError
from aztecd.pxe.requests import AuthWitness
from aztecd.wallet import InnerHashIntent
from aztecd.wallet.errors import NotGrantedError
from tests.support.fake_wallet import ALICE, FakeWallet

INTENT = InnerHashIntent(consumer=AztecAddress(fr(7)), inner_hash=fr(8))
WITNESS = AuthWitness(request_hash=fr(1), witness=())


class Failing(FakeWallet):
    """Answers the public question, and fails at the private one."""

    def __init__(self, error):
        super().__init__()
        self.error = error
        self.values = {"utility_is_consumable": (fr(1),)}

    async def execute_utility(self, call, *, scope, auth_witnesses=()):
        if call.name == "lookup_validity":
            raise self.error
        return await super().execute_utility(call, scope=scope, auth_witnesses=auth_witnesses)


async def test_a_contract_that_fails_does_not_accept():
    found = await lookup_authorization(
        Failing(PrivateExecutionError("no witness", (), ())), ALICE, INTENT, WITNESS
    )
    assert (found.is_valid_in_private, found.is_valid_in_public) == (False, True)


@pytest.mark.parametrize(
    "error",
    [
        TimeLimitError("too long"),
        NodeRefusedError("no", -32702),
        NodeUnreachableError("away"),
        NotGrantedError("ask first"),
    ],
)
async def test_what_nobody_knows_is_no_answer(error):
    with pytest.raises(type(error)):
        await lookup_authorization(Failing(error), ALICE, INTENT, WITNESS)
