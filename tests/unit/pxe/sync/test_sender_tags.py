from __future__ import annotations

import pytest

from aztecd.crypto.field import fr
from aztecd.pxe.execution.views import TaggingSecret
from aztecd.pxe.oracles import UsedTag
from aztecd.pxe.oracles.tagging import siloed_tags
from aztecd.pxe.stores import TAG_WINDOW, TagIndexError
from aztecd.pxe.sync.sender_tags import next_index
from tests.support.pxe_chain import effect, job_at
from tests.support.pxe_records import CONTRACT

SECRET = TaggingSecret(fr(77), CONTRACT)
TAGS = siloed_tags(SECRET.secret, CONTRACT, range(100))


def send(chain, number, *indexes):
    chain.mine(effect(number), logs=[(TAGS[index], fr(number)) for index in indexes])


def test_a_new_secret_begins_with_zero(chain, loop, keys):
    assert next_index(job_at(chain, loop, keys), SECRET) == 0


def test_indexes_of_other_wallets_are_found_on_the_chain(chain, loop, keys):
    send(chain, 1, 0, 1, 2)
    send(chain, 2, 3)
    assert next_index(job_at(chain, loop, keys), SECRET) == 4


def test_own_transactions_that_are_not_mined_count(chain, loop, keys):
    job = job_at(chain, loop, keys)
    job.stores.sender_tags.store_pending([UsedTag(SECRET, 6)], fr(9))
    assert next_index(job, SECRET) == 7
    chain.dropped.add(fr(9))
    assert next_index(job, SECRET) == 0


def test_reverted_transactions_free_their_indexes(chain, loop, keys):
    send(chain, 1, 0)
    send(chain, 2, 1)
    chain.reverted.add(fr(2))
    assert next_index(job_at(chain, loop, keys), SECRET) == 1


def test_final_transactions_move_the_window(chain, loop, keys):
    for number in range(1, 61):
        send(chain, number, number - 1)
    chain.finalized = 60
    job = job_at(chain, loop, keys)
    assert next_index(job, SECRET) == 60
    assert job.stores.sender_tags.last_finalized(SECRET) == 59
    job.stores.sender_tags.store_pending([UsedTag(SECRET, 59 + TAG_WINDOW)], fr(500))
    with pytest.raises(TagIndexError, match="further than window length"):
        job.stores.sender_tags.store_pending([UsedTag(SECRET, 60 + TAG_WINDOW)], fr(501))


def test_logs_that_a_transaction_consumed_itself_keep_their_indexes(chain, loop, keys):
    job = job_at(chain, loop, keys)
    job.stores.sender_tags.store_pending([UsedTag(SECRET, 2)], fr(1))
    send(chain, 1, 0)
    job = job_at(chain, loop, keys)
    job.stores.sender_tags.store_pending([UsedTag(SECRET, 2)], fr(1))
    assert next_index(job, SECRET) == 3
