"""A wallet in a process of its own that sends private transfers until it is killed, and says how far it is.

Run as `python -m tests.support.wallet_child` with a JSON document as its argument. It prints one line for
each step: `open`, `sync`, `send`, `sent HASH`, `mined HASH`, `refused TEXT`.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aztecd.client import connect
from aztecd.crypto.field import fr_from_hex
from aztecd.observability import configure_logging
from aztecd.protocol.basic import AztecAddress
from aztecd.protocol.receipt import TxStatus
from aztecd.pxe.errors import NodeRefusedError
from aztecd.wallet import WaitOptions, wait_for_tx
from aztecd.wallet.artifacts import ArtifactFolders
from aztecd.wallet.opening import WalletSetup

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).resolve().parents[2]
MINED = WaitOptions(status=TxStatus.PROPOSED, interval_s=0.05, ignore_dropped_for_s=0)


class WalletChild:
    """The process; `lines` is what it has said. Mutable: it follows the life of the process."""

    def __init__(
        self,
        setup: WalletSetup,
        folders: Sequence[Path],
        *,
        node_url: str,
        data_dir: Path,
        token: AztecAddress,
        seed: str,
    ) -> None:
        order = {
            "node_url": node_url,
            "data_dir": str(data_dir),
            "protocol_contracts": str(setup.protocol_contracts),
            "code_cache": str(setup.code_cache),
            "artifacts": [str(folder) for folder in folders],
            "token": f"0x{token.hex()}",
            "seed": seed,
        }
        self.lines: list[str] = []
        self._log = data_dir.with_name(f"{data_dir.name}.log")
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.wallet_child", json.dumps(order)],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def kill_after(self, word: str, after_s: float) -> None:
        """Kill it some time after it has said a word; one that ends by itself is an error."""
        stream = self._process.stdout
        assert stream is not None
        try:
            while word and not any(line.split()[0] == word for line in self.lines):
                line = stream.readline()
                assert line, f"ended with status {self._process.wait()}\n{self._log.read_text()[-4000:]}"
                self.lines.append(line.strip())
            threading.Event().wait(after_s)
            assert self._process.poll() is None, self._log.read_text()[-4000:]
        finally:
            self._process.kill()
            with stream:
                self.lines += [line.strip() for line in stream if line.endswith("\n")]
            self._process.wait()

    def hashes(self, word: str) -> list[str]:
        """List the transactions of which it has said a word."""
        return [line.split()[1] for line in self.lines if line.startswith(f"{word} ")]


async def _send_for_ever(order: dict[str, Any]) -> None:
    artifacts = ArtifactFolders([Path(folder) for folder in order["artifacts"]])
    setup = WalletSetup(
        artifacts=artifacts,
        protocol_contracts=Path(order["protocol_contracts"]),
        code_cache=Path(order["code_cache"]),
    )
    chance = random.Random(order["seed"])
    async with connect(order["node_url"], setup, data_dir=Path(order["data_dir"])) as client:
        _say("open")
        people = [account.item for account in await client.wallet.get_accounts()]
        token = client.contract(AztecAddress(fr_from_hex(order["token"])), artifacts.artifact("Token"))
        while True:
            sender, recipient = chance.sample(people, 2)
            _say("sync")
            balance = (await token.methods.balance_of_private(sender).simulate(sender=sender)).value
            if not balance:
                continue
            transfer = token.methods.transfer(recipient, chance.randint(1, max(1, balance // 2)))
            _say("send")
            try:
                sent = await transfer.send(sender=sender, wait=None)
            except NodeRefusedError as error:
                # The one that was sent before the last kill waits yet, and spends the same note.
                _say("refused", str(error))
                continue
            _say("sent", f"0x{sent.tx_hash.hex()}")
            await wait_for_tx(client.node, sent.tx_hash, MINED)
            _say("mined", f"0x{sent.tx_hash.hex()}")


def _say(*words: str) -> None:
    print(*words, flush=True)


if __name__ == "__main__":
    configure_logging(level="warning", style="json")
    asyncio.run(_send_for_ever(json.loads(sys.argv[1])))
