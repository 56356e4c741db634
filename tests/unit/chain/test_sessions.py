"""Recorded chains: import them, then compare every answer with what the reference answered."""

from __future__ import annotations

import pytest

from aztecd.chain import check
from aztecd.crypto.field import fr_from_hex
from aztecd.protocol.logs import LogFilter
from aztecd.protocol.receipt import EXECUTION_RESULTS
from tests.support.chain_sessions import SESSIONS, address, digest, import_session, session


@pytest.fixture(scope="module", params=SESSIONS)
def recorded(request):
    return session(request.param)


@pytest.fixture(scope="module")
def chain(recorded):
    return import_session(recorded)


def json_of(value):
    if isinstance(value, list | tuple):
        return [json_of(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value.to_json() if hasattr(value, "to_json") else value


class Answers:
    """Asks a ChainStore what the recorded requests asked the reference's node."""

    def __init__(self, chain):
        self.chain = chain

    def getL2Tips(self):  # noqa: N802 - the names of the recorded methods
        return self.chain.tips().to_l2_tips()

    def getBlockNumber(self):  # noqa: N802
        return self.chain.tips().proposed.number

    def getProvenBlockNumber(self):  # noqa: N802
        return self.chain.tips().proven.number

    def getCheckpointedBlockNumber(self):  # noqa: N802
        return self.chain.tips().checkpointed.number

    def getCheckpointNumber(self):  # noqa: N802
        return self.chain.tips().checkpointed.checkpoint_number

    def getBlock(self, block):  # noqa: N802
        if block == "latest":
            return self.chain.block(self.chain.tips().proposed.number)
        if isinstance(block, int):
            return self.chain.block(block)
        return self.chain.checkpointed_block_by_hash(fr_from_hex(block))

    def getBlockByHash(self, block_hash):  # noqa: N802
        return self.chain.checkpointed_block_by_hash(fr_from_hex(block_hash))

    def getBlockByArchive(self, archive):  # noqa: N802
        return self.chain.checkpointed_block_by_archive(fr_from_hex(archive))

    def getBlockHeader(self, block="latest", *_):  # noqa: N802
        if block in {"latest", None}:
            return self.chain.latest_header()
        if isinstance(block, int):
            return self.chain.header(block)
        return self.chain.header_by_hash(fr_from_hex(block))

    def getBlockHeaderByArchive(self, archive):  # noqa: N802
        return self.chain.header_by_archive(fr_from_hex(archive))

    def getBlocks(self, first, limit):  # noqa: N802
        return self.chain.blocks(int(first), limit)

    def getCheckpoints(self, first, limit):  # noqa: N802
        return self.chain.published_checkpoints(first, limit)

    def getCheckpointedBlocks(self, first, limit):  # noqa: N802
        return self.chain.checkpointed_blocks(first, limit)

    def getCheckpointsDataForEpoch(self, epoch):  # noqa: N802
        return self.chain.checkpoints_of_epoch(epoch)

    def getL2ToL1Messages(self, epoch):  # noqa: N802
        return self.chain.l2_to_l1_messages(epoch)

    def getL1ToL2MessageCheckpoint(self, leaf):  # noqa: N802
        return self.chain.message_checkpoint(fr_from_hex(leaf))

    def isL1ToL2MessageSynced(self, leaf):  # noqa: N802
        return self.chain.message_index(fr_from_hex(leaf)) is not None

    def getTxEffect(self, tx_hash):  # noqa: N802
        return self.chain.tx_effect(fr_from_hex(tx_hash))

    def getTxReceipt(self, tx_hash):  # noqa: N802
        outcome = self.chain.tx_outcome(fr_from_hex(tx_hash))
        if outcome is None:
            return {"txHash": tx_hash, "status": "dropped", "error": "Tx dropped by P2P node"}
        tips = self.chain.tips()
        number = outcome.location.block_number
        return {
            "txHash": tx_hash,
            "status": "proven" if number <= tips.proven.number else "checkpointed",
            "executionResult": EXECUTION_RESULTS[outcome.revert_code],
            "transactionFee": str(outcome.transaction_fee),
            "blockHash": "0x" + outcome.block_hash.hex(),
            "blockNumber": number,
            "epochNumber": outcome.epoch,
        }

    # The reference only looks whether a log query's block exists: logs of later blocks are in its answers.

    def getPrivateLogsByTags(self, tags, page=0, block=None):  # noqa: N802
        assert block is None or self.chain.header_by_hash(fr_from_hex(block))
        return self.chain.private_logs_by_tags([fr_from_hex(tag) for tag in tags], page)

    def getPublicLogsByTagsFromContract(self, contract, tags, page=0, block=None):  # noqa: N802
        assert block is None or self.chain.header_by_hash(fr_from_hex(block))
        return self.chain.public_logs_by_tags(address(contract), [fr_from_hex(tag) for tag in tags], page)

    def getPublicLogs(self, log_filter):  # noqa: N802
        return self.chain.public_logs(LogFilter.from_json(log_filter))

    def getContractClassLogs(self, log_filter):  # noqa: N802
        return self.chain.contract_class_logs(LogFilter.from_json(log_filter))

    def getContractClass(self, class_id):  # noqa: N802
        return self.chain.contract_class(fr_from_hex(class_id))

    def getContract(self, contract):  # noqa: N802
        timestamp = self.chain.latest_header().global_variables.timestamp
        return self.chain.contract_instance(address(contract), timestamp)


def test_every_recorded_answer_is_given(recorded, chain):
    answers = Answers(chain)
    asked = set()
    for answer in recorded.answers:
        found = json_of(getattr(answers, answer["method"])(*answer["params"]))
        if "result_sha256" in answer:
            assert digest(found) == answer["result_sha256"], answer
        else:
            assert found == answer.get("result"), answer
        asked.add(answer["method"])
    # Two of the chains have no public log, so nothing was asked about the tags of one.
    assert {name for name in vars(Answers) if name.startswith(("get", "is"))} - asked <= {
        "getPublicLogsByTagsFromContract"
    }


def test_blocks_checkpoints_and_effects_equal_the_recording(recorded, chain):
    compared = 0
    for line in recorded.lines:
        match line["kind"]:
            case "block":
                assert chain.block(line["number"]).to_json() == line["value"]
                assert json_of(chain.block_hash(line["number"])) == line["hash"]
            case "checkpoint":
                assert chain.published_checkpoint(line["number"]).to_json() == line["value"]
            case "tx_effect":
                assert chain.tx_effect(fr_from_hex(line["txHash"])).to_json() == line["value"]
            case _:
                continue
        compared += 1
    assert compared >= 9


def test_recorded_chains_are_consistent(recorded, chain):
    assert chain._genesis_archive.root == recorded.genesis_archive_root
    assert check(chain._store) == []
