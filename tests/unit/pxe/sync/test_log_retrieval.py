from __future__ import annotations

import pytest

from aztecd.crypto.field import FR_ZERO, fr
from aztecd.protocol.hashes import silo_private_log_tag
from aztecd.protocol.logs import TxScopedL2Log
from aztecd.pxe.sync import SyncError
from aztecd.pxe.sync.log_retrieval import retrieve_logs
from tests.support.pxe_chain import effect, job_at
from tests.support.pxe_records import CONTRACT, address

REQUESTS, RESPONSES = fr(1000), fr(2000)


def public_log(tag, *, length=3):
    return TxScopedL2Log(
        tx_hash=fr(6),
        block_number=1,
        block_timestamp=1,
        log_data=(tag, *(fr(100 + index) for index in range(length))),
        note_hashes=(fr(8), fr(9)),
        first_nullifier=fr(10),
    )


def run(job, *requests):
    job.stores.capsules.append_to_array(CONTRACT, REQUESTS, requests)
    job.stores.capsules.append_to_array(CONTRACT, RESPONSES, [[fr(1)]] * 5)
    retrieve_logs(job, CONTRACT, REQUESTS, RESPONSES)
    assert job.stores.capsules.read_array(CONTRACT, REQUESTS) == []
    return job.stores.capsules.read_array(CONTRACT, RESPONSES)


def test_answers_stand_in_the_order_of_the_requests(chain, loop, keys):
    tag = silo_private_log_tag(CONTRACT, fr(2))
    chain.mine(effect(5), logs=[(tag, fr(5))])
    chain.public[CONTRACT, fr(1)] = [public_log(fr(1))]
    job = job_at(chain, loop, keys)
    public, missing, private = run(job, [CONTRACT, fr(1)], [CONTRACT, fr(3)], [CONTRACT, fr(2)])
    assert {len(item) for item in (public, missing, private)} == {84}
    assert set(missing) == {FR_ZERO}
    assert public[:5] == (fr(1), fr(100), fr(101), fr(102), FR_ZERO)
    assert public[16:18] == (fr(3), fr(6))
    assert public[18:20] == (fr(8), fr(9))
    assert public[82:] == (fr(2), fr(10))
    assert private[:2] == (fr(1), fr(7))
    assert private[17] == fr(5)


def test_long_payloads_are_cut(chain, loop, keys):
    chain.public[CONTRACT, fr(1)] = [public_log(fr(1), length=40)]
    (answer,) = run(job_at(chain, loop, keys), [CONTRACT, fr(1)])
    assert answer[15:17] == (fr(114), fr(15))


def test_an_array_of_requests_is_few_questions(chain, loop, keys):
    job = job_at(chain, loop, keys)
    run(job, *([CONTRACT, fr(number)] for number in range(50)), *([address(1), fr(n)] for n in range(50)))
    assert chain.calls["get_public_logs_by_tags_from_contract"] == 2
    assert chain.calls["get_private_logs_by_tags"] == 1


@pytest.mark.parametrize("kinds", [("public", "public"), ("private", "private"), ("public", "private")])
def test_tags_with_several_logs_are_refused(chain, loop, keys, kinds):
    tag = silo_private_log_tag(CONTRACT, fr(1))
    logs = [(tag, fr(5))] * kinds.count("private")
    chain.mine(effect(5), logs=logs)
    chain.public[CONTRACT, fr(1)] = [public_log(fr(1))] * kinds.count("public")
    with pytest.raises(SyncError, match=r"Got 2 logs for|both a public and private log"):
        run(job_at(chain, loop, keys), [CONTRACT, fr(1)])


def test_damaged_requests_are_refused(chain, loop, keys):
    with pytest.raises(SyncError, match="has 2 fields, got 1"):
        run(job_at(chain, loop, keys), [CONTRACT])
